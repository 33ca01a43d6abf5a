"""Whether the model that a run would call is there and has a price: said before the run, not in the middle of it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from oncue import config
from oncue.control.settings import chosen_model, read_prices
from oncue.control.workspace import Workspace
from oncue.core.definition import StepDefinition
from oncue.core.findings import Finding, FindingCode
from oncue.core.modelport import ModelSpec, NoModel, read_model
from oncue.core.readport import Reader
from oncue.core.request import Budget
from oncue.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """A model as this process finds it. ``trouble`` says why it cannot be called, and is empty where nothing is known.

    ``origin`` says who named it: the variable ``ONCUE_MODEL``, the setting ``model``, or a step. ``is_priced`` is None where
    nobody asked for a price.
    """

    named: str
    origin: str
    trouble: str = ""
    is_priced: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "model": self.named,
            "origin": self.origin,
            "usable": not self.trouble,
            "trouble": self.trouble,
            "priced": self.is_priced,
        }


def look_at_model(
    workspace: Workspace,
    reader: Reader,
    *,
    environment: Mapping[str, str] = os.environ,
    named: str = "",
    needs_price: bool = True,
) -> ModelState | None:
    """The model that would be called, or the one that a step names; None where no model is named.

    Looking up a price loads a library; where none is needed, none is looked up.
    """
    origin = "step" if named else config.MODEL if environment.get(config.MODEL) else "setting"
    try:
        spec = read_model(named) if named else chosen_model(reader, environment)
    except InvalidInput as error:
        return ModelState(named=named or environment.get(config.MODEL, ""), origin=origin, trouble=error.message)
    if spec is None:
        return None
    state = _describe(workspace, spec, origin=origin)
    if not needs_price or workspace.models is None:
        return state
    return replace(state, is_priced=workspace.models.is_priced(spec, prices=read_prices(reader)))


def find_model_blockers(
    workspace: Workspace, reader: Reader, *, executing: Collection[StepDefinition], budget: Budget
) -> list[Finding]:
    """Why these steps cannot be executed: they need a model that is not there, or a budget in money that cannot be kept.

    Looks at nothing where no step needs a model and no money is counted.
    """
    needing = [step for step in executing if step.needs_model]
    is_counted = budget.usd is not None and budget.tokens is None
    if not needing and not is_counted:
        return []
    callers = [step for step in executing if step.needs_model or (is_counted and step.takes_comment)]
    found: list[Finding] = []
    unpriced: dict[str, ModelState] = {}
    for named, steps in _by_model(callers).items():
        state = look_at_model(workspace, reader, named=named, needs_price=is_counted)
        needy = [step.name for step in steps if step.needs_model]
        if needy and (state is None or state.trouble):
            found.append(_no_model(needy, state))
        elif state is not None and not state.trouble and is_counted and not state.is_priced:
            unpriced[state.named] = state
    return [*found, *(_no_price(state) for state in unpriced.values())]


def _describe(workspace: Workspace, spec: ModelSpec, *, origin: str) -> ModelState:
    if workspace.models is None:
        return ModelState(named=str(spec), origin=origin, trouble="this program was put together without language models")
    return ModelState(named=str(spec), origin=origin, trouble=workspace.models.explain_unusable(spec))


def _by_model(steps: Iterable[StepDefinition]) -> dict[str, list[StepDefinition]]:
    """The steps by the model they name; those that name none call the one of the workspace."""
    found: dict[str, list[StepDefinition]] = {}
    for step in steps:
        found.setdefault(own_model(step), []).append(step)
    return found


def own_model(step: StepDefinition) -> str:
    """The model that a step of a manifest names for itself, else the empty string."""
    named = step.body.get("model")
    return named if isinstance(named, str) else ""


def _no_model(names: Collection[str], state: ModelState | None) -> Finding:
    which = ", ".join(names)
    need = f"{which} {'needs' if len(names) == 1 else 'need'} a language model"
    hint = NoModel("").hint
    if state is None:
        return Finding(code=FindingCode.NO_MODEL, message=f"{need}, and none is set for this workspace", hint=hint)
    hint = "oncue doctor says what is missing; oncue config set model NAME chooses another one"
    return Finding(code=FindingCode.NO_MODEL, message=f"{need}, and {state.named} cannot be used: {state.trouble}", hint=hint)


def _no_price(state: ModelState) -> Finding:
    name = state.named.partition(":")[2].partition("@")[0]
    return Finding(
        code=FindingCode.PRICE_UNKNOWN,
        message=f"the price of {state.named} is unknown, so a budget in money cannot be kept",
        hint=f"give --max-tokens as well, or set price.{name}.input and price.{name}.output with oncue config set",
    )
