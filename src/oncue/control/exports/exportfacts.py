"""Everything a job has on record, read in one consistent view; the bodies of its outputs are read later, one by one.

A run, an attempt, a decision and an event never change once they ended, so what is read later cannot contradict this view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oncue.control.jobstate import make_snapshot
from oncue.control.sources import follow_definition
from oncue.control.views.jobview import JobPicture, StepView, describe_status, look_at_job, view_steps
from oncue.control.views.runview import RunView, describe_runs
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment
from oncue.core.definition import WorkflowDefinition
from oncue.core.definitionrecord import decode_definition
from oncue.core.model import Acceptance, Attempt, ContentHash, Job, JobId, Run, StepId, Trigger, step_name
from oncue.core.modelcalls import ModelCall
from oncue.core.planrecord import RecordedPlan, decode_plan
from oncue.core.questions import Question
from oncue.core.readport import Reader, StepRecord
from oncue.core.request import DefinitionChoice
from oncue.core.staleness import StepState, assess
from oncue.errors import OncueError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run with what authorized it, what it was to do, and what it executed."""

    run: Run
    view: RunView
    trigger: Trigger | None
    plan: RecordedPlan
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job as of one event: ``at`` is the time of that event.

    ``stored`` is the definition kept with the job; ``definition`` the one that the states of the steps are judged by: the
    source as it is now, where it can be read (``note`` says what is to be said of it). ``deliverables`` names the steps that
    are or were deliverables; ``gone`` are those that the definition no longer has.
    """

    job: Job
    at: datetime
    status: str
    stored: WorkflowDefinition
    definition: WorkflowDefinition
    note: str
    steps: tuple[StepView, ...]
    gone: tuple[StepRecord, ...]
    runs: tuple[RunFacts, ...]
    acceptances: tuple[Acceptance, ...]
    comments: tuple[GivenComment, ...]
    calls: tuple[ModelCall, ...]
    questions: tuple[Question, ...]
    deliverables: frozenset[str]

    @property
    def stale(self) -> tuple[StepView, ...]:
        """The steps whose output no longer follows from its inputs, and was not accepted."""
        return tuple(step for step in self.steps if step.state is StepState.STALE)

    @property
    def succeeded(self) -> Sequence[Attempt]:
        """Every attempt that made an output, in order."""
        return [attempt for facts in self.runs for attempt in facts.attempts if attempt.artifact is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an output goes in the archive: ``parts`` are the texts its folder is named by.

    ``is_current`` tells the output readers see from an earlier revision of a deliverable.
    """

    step: StepId
    run: int
    number: int
    artifact: ContentHash
    parts: tuple[str, ...]
    is_current: bool


def read_facts(workspace: Workspace, job_id: JobId) -> JobFacts:
    """Read a job with all its runs, attempts, acceptances and questions.

    Raises:
        UnknownJob: there is none of this id.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        picture, note = _look(workspace, reader, job)
        runs = _read_runs(workspace, reader, job)
        steps = view_steps(reader, picture)
        known = {step.id for step in steps}
        last = reader.list_events(job_id, after=job.event_seq - 1, limit=1)
        latest = runs[-1] if runs else None
        return JobFacts(
            job=job,
            at=last[-1].at if last else job.created_at,
            status=describe_status(
                job, latest.run if latest else None, is_lost=latest is not None and latest.view.is_interrupted
            ),
            stored=decode_definition(reader.load_definition(job.definition_hash)),
            definition=picture.followed.graph.definition,
            note=note,
            steps=steps,
            gone=tuple(record for this, record in sorted(picture.records.items()) if this not in known),
            runs=runs,
            acceptances=tuple(reader.list_acceptances(job_id)),
            comments=tuple(reader.list_comments(job_id)),
            calls=tuple(reader.list_calls(job_id)),
            questions=tuple(reader.list_questions(job_id=job_id)),
            deliverables=_deliverables(reader, picture, [facts.run for facts in runs]),
        )


def place_outputs(facts: JobFacts) -> list[Placement]:
    """Where every output of a job goes: current ones under ``artifacts``, deliverables with all revisions under theirs."""
    made = {(attempt.key.step, attempt.key.run): attempt for attempt in facts.succeeded}
    revisions: dict[StepId, list[Attempt]] = {}
    for attempt in facts.succeeded:
        revisions.setdefault(attempt.key.step, []).append(attempt)
    outputs = [(step.id, step.run) for step in facts.steps]
    outputs += [(record.step, record.current.run if record.current else None) for record in facts.gone]
    placements: list[Placement] = []
    for this, run in outputs:
        is_deliverable = step_name(this) in facts.deliverables
        if is_deliverable:
            placements += [
                _place(attempt, ("deliverables", this, f"run-{attempt.key.run}"), is_current=False)
                for attempt in revisions.get(this, [])
            ]
        current = made.get((this, run)) if run is not None else None
        if current is not None:
            roots = ("deliverables", "artifacts") if is_deliverable else ("artifacts",)
            placements += [_place(current, (root, this), is_current=True) for root in roots]
    return placements


def _place(attempt: Attempt, parts: tuple[str, ...], *, is_current: bool) -> Placement:
    assert attempt.artifact is not None, "only outputs are placed"
    key = attempt.key
    return Placement(
        step=key.step, run=key.run, number=key.number, artifact=attempt.artifact, parts=parts, is_current=is_current
    )


def _look(workspace: Workspace, reader: Reader, job: Job) -> tuple[JobPicture, str]:
    """The state of every step; where the source cannot be read, seen through the definition stored with the job."""
    try:
        picture = look_at_job(workspace, reader, job)
    except OncueError as error:
        followed = follow_definition(workspace, reader, job, choice=DefinitionChoice.ORIGINAL)
        state = workspace.states.load(reader, job)
        assessment = assess(make_snapshot(job, followed.graph, state, params=job.params))
        note = f"the definition stored with the job was used, because its source is wrong: {error.message}"
        return JobPicture(job=job, followed=followed, assessment=assessment, records=state.steps), note
    findings = (*picture.followed.blockers, *picture.followed.warnings)
    return picture, "; ".join(finding.message for finding in findings)


def _read_runs(workspace: Workspace, reader: Reader, job: Job) -> tuple[RunFacts, ...]:
    triggers = reader.list_triggers(job.id)
    attempts: dict[int, list[Attempt]] = {}
    for attempt in reader.list_attempts(job.id):
        attempts.setdefault(attempt.key.run, []).append(attempt)
    runs = reader.list_runs(job.id)
    return tuple(
        RunFacts(
            run=run,
            view=view,
            trigger=triggers.get(run.number),
            plan=decode_plan(reader.load_plan(job.id, run.number)),
            attempts=tuple(attempts.get(run.number, ())),
        )
        for run, view in zip(runs, describe_runs(workspace, reader, runs), strict=True)
    )


def _deliverables(reader: Reader, picture: JobPicture, runs: Sequence[Run]) -> frozenset[str]:
    stored: Mapping[ContentHash, WorkflowDefinition] = {
        address: decode_definition(reader.load_definition(address))
        for address in dict.fromkeys([picture.job.definition_hash, *(run.definition_hash for run in runs)])
    }
    definitions = [picture.followed.graph.definition, *stored.values()]
    return frozenset(step.name for definition in definitions for step in definition.steps if step.is_deliverable)
