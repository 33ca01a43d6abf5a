"""One step by itself: its output, the attempts that were made, what the output was made from, and why it is stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.control.views.artifactview import ArtifactView, find_step, view_artifacts
from oncue.control.views.instancesview import InstancesPage, view_instances
from oncue.control.views.jobview import JobPicture, look_at_job
from oncue.control.views.stepwords import Standing, read_standing
from oncue.control.views.whyview import Explanation, view_why
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment
from oncue.core.definition import StepDefinition
from oncue.core.model import Attempt, AttemptKey, AttemptState, ContentHash, Inputs, JobId, StepId, step_key, step_name
from oncue.core.questions import waited_seconds
from oncue.core.readport import Reader
from oncue.core.staleness import StepState
from oncue.errors import OncueError

LISTED_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """A step that the output was made from; ``made_by`` is the run that made what was consumed, where that is still known.

    ``is_current`` says whether it is what readers see now. ``element`` is the key of what was consumed of a list.
    """

    step: str
    made_by: int | None
    is_current: bool
    element: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage:
    """A step, or one instance of a fan-out; ``instances`` where it stands for all of them.

    ``attempts`` are the latest, the newest first, of ``attempt_count``; ``waits`` are the seconds that they waited for answers.
    ``problem`` says why there is no output to show.
    """

    id: StepId
    ordinal: int
    definition: StepDefinition
    word: str
    state: StepState
    run: int | None
    output: ArtifactView | None
    shown_run: int | None
    problem: str
    explanations: tuple[Explanation, ...]
    attempts: tuple[Attempt, ...]
    attempt_count: int
    waits: Mapping[AttemptKey, float]
    consumed: tuple[Consumed, ...]
    params: Mapping[str, object]
    comments: tuple[GivenComment, ...]
    instances: InstancesPage | None = None

    @property
    def is_stale(self) -> bool:
        """Whether a person may accept it as it is."""
        return self.state is StepState.STALE

    @property
    def whole(self) -> str:
        """The fan-out that it is an instance of; empty for a step as a whole."""
        return step_name(self.id) if "[" in self.id else ""

    @property
    def failed(self) -> Attempt | None:
        """Its latest attempt, where that failed."""
        latest = self.attempts[0] if self.attempts else None
        return latest if latest is not None and latest.state is AttemptState.FAILED else None

    @property
    def revisions(self) -> tuple[Attempt, ...]:
        """The attempts that made an output, the newest first."""
        return tuple(attempt for attempt in self.attempts if attempt.state is AttemptState.SUCCEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWish:
    """What to look at: a step as a person names it, the output that a run made (None: the current one), which instances."""

    step: str
    run: int | None = None
    search: str = ""
    word: str = ""
    page: int = 1


def view_step_page(workspace: Workspace, job_id: JobId, wish: StepWish) -> StepPage:
    """Look at one step.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        picture = look_at_job(workspace, reader, job)
        this = find_step(picture, wish.step)
        standing = read_standing(reader, picture)
        instances = view_instances(standing, this, search=wish.search, word=wish.word, page=wish.page)
        attempts = () if instances else tuple(reader.latest_attempts(job_id, this, limit=LISTED_ATTEMPTS))
        attempt_count = 0 if instances else reader.count_attempts(job_id, [this])[this]
        waits = _waits(reader, attempts)
        consumed = _consumed(reader, picture, this)
        comments = [comment for comment in reader.list_comments(job_id) if comment.is_for(this)]
    output, problem = (None, "") if instances else _output(workspace, job_id, this, run=wish.run)
    return _page(
        standing,
        this,
        instances=instances,
        attempts=attempts,
        attempt_count=attempt_count,
        waits=waits,
        consumed=consumed,
        comments=comments,
        explanations=() if instances else _explain(workspace, job_id, this),
        output=output,
        problem=problem,
        shown_run=wish.run,
    )


