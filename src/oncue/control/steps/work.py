"""One execution of one step as data: what it needs, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oncue.core.comments import GivenComment
from oncue.core.definition import StepDefinition
from oncue.core.model import Artifact, Attempt, ContentHash, Current, Expansion, Failure, Inputs
from oncue.core.progress import Consumption


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An attempt that began, with everything its execution needs."""

    attempt: Attempt
    step: StepDefinition
    consumption: Consumption
    params: Mapping[str, object]
    load_item: Callable[[], object] | None = None
    previous: Current | None = None
    comments: tuple[GivenComment, ...] = ()
    fans_out: tuple[StepDefinition, ...] = ()
    """The steps that fan out over this one's list."""

    def inputs(self, result: Result, param_hashes: Mapping[str, str]) -> Inputs:
        """What was consumed, as it is recorded."""
        return Inputs(
            definition=self.step.hash,
            steps=self.consumption.steps,
            params={name: param_hashes[name] for name in result.params_read if name in param_hashes},
            item=self.consumption.item,
            comments=tuple(comment.run for comment in self.comments) if result.is_comment_read else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an execution ended: an artifact, a failure, a question that suspends it, or the run's budget (with the failure)."""

    artifact: Artifact | None = None
    failure: Failure | None = None
    is_suspended: bool = False
    is_halted: bool = False
    is_comment_read: bool = False
    params_read: tuple[str, ...] = ()
    log: ContentHash | None = None
    expansions: tuple[Expansion, ...] = ()
    extra: tuple[Artifact, ...] = ()
    """Collections it consumed, which are stored with it."""
