"""``oncue config set``, ``get``, ``list`` and ``unset``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oncue import config
from oncue.cli.options import Invocation, actor_option, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines, say, table
from oncue.errors import InvalidInput, NoWorkspace

if TYPE_CHECKING:
    from oncue.control.generation.modelcheck import ModelState
    from oncue.control.workspace import Workspace

_RECORDED = "recorded:"


@click.command("set")
@click.argument("name")
@click.argument("value")
@json_option
@actor_option
@common_options
@click.pass_obj
def set_value(invocation: Invocation, name: str, value: str, *, is_json: bool) -> None:
    """Set NAME to VALUE for the workspace, which is made where there is none."""
    from oncue.control.settings import MODEL, change_setting, check_setting
    from oncue.control.views.settingsview import setting_as_dict, view_settings

    value = check_setting(name, _whole(value) if name == MODEL else value)
    workspace = _open(invocation)
    setting = change_setting(workspace, name, value, actor=invocation.actor)
    state = view_settings(workspace, needs_price=True).model if name == MODEL else None
    if is_json:
        print_json(setting_as_dict(setting) | ({"state": state.as_dict()} if state else {}))
        return
    print_lines([f"{setting.name} is {setting.value}"])
    if state is not None:
        _warn(state, named=setting.value)


@click.command("get")
@click.argument("name")
@json_option
@common_options
@click.pass_obj
def get_value(invocation: Invocation, name: str, *, is_json: bool) -> None:
    """Print what NAME is set to."""
    from oncue.control.settings import MODEL, load_setting
    from oncue.control.views.settingsview import setting_as_dict

    setting = load_setting(invocation.open(), name)
    if is_json:
        print_json(setting_as_dict(setting))
        return
    print_lines([setting.value])
    if name == MODEL and os.environ.get(config.MODEL):
        say(f"note: {config.MODEL} names {os.environ[config.MODEL]}, and prevails")


@click.command("list")
@json_option
@common_options
@click.pass_obj
def list_values(invocation: Invocation, *, is_json: bool) -> None:
    """List what is set for the workspace, and which model is called."""
    from oncue.cli.text.textviews import show_time
    from oncue.control.views.settingsview import view_settings

    view = view_settings(invocation.open())
    if is_json:
        print_json(view.as_dict())
        return
    rows = [["NAME", "VALUE", "SET BY", "AT"]] if view.settings else []
    rows += [[setting.name, setting.value, setting.set_by, show_time(setting.set_at)] for setting in view.settings]
    print_lines(table(rows, indent="") if rows else ["nothing is set: oncue config set model openai:NAME"])
    if view.model is not None:
        print_lines([_describe(view.model)])


@click.command("unset")
@click.argument("name")
@json_option
@common_options
@click.pass_obj
def unset_value(invocation: Invocation, name: str, *, is_json: bool) -> None:
    """Forget what NAME is set to."""
    from oncue.control.settings import forget_setting

    forget_setting(invocation.open(), name)
    if is_json:
        print_json({"name": name, "value": None})
    else:
        print_lines([f"{name} is not set any more"])


def _open(invocation: Invocation) -> Workspace:
    """Open the workspace; the value was checked before, so a new one is not made for nothing."""
    try:
        return invocation.open()
    except NoWorkspace:
        return invocation.open(create=True)


def _whole(value: str) -> str:
    """A recorded model with the whole path of its file: the setting is for the workspace, not for one folder."""
    if not value.strip().startswith(_RECORDED):
        return value
    path = Path(value.strip().removeprefix(_RECORDED)).expanduser().absolute()
    if any(sign.isspace() or sign == "@" for sign in str(path)):
        raise InvalidInput(
            f"the path of {path} holds spaces or '@', which the name of a model cannot",
            hint="put the file elsewhere",
            code="invalid_model",
        )
    return f"{_RECORDED}{path}"


def _describe(state: ModelState) -> str:
    word = "cannot be used: " + state.trouble if state.trouble else "can be called"
    return f"model {state.named} (from {'the setting' if state.origin == 'setting' else state.origin}) {word}"


def _warn(state: ModelState, *, named: str) -> None:
    """What a person should know who has just chosen a model."""
    if state.origin == config.MODEL:
        say(f"note: {config.MODEL} names {state.named}, and prevails over what is set")
    if state.named != named:
        return
    if state.trouble:
        say(f"warning: {state.named} cannot be used: {state.trouble}")
    elif not state.is_priced:
        name = state.named.partition(":")[2].partition("@")[0]
        say(f"note: its price is unknown, so a run with --max-usd needs --max-tokens; price.{name}.input and .output set it")