def _page(
    standing: Standing,
    this: StepId,
    *,
    instances: InstancesPage | None,
    attempts: tuple[Attempt, ...],
    attempt_count: int,
    waits: Mapping[AttemptKey, float],
    consumed: tuple[Consumed, ...],
    comments: Sequence[GivenComment],
    explanations: tuple[Explanation, ...],
    output: ArtifactView | None,
    problem: str,
    shown_run: int | None,
) -> StepPage:
    assessment = standing.picture.assessment
    graph = assessment.snapshot.graph
    name = step_name(this)
    status = assessment.statuses.get(this)
    current = assessment.currents.get(this)
    definition = graph.steps.get(name) or StepDefinition(name=name, phase="", hash="", summary="the workflow no longer has it")
    counts = standing.count(assessment.members.get(name) or (this,)) if instances else {}
    reads = current.inputs.params if current else {}
    return StepPage(
        id=this,
        ordinal=graph.ordinal(name) if name in graph.steps else 0,
        definition=definition,
        word=next(iter(counts), "") or standing.word(this),
        state=status.state if status else StepState.MISSING,
        run=current.run if current else None,
        output=output,
        shown_run=shown_run,
        problem=problem,
        explanations=explanations,
        attempts=attempts,
        attempt_count=attempt_count,
        waits=waits,
        consumed=consumed,
        params={name: standing.picture.job.params.get(name) for name in reads},
        comments=tuple(comments),
        instances=instances,
    )


def _waits(reader: Reader, attempts: Sequence[Attempt]) -> dict[AttemptKey, float]:
    asked = ((attempt.key, reader.questions_of_attempt(attempt.key)) for attempt in attempts)
    return {key: waited_seconds(questions) for key, questions in asked if questions}


def _output(workspace: Workspace, job_id: JobId, this: StepId, *, run: int | None) -> tuple[ArtifactView | None, str]:
    try:
        (output,) = view_artifacts(workspace, job_id, this, run=run)
    except (OncueError, ValueError) as error:
        return None, error.message if isinstance(error, OncueError) else "its instances are not known yet"
    return output, ""


def _explain(workspace: Workspace, job_id: JobId, this: StepId) -> tuple[Explanation, ...]:
    try:
        (why, *_) = view_why(workspace, job_id, this).steps
    except OncueError:  # a step that the workflow no longer has
        return ()
    return why.explanations


def _consumed(reader: Reader, picture: JobPicture, this: StepId) -> tuple[Consumed, ...]:
    current = picture.assessment.currents.get(this)
    if current is None:
        return ()
    inputs: Inputs = current.inputs
    found = [_source(reader, picture, StepId(source), address=address) for source, address in inputs.steps.items()]
    each = picture.assessment.snapshot.graph.steps.get(step_name(this))
    if inputs.item is not None and each is not None and each.each is not None:
        source = StepId(f"{each.each}[{step_key(this)}]")
        if source in picture.assessment.statuses:
            found.insert(0, _source(reader, picture, source, address=inputs.item))
        else:
            found.insert(0, _element(picture, this, StepId(each.each)))
    return tuple(found)


def _element(picture: JobPicture, this: StepId, source: StepId) -> Consumed:
    """The list that an instance has its element from, and the run that made it, where the instance still follows from it."""
    now = picture.assessment.currents.get(source)
    status = picture.assessment.statuses.get(this)
    is_followed = now is not None and status is not None and status.is_sound
    return Consumed(
        step=source, made_by=now.run if now and is_followed else None, is_current=True, element=step_key(this) or ""
    )


def _source(reader: Reader, picture: JobPicture, source: StepId, *, address: str) -> Consumed:
    now = picture.assessment.currents.get(source)
    if now is not None and now.artifact == address:
        return Consumed(step=source, made_by=now.run, is_current=True)
    if now is None and picture.assessment.members.get(source):  # a whole fan-out: its collection has no run of its own
        supply = picture.assessment.supplies.get(source)
        return Consumed(step=source, made_by=None, is_current=supply is not None and supply.address == address)
    made_by = reader.latest_maker(picture.job.id, source, ContentHash(address))
    return Consumed(step=source, made_by=made_by, is_current=False)
