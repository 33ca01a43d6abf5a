"""What a person set for a workspace: which model is called, and prices of models that no list knows. Never a key.

===========================  ==========================================================================
``model``                    ``openai:NAME``, ``anthropic:NAME``, ``ollama:NAME``, ``recorded:FILE``; ``…@URL``
``price.NAME.input``         US dollars for a million tokens that go to the model of this name
``price.NAME.output``        US dollars for a million tokens that come from it
===========================  ==========================================================================

The environment variable ``ONCUE_MODEL`` prevails over the setting.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping

from oncue import config
from oncue.control.workspace import Workspace
from oncue.core.callports import Setting
from oncue.core.modelport import ModelSpec, PriceTable, read_model
from oncue.core.readport import Reader
from oncue.core.secrets import find_secrets, known_secrets
from oncue.errors import InvalidInput, NotFound, nearest

MODEL = "model"
_PRICE = re.compile(r"price\.(?P<name>\S+)\.(?P<way>input|output)")


def chosen_model(reader: Reader, environment: Mapping[str, str] = os.environ) -> ModelSpec | None:
    """The model that this process calls, None where none is named.

    Raises:
        InvalidInput: what is named is no model.
    """
    named = environment.get(config.MODEL) or next((one.value for one in reader.list_settings() if one.name == MODEL), "")
    return read_model(named) if named else None


def read_prices(reader: Reader) -> PriceTable:
    """The prices that were set."""
    found: dict[str, dict[str, float]] = {"input": {}, "output": {}}
    for setting in reader.list_settings():
        if match := _PRICE.fullmatch(setting.name):
            found[match["way"]][match["name"]] = float(setting.value)
    return PriceTable(input_usd=found["input"], output_usd=found["output"])


def change_setting(workspace: Workspace, name: str, value: str, *, actor: str) -> Setting:
    """Set something for the workspace.

    Raises:
        InvalidInput: no such setting, a value it cannot have, or one that looks like a secret.
    """
    setting = Setting(name=name, value=check_setting(name, value), set_by=actor, set_at=workspace.clock.now())
    workspace.store.write(lambda tx: tx.put_setting(setting))
    return setting


def load_setting(workspace: Workspace, name: str) -> Setting:
    """A setting that must be there.

    Raises:
        NotFound: it is not set.
    """
    with workspace.store.read() as reader:
        found = next((setting for setting in reader.list_settings() if setting.name == name), None)
    if found is None:
        raise _not_set(name)
    return found


def forget_setting(workspace: Workspace, name: str) -> None:
    """Forget a setting.

    Raises:
        NotFound: it is not set.
    """
    if not workspace.store.write(lambda tx: tx.delete_setting(name)):
        raise _not_set(name)


def check_setting(name: str, value: str) -> str:
    """The value as it is stored.

    Raises:
        InvalidInput: see ``change_setting``.
    """
    if not (name == MODEL or _PRICE.fullmatch(name)):
        known = f"{MODEL}, price.NAME.input, price.NAME.output"
        raise InvalidInput(f"no setting {name!r}{nearest(name, [MODEL])}", hint=known, code="unknown_setting")
    if find_secrets(value, known_secrets(os.environ)):
        raise InvalidInput(
            f"the value of {name} looks as if it held a secret; it was not stored",
            hint="keys are read from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY",
            code="secret_in_setting",
        )
    return str(read_model(value)) if name == MODEL else _check_price(name, value.strip())


def _check_price(name: str, value: str) -> str:
    try:
        price = float(value)
    except ValueError:
        price = math.nan
    if not (math.isfinite(price) and price >= 0):
        raise InvalidInput(
            f"{name}: {value!r} is no price in US dollars for a million tokens",
            hint=f"oncue config set {name} 0.25",
            code="invalid_setting",
        )
    return value


def _not_set(name: str) -> NotFound:
    return NotFound(f"{name} is not set", hint="oncue config list shows what is", code="unknown_setting")
