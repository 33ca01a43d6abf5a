"""Everything that planning and staleness look at, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oncue.core.canonical import fingerprint
from oncue.core.comments import GivenComment
from oncue.core.graph import Graph
from oncue.core.model import Acceptance, Current, Expansion, Job, StepId
from oncue.core.readport import StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSnapshot:
    """A job at one revision, seen through one definition.

    ``params`` are the effective ones, those of the request included. ``steps`` may hold steps that the definition no longer
    has; they are ignored. ``acceptances`` holds the latest of each step, ``comments`` those of the job in order.
    """

    job: Job
    graph: Graph
    params: Mapping[str, object]
    param_hashes: Mapping[str, str]
    steps: Mapping[StepId, StepRecord] = field(default_factory=dict)
    expansions: Mapping[str, Expansion] = field(default_factory=dict)
    acceptances: Mapping[StepId, Acceptance] = field(default_factory=dict)
    comments: Sequence[GivenComment] = ()

    def current(self, step: StepId) -> Current | None:
        """The output readers see, if the step has one."""
        record = self.steps.get(step)
        return record.current if record else None

    def last_count(self, name: str) -> int | None:
        """How many instances a fan-out had when its list was last there; None where it never was."""
        while name not in self.expansions and self.graph.is_elementwise(name):
            name = self.graph.steps[name].each or ""
        return len(self.expansions[name].items) if name in self.expansions else None


def hash_params(params: Mapping[str, object]) -> dict[str, str]:
    """Name → fingerprint of the value."""
    return {name: fingerprint("param", value) for name, value in params.items()}
