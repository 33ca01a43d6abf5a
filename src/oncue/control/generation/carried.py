"""What was carried over into an attempt, as it was executed: this is what a keep context keeps and a clean one leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from oncue.core.comments import GivenComment
from oncue.core.model import Attempt, AttemptState, ContentHash, ContextMode, StepId
from oncue.core.modelcalls import ModelCall
from oncue.core.prompts import SectionName


class CarriedKind(StrEnum):
    """What can be carried over."""

    UPSTREAM = "upstream"
    """The output of an earlier step."""
    PREVIOUS = "previous"
    """The step's own last output; in a keep context only."""
    COMMENT = "comment"
    """The comment of an earlier run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One thing that an attempt was given from before.

    ``run`` made it or gave it; None where several did (the instances of a fan-out). ``is_sent`` says of the step's own last
    output whether a model was shown it; None where the step called none, and read it or not as its code says.
    """

    kind: CarriedKind
    step: StepId
    run: int | None = None
    artifact: ContentHash | None = None
    is_sent: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        record: dict[str, object] = {
            "kind": self.kind.value,
            "step": self.step,
            "run": self.run,
            "artifact": self.artifact,
        }
        return record | ({"sent": self.is_sent} if self.kind is CarriedKind.PREVIOUS else {})


AttemptsOf = Callable[[StepId], Sequence[Attempt]]
"""The attempts of a step in the order of the runs."""


class Outputs:
    """Who made which output of a job; reads the attempts of a step when it is asked about it."""

    def __init__(self, attempts_of: AttemptsOf) -> None:
        self._attempts_of = attempts_of

    def maker(self, step: StepId, address: str, *, until: int) -> int | None:
        """The last run, up to one, in which a step put out these very bytes; None for a collection, which several made."""
        return next((one.key.run for one in self._latest(step) if one.artifact == address and one.key.run <= until), None)

    def before(self, attempt: Attempt) -> Attempt | None:
        """The attempt whose output was its step's last one when an attempt began."""
        return next((one for one in self._latest(attempt.key.step) if one.key.run < attempt.key.run), None)

    def _latest(self, step: StepId) -> Iterator[Attempt]:
        made = (one for one in reversed(self._attempts_of(step)) if one.state is AttemptState.SUCCEEDED)
        return (one for one in made if one.artifact is not None)


def carried_over(
    attempt: Attempt, outputs: Outputs, *, calls: Sequence[ModelCall], comments: Sequence[GivenComment]
) -> tuple[Carried, ...]:
    """What an attempt was given from before; ``calls`` and ``comments`` are its own.

    What an attempt that did not succeed consumed is not on record, so nothing from upstream is listed for it.
    """
    key = attempt.key
    consumed = attempt.inputs.steps if attempt.inputs else {}
    found = [
        Carried(
            kind=CarriedKind.UPSTREAM,
            step=StepId(name),
            run=outputs.maker(StepId(name), address, until=key.run),
            artifact=ContentHash(address),
        )
        for name, address in consumed.items()
    ]
    previous = outputs.before(attempt)
    if previous is not None and attempt.context is ContextMode.KEEP:
        is_sent = any(ref.name is SectionName.PREVIOUS for call in calls for ref in call.sections) if calls else None
        found.append(
            Carried(kind=CarriedKind.PREVIOUS, step=key.step, run=previous.key.run, artifact=previous.artifact, is_sent=is_sent)
        )
    earlier = (comment for comment in comments if comment.run < key.run)
    return (*found, *(Carried(kind=CarriedKind.COMMENT, step=key.step, run=comment.run) for comment in earlier))
