"""``oncue config``: what is set for a workspace."""

from __future__ import annotations

import click

from oncue.cli.lazygroup import LazyGroup
from oncue.cli.options import actor_option, common_options

COMMANDS = {
    "set": ("configuring:set_value", "Set something for the workspace."),
    "get": ("configuring:get_value", "Print what something is set to."),
    "list": ("configuring:list_values", "List what is set, and the model that is called."),
    "unset": ("configuring:unset_value", "Forget what something is set to."),
}


@click.group(
    name="config",
    cls=LazyGroup,
    commands_at={name: (f"oncue.cli.commands.{place}", line) for name, (place, line) in COMMANDS.items()},
)
@common_options
@actor_option
def config() -> None:
    """Choose the language model of a workspace, and set prices that no list knows.

    NAME is `model` (openai:NAME, anthropic:NAME, ollama:NAME, recorded:FILE; NAME@URL for a server of your own), or
    `price.NAME.input` and `price.NAME.output` in US dollars for a million tokens. ONCUE_MODEL prevails over `model`. Keys are
    never set here: they are read from the environment.
    """
