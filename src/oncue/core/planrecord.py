"""The stored form of a plan: compact, and enough to continue the run after a crash and to explain it for ever."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from oncue.core.model import StepId
from oncue.core.plan import Action, Plan, PlannedStep
from oncue.core.reasons import reason_as_dict
from oncue.core.staleness import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPlan:
    """What a run was authorized to do: ``executing`` without its reasons, ``reused`` by step with the run that produced it.

    ``requested`` are the executing steps that the scope names; the others execute because of them. ``before`` is how the
    outputs of executing steps stood, where the run was given a comment.
    """

    executing: tuple[PlannedStep, ...]
    reused: Mapping[StepId, int]
    requested: frozenset[StepId] = frozenset()
    before: Mapping[StepId, StepState] = field(default_factory=dict)

    @property
    def followers(self) -> frozenset[StepId]:
        """The executing steps that the scope does not name."""
        return frozenset(step.id for step in self.executing) - self.requested


def encode_plan(plan: Plan) -> bytes:
    """A plan as compressed JSON."""
    reused: dict[int | None, list[str]] = defaultdict(list)
    for step in plan.steps:
        if step.action is Action.REUSE:
            reused[step.reused_from_run].append(step.id)
    before: dict[str, list[str]] = defaultdict(list)
    for this, state in plan.before.items():
        before[state.value].append(this)
    record: dict[str, object] = {
        "execute": [
            [step.id, step.is_conditional, step.is_expanding, [reason_as_dict(reason) for reason in step.reasons]]
            for step in plan.executing
        ],
        "reuse": {str(run): steps for run, steps in reused.items()},
        "becomes_stale": list(plan.becomes_stale),
        "warnings": [finding.as_dict() for finding in plan.warnings],
        **({"before": before} if before else {}),
    }
    return zlib.compress(json.dumps(record, separators=(",", ":")).encode(), 1)


def decode_plan(body: bytes) -> RecordedPlan:
    """Read a stored plan."""
    record = json.loads(zlib.decompress(body))
    return RecordedPlan(
        executing=tuple(
            PlannedStep(StepId(this), Action.EXECUTE, is_conditional=conditional, is_expanding=expanding)
            for this, conditional, expanding, _ in record["execute"]
        ),
        requested=frozenset(
            StepId(this) for this, _, _, reasons in record["execute"] if any(entry["code"] == "requested" for entry in reasons)
        ),
        reused={StepId(this): int(run) for run, steps in record["reuse"].items() for this in steps},
        before={StepId(this): StepState(state) for state, steps in record.get("before", {}).items() for this in steps},
    )
