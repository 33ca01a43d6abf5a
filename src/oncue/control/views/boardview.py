"""A job at a glance: its phases as columns, its steps as cards, a fan-out folded into one card with counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oncue.control.views.decisionview import find_late_answers, rests_on_default, waiting_questions
from oncue.control.views.jobview import JobPicture, describe_status, look_at_job
from oncue.control.views.progressview import recent_progress
from oncue.control.views.runview import is_interrupted
from oncue.control.views.stepwords import WORDS, Standing, read_standing
from oncue.control.workspace import Workspace, load_job
from oncue.core.comments import GivenComment, comments_by_run
from oncue.core.definition import StepDefinition
from oncue.core.findings import Finding
from oncue.core.graph import Graph
from oncue.core.model import Attempt, AttemptKey, Failure, JobId, Run, StepId, Trigger, step_name
from oncue.core.modelcalls import NOTHING, Spending
from oncue.core.questions import Question, waited_seconds, working_since
from oncue.core.readport import Reader
from oncue.core.staleness import StepState

MAX_SINGLE_STEPS = 200
"""Above this many steps the attempts of each are not counted."""
MAX_INSTANCES = 50
"""Above this many instances of a fan-out nobody looks which of them rest on a default."""
RECENT_RUNS = 5
"""How long steps take is told from so many runs; what ran in none of them, from what made its present output."""
DONE = frozenset({"fresh", "accepted"})
UNDER_WAY = ("due", "running", "waiting")
"""Instances that have yet to end in the run that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCard:
    """One step with all its instances.

    ``counts`` says how many instances stand where; None for a step that is no fan-out, or whose instances are unknown.
    ``message`` is what a single step that executes said of its progress; of a fan-out, how many instances have ended.
    ``attempts`` counts all attempts of a single step; None where that was not counted. ``comment`` is the latest that steered
    its current output, or of a fan-out the latest that steered any of them. ``spent`` is what its model calls cost in all runs.
    ``is_sound``: it has all its outputs to build on, whatever became of its latest attempt, and none is being made.
    ``defaults`` counts the current outputs that rest on an answer which nobody gave in time.
    """

    name: str
    ordinal: int
    phase: str
    summary: str
    word: str
    is_fan_out: bool
    is_source: bool
    is_deliverable: bool
    reasons: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None
    run: int | None = None
    attempts: int | None = None
    seconds: tuple[float, float] | None = None
    since: datetime | None = None
    message: str = ""
    error: Failure | None = None
    is_stale: bool = False
    is_sound: bool = False
    comment: GivenComment | None = None
    spent: Spending = NOTHING
    defaults: int = 0

    @property
    def total(self) -> int:
        """How many instances it has; 1 for a single step."""
        return 1 if self.counts is None else sum(self.counts.values())

    @property
    def stale(self) -> int:
        """How many of them are stale."""
        return int(self.is_stale) if self.counts is None else self.counts.get("stale", 0)

    @property
    def done(self) -> int:
        """How many of them have an output to build on."""
        counts = {self.word: 1} if self.counts is None else self.counts
        return sum(counts.get(word, 0) for word in DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseColumn:
    """One phase with its cards; ``done`` of ``total`` steps are sound, where a fan-out counts as one."""

    name: str
    ordinal: int
    cards: tuple[StepCard, ...]

    @property
    def total(self) -> int:
        """How many steps it has."""
        return len(self.cards)

    @property
    def done(self) -> int:
        """How many of them have all their outputs, none of them stale."""
        return sum(card.is_sound for card in self.cards)

    @property
    def word(self) -> str:
        """One word for all its steps."""
        words = {card.word for card in self.cards}
        return next((word for word in WORDS if word in words), "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in one line: who started it, when, why, and how it stands."""

    run: Run
    trigger: Trigger | None
    is_interrupted: bool = False

    @property
    def word(self) -> str:
        """How it stands."""
        return "interrupted" if self.is_interrupted else self.run.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """A job as its page shows it; ``standing`` is what it was drawn up from.

    ``own_params`` tell the job from others of its workflow; ``spent`` is what its model calls cost, in all runs.
    """

    job_id: JobId
    workflow: str
    status: str
    params: Mapping[str, object]
    own_params: Mapping[str, object]
    columns: tuple[PhaseColumn, ...]
    latest: RunLine | None
    open_runs: tuple[RunLine, ...]
    runs: int
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    late_answers: tuple[Question, ...]
    replayed_from: JobId | None
    standing: Standing
    spent: Spending = NOTHING

    @property
    def cards(self) -> tuple[StepCard, ...]:
        """Every card, by phase."""
        return tuple(card for column in self.columns for card in column.cards)

    @property
    def stale(self) -> int:
        """How many steps or instances are stale."""
        return sum(card.stale for card in self.cards)

    @property
    def is_stopped(self) -> bool:
        """Whether it takes no more runs."""
        return self.status == "stopped"


def view_board(workspace: Workspace, job_id: JobId) -> BoardView:
    """Look at a job, its steps by phase, and its latest run."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        picture = look_at_job(workspace, reader, job)
        standing = read_standing(reader, picture)
        open_runs = reader.list_open_runs(job_id)
        latest = reader.load_run(job_id, job.runs) if job.runs else None
        lines = {run.number: view_line(workspace, reader, run) for run in (*open_runs, *((latest,) if latest else ()))}
        columns = _Columns(reader, standing).view()
        late = find_late_answers(reader, job_id)
        waiting = waiting_questions(reader, job_id)
        spent = reader.spending(job_id)
    line = lines.get(job.runs)
    return BoardView(
        job_id=job_id,
        workflow=job.workflow,
        status=describe_status(job, latest, is_lost=line is not None and line.is_interrupted),
        params=job.params,
        own_params=picture.own_params,
        columns=columns,
        latest=line,
        open_runs=tuple(lines[run.number] for run in open_runs),
        runs=job.runs,
        findings=(*picture.followed.blockers, *picture.followed.warnings),
        questions=waiting,
        late_answers=late,
        replayed_from=job.replayed_from,
        standing=standing,
        spent=spent,
    )


def view_line(workspace: Workspace, reader: Reader, run: Run) -> RunLine:
    """A run in one line."""
    known = reader.load_trigger(run.trigger_id)
    return RunLine(run=run, trigger=known[0] if known else None, is_interrupted=is_interrupted(workspace, run))


def view_columns(reader: Reader, picture: JobPicture) -> tuple[PhaseColumn, ...]:
    """The phases of a job with their steps: where they stand, and nothing else of them."""
    return _Columns(reader, read_standing(reader, picture), is_brief=True).view()


class _Columns:
    """Draws up the cards of a job; reads what all of them need once."""

    def __init__(self, reader: Reader, standing: Standing, *, is_brief: bool = False) -> None:
        self._reader = reader
        self._standing = standing
        self._picture = standing.picture
        self._graph: Graph = standing.picture.assessment.snapshot.graph
        self._durations = {} if is_brief else self._read_durations()
        self._messages: Mapping[StepId, str] = {} if is_brief else self._read_messages()
        self._spent = {} if is_brief else self._read_spending()
        self._has_asked = not is_brief and bool(reader.list_questions(job_id=standing.picture.job.id, limit=1))
        singles = [StepId(name) for name in self._graph.names if self._graph.steps[name].each is None]
        counts_attempts = not is_brief and len(singles) <= MAX_SINGLE_STEPS
        self._attempt_counts = reader.count_attempts(standing.picture.job.id, singles) if counts_attempts else None

    def view(self) -> tuple[PhaseColumn, ...]:
        """Every phase with its cards."""
        ordinals = self._graph.ordinals()
        cards = {name: self._card(self._graph.steps[name], ordinals[name]) for name in self._graph.names}
        return tuple(
            PhaseColumn(name=phase, ordinal=number, cards=tuple(card for card in cards.values() if card.phase == phase))
            for number, phase in enumerate(self._graph.definition.phases, start=1)
        )

    def _card(self, step: StepDefinition, ordinal: int) -> StepCard:
        members = self._picture.assessment.members[step.name]
        if step.each is None:
            return self._single(step, StepId(step.name), ordinal=ordinal)
        counts = self._standing.count(members) if members is not None else None
        known = counts if counts else {self._standing.word(StepId(step.name)): 1}
        seen = self._durations.get(step.name, ())
        word = next(word for word in WORDS if word in known) if members != () else "fresh"
        under_way = sum(known.get(one, 0) for one in UNDER_WAY)
        return replace(
            self._blank(step, ordinal=ordinal, word=word),
            message=f"{len(members) - under_way} of {len(members)} done" if members and word == "running" else "",
            counts=counts,
            reasons=self._standing.reasons(members or ()),
            seconds=(min(seen), max(seen)) if seen else None,
            is_stale="stale" in known,
            is_sound=word in DONE or (not under_way and self._is_sound(members or ())),
            comment=self._comment(members or ()),
            defaults=self._count_defaults(members or ()),
        )

    def _single(self, step: StepDefinition, this: StepId, *, ordinal: int) -> StepCard:
        current = self._picture.assessment.currents.get(this)
        status = self._picture.assessment.statuses[this]
        open_attempt = self._standing.open_attempts.get(this)
        last = open_attempt or (self._last_attempt(this) if self._attempt_counts is not None else None)
        word = self._standing.word(this)
        return replace(
            self._blank(step, ordinal=ordinal, word=word),
            reasons=self._standing.reasons((this,)),
            run=current.run if current else None,
            attempts=None if self._attempt_counts is None else self._attempt_counts.get(this, 0),
            seconds=self._seconds(step.name),
            since=self._since(open_attempt) if open_attempt and word == "running" else None,
            error=last.error if last and word in ("failed", "cancelled") else None,
            is_stale=status.state is StepState.STALE,
            is_sound=word in DONE or (word not in UNDER_WAY and self._is_sound((this,))),
            comment=self._comment((this,)),
            defaults=self._count_defaults((this,)),
        )

    def _is_sound(self, members: Sequence[StepId]) -> bool:
        """Whether all of them have an output to build on, whatever became of their latest attempts."""
        statuses = self._picture.assessment.statuses
        return bool(members) and all(this in statuses and statuses[this].state.value in DONE for this in members)

    def _last_attempt(self, this: StepId) -> Attempt | None:
        record = self._picture.records.get(this)
        if record is None:
            return None
        key = AttemptKey(job_id=self._picture.job.id, run=record.last_run, step=this, number=record.last_number)
        return self._reader.load_attempt(key)

    def _read_durations(self) -> Mapping[str, Sequence[float]]:
        """How long the steps took lately, by name."""
        job = self._picture.job
        found = dict(self._reader.durations(job.id, self._graph.names, since_run=job.runs - RECENT_RUNS + 1))
        older = {
            step_name(this): one for this, one in self._picture.assessment.currents.items() if step_name(this) not in found
        }
        if len(older) > MAX_SINGLE_STEPS:
            return self._reader.durations(job.id)
        for name, current in older.items():
            key = AttemptKey(job_id=job.id, run=current.run, step=current.step, number=current.number)
            made = self._reader.load_attempt(key)
            if made is not None and made.ended_at is not None:
                took = (made.ended_at - made.started_at).total_seconds()
                found[name] = (max(0.0, took - waited_seconds(self._reader.questions_of_attempt(key))),)
        return found

    def _blank(self, step: StepDefinition, *, ordinal: int, word: str) -> StepCard:
        return StepCard(
            name=step.name,
            ordinal=ordinal,
            phase=step.phase,
            summary=step.summary,
            word=word,
            is_fan_out=step.each is not None,
            is_source=step.is_source,
            is_deliverable=step.is_deliverable,
            spent=self._spent.get(step.name, NOTHING),
            message=self._messages.get(StepId(step.name), "") if word == "running" else "",
        )

    def _seconds(self, name: str) -> tuple[float, float] | None:
        """How long the latest attempt that succeeded worked."""
        seen = self._durations.get(name, ())
        return (seen[0], seen[0]) if seen else None

    def _since(self, running: Attempt) -> datetime:
        """Since when an attempt works, as if what it waited for answers had come before."""
        return working_since(running.started_at, self._reader.questions_of_attempt(running.key) if self._has_asked else ())

    def _comment(self, members: Iterable[StepId]) -> GivenComment | None:
        """The latest comment that steered any of these outputs."""
        assessment = self._picture.assessment
        given = comments_by_run(assessment.snapshot.comments)
        if not given:
            return None
        currents = (assessment.currents.get(this) for this in members)
        runs = {run for current in currents if current is not None for run in current.inputs.comments if run in given}
        return given[max(runs)] if runs else None

    def _count_defaults(self, members: Iterable[StepId]) -> int:
        """How many of these outputs rest on a default; none of a fan-out with many instances, which are not looked at."""
        currents = self._picture.assessment.currents
        known = [currents[this] for this in members if this in currents] if self._has_asked else []
        if len(known) > MAX_INSTANCES:
            return 0
        job_id = self._picture.job.id
        return sum(
            rests_on_default(self._reader, AttemptKey(job_id=job_id, run=one.run, step=one.step, number=one.number))
            for one in known
        )

    def _read_spending(self) -> Mapping[str, Spending]:
        """What the steps spent on models, instances of a fan-out together."""
        found: dict[str, Spending] = {}
        for this, spent in self._reader.spending_by_step(self._picture.job.id).items():
            found[step_name(this)] = found.get(step_name(this), NOTHING) + spent
        return found

    def _read_messages(self) -> Mapping[StepId, str]:
        """What the steps that execute said of their progress lately; what one instance says is not said of its step."""
        if not self._standing.open_attempts:
            return {}
        return recent_progress(self._reader, self._picture.job)
