"""The results that people read: the current output of every deliverable, whether it still holds, and its revisions."""

from __future__ import annotations

from dataclasses import dataclass

from oncue.control.views.artifactview import ArtifactView, view_artifacts
from oncue.control.views.jobview import look_at_job
from oncue.control.views.stepwords import read_standing
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Attempt, AttemptState, JobId, StepId
from oncue.core.readport import Reader
from oncue.core.staleness import StepState
from oncue.errors import NoArtifact

MAX_SHOWN = 50
"""So many deliverables, and so many revisions of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """One deliverable: ``output`` is what readers see, or None with a ``problem``.

    ``revisions`` are the latest attempts that made one, the newest first; ``has_more_revisions``: there are older ones.
    """

    step: StepId
    summary: str
    word: str
    state: StepState
    reasons: tuple[str, ...]
    output: ArtifactView | None
    problem: str
    revisions: tuple[Attempt, ...]
    has_more_revisions: bool

    @property
    def is_stale(self) -> bool:
        """Whether it no longer follows from its inputs."""
        return self.state is StepState.STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverablesView:
    """The deliverables of a job; ``left_out`` are instances that are not shown."""

    deliverables: tuple[Deliverable, ...]
    left_out: int


def view_deliverables(workspace: Workspace, job_id: JobId) -> DeliverablesView:
    """Look at the results of a job."""
    with workspace.store.read() as reader:
        picture = look_at_job(workspace, reader, load_job(reader, job_id))
        standing = read_standing(reader, picture)
        graph = picture.assessment.snapshot.graph
        steps = [
            this
            for name in graph.names
            if graph.steps[name].is_deliverable
            for this in picture.assessment.members[name] or (StepId(name),)
        ]
        shown = steps[:MAX_SHOWN]
        revisions = {this: _read_revisions(reader, job_id, this) for this in shown}
    found: list[Deliverable] = []
    for this in shown:
        status = picture.assessment.statuses.get(this)
        output, problem = _output(workspace, job_id, this)
        found.append(
            Deliverable(
                step=this,
                summary=graph.steps[this.partition("[")[0]].summary,
                word=standing.word(this),
                state=status.state if status else StepState.MISSING,
                reasons=standing.reasons((this,)),
                output=output,
                problem=problem,
                revisions=revisions[this][:MAX_SHOWN],
                has_more_revisions=len(revisions[this]) > MAX_SHOWN,
            )
        )
    return DeliverablesView(deliverables=tuple(found), left_out=len(steps) - len(shown))


def _read_revisions(reader: Reader, job_id: JobId, this: StepId) -> tuple[Attempt, ...]:
    return tuple(reader.latest_attempts(job_id, this, limit=MAX_SHOWN + 1, states=(AttemptState.SUCCEEDED,)))


def _output(workspace: Workspace, job_id: JobId, this: StepId) -> tuple[ArtifactView | None, str]:
    try:
        outputs = view_artifacts(workspace, job_id, this)
    except NoArtifact:
        return None, "It has no output yet."
    return outputs[0], ""
