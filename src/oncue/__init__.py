"""Run long, expensive, model-driven jobs on your cue: plan, start, rerun any part, and know what is stale and why.

Names are imported on first use, so that ``import oncue`` costs next to nothing.
"""

from importlib import import_module

TYPE_CHECKING = False  # importing typing would cost more than everything else here

if TYPE_CHECKING:
    from oncue.control.steps.calls import Params as Params
    from oncue.control.steps.calls import StepFailed as StepFailed
    from oncue.control.steps.context import StepContext as StepContext
    from oncue.control.steps.outputs import Output as Output
    from oncue.core.definition import RetryPolicy as RetryPolicy
    from oncue.definitions.param import Param as Param
    from oncue.definitions.workflow import Workflow as Workflow

__all__ = [
    "Output",
    "Param",
    "Params",
    "RetryPolicy",
    "StepContext",
    "StepFailed",
    "Workflow",
]

_HOMES = {
    "Output": "oncue.control.steps.outputs",
    "Param": "oncue.definitions.param",
    "Params": "oncue.control.steps.calls",
    "RetryPolicy": "oncue.core.definition",
    "StepContext": "oncue.control.steps.context",
    "StepFailed": "oncue.control.steps.calls",
    "Workflow": "oncue.definitions.workflow",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'oncue' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
