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
from oncue.core.ports import Reader
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
    if find_secrets(value, known_secrets(os.environ)):
        raise InvalidInput(
            f"the value of {name} looks as if it held a secret; it was not stored",
            hint="keys are read from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY",
            code="secret_in_setting",
        )
    setting = Setting(name=name, value=_check(name, value.strip()), set_by=actor, set_at=workspace.clock.now())
    workspace.store.write(lambda tx: tx.put_setting(setting))
    return setting


def forget_setting(workspace: Workspace, name: str) -> None:
    """Forget a setting.

    Raises:
        NotFound: it is not set.
    """
    if not workspace.store.write(lambda tx: tx.delete_setting(name)):
        raise NotFound(f"{name} is not set", hint="oncue config list shows what is", code="unknown_setting")


def _check(name: str, value: str) -> str:
    if name == MODEL:
        return str(read_model(value))
    if not _PRICE.fullmatch(name):
        raise InvalidInput(
            f"no setting {name!r}{nearest(name, [MODEL])}",
            hint="model, price.NAME.input, price.NAME.output",
            code="unknown_setting",
        )
    try:
        price = float(value)
    except ValueError:
        price = math.nan
    if not (math.isfinite(price) and price >= 0):
        raise InvalidInput(f"{name}: {value!r} is no price in US dollars for a million tokens", code="invalid_setting")
    return value
