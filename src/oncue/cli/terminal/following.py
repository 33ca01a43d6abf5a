"""Starting or continuing runs and showing them: the plan first, progress on the way, the result and the next commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from oncue.cli.options import Invocation
from oncue.cli.terminal.attending import Attendant, Place, announce_as_json, announce_as_text
from oncue.cli.terminal.driving import Drive, Driven, Outcome, Reporter, drive, open_live_tracker
from oncue.cli.terminal.prompting import has_person
from oncue.cli.terminal.starting import Order, start_order
from oncue.cli.text.plainlines import PlainReporter
from oncue.cli.text.printing import is_live, print_json, print_lines, say
from oncue.cli.text.textviews import render_plan, render_run
from oncue.control.preflight import Prepared
from oncue.control.views.decisionview import waiting_questions
from oncue.control.views.jobview import look_at_job, stale_steps
from oncue.control.views.planview import view_plan
from oncue.control.views.runview import RunView, is_interrupted, view_run
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import Job, JobId, Run, RunState, WorkerId
from oncue.errors import Blocked, OncueError, PlanChanged

CANCELLED = 130
TERMINATED = 143
EXIT_CODES = {
    RunState.SUCCEEDED: 0,
    RunState.WAITING: 0,
    RunState.FAILED: 1,
    RunState.HALTED: 1,
    RunState.CANCELLED: CANCELLED,
}


def _ignore(text: str) -> None:
    """With --json standard error is for errors alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """Shows nothing."""

    def catch_up(self, events: object) -> None:
        """Nothing."""

    def show(self, events: object) -> None:
        """Nothing."""

    def tick(self, now: object) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Screen:
    """Where one command shows plans, progress and results."""

    def __init__(self, invocation: Invocation, workspace: Workspace, *, is_json: bool, may_wait: bool = True) -> None:
        self.invocation = invocation
        self.workspace = workspace
        self.is_json = is_json
        self.may_wait = may_wait
        self.facts: dict[str, object] = {}
        self.say = _ignore if is_json else say

    def show_plan(self, prepared: Prepared) -> None:
        """Print a plan before it starts."""
        if not self.is_json:
            lines = render_plan(view_plan(prepared))
            print_lines((line.replace("JOB", prepared.plan.job_id) for line in lines), is_error=True)

    def open_reporter(self, workspace: Workspace, run: Run) -> Reporter:
        """What shows a run's progress here: nothing, a live table, or lines."""
        if self.is_json:
            return _Silence()
        if not is_live():
            return PlainReporter()
        from oncue.cli.terminal.livetable import LiveReporter

        return LiveReporter(*open_live_tracker(workspace, run))

    def show_result(self, job_id: JobId, number: int) -> None:
        """Print how a run stands."""
        view = view_result(self.workspace, job_id, number)
        if self.is_json:
            print_json({"job_id": job_id, **self.facts, "run": view.as_dict()})
        else:
            print_lines(render_run(view, job=job_id))

    def make_attendant(self) -> Attendant:
        """Who waits for the person of a run: a prompt at a terminal, else this process for answers from elsewhere."""
        place = Place.ELSEWHERE if self.may_wait else Place.NOWHERE
        if self.may_wait and not self.is_json and has_person():
            place = Place.TERMINAL
        announce = announce_as_json if self.is_json else announce_as_text
        return Attendant(workspace=self.workspace, actor=self.invocation.actor, place=place, announce=announce)

    def show_nothing_to_run(self, job: Job) -> None:
        """Say that nothing is missing, failed or stale."""
        if self.is_json:
            self.show_result(job.id, job.runs)
        else:
            print_lines(
                [f"nothing to run: every step of job {job.id} is up to date", f"  oncue job rerun {job.id} runs it again"]
            )


def view_result(workspace: Workspace, job_id: JobId, number: int) -> RunView:
    """A run together with the steps of the job that are stale now."""
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        view = view_run(reader, job, number)
        run = reader.load_run(job_id, number)
        try:
            stale = stale_steps(look_at_job(workspace, reader, job).assessment)
        except OncueError:  # the source became unreadable meanwhile; the run is what it is
            stale = ()
        questions = waiting_questions(reader, job_id, number)
    return replace(view, stale=stale, questions=questions, is_interrupted=run is not None and is_interrupted(workspace, run))


def start_and_follow(screen: Screen, prepared: Prepared, order: Order, *, steps: int | None = None) -> int:
    """Show a plan, start it, and follow the run to its end; returns the exit code.

    Raises:
        Blocked, PlanChanged, JobBusy: it cannot start.
    """
    screen.show_plan(prepared)
    if prepared.plan.blockers:
        raise Blocked([finding.as_dict() for finding in prepared.plan.blockers])

    def begin(owner: WorkerId) -> Sequence[Run]:
        return [start_order(screen.workspace, prepared, order, owner=owner, show_plan=screen.show_plan)]

    return _finish(screen, drive(_drive_for(screen, steps), begin))


def continue_runs(screen: Screen, runs: Sequence[Run], *, steps: int | None = None) -> int:
    """Continue runs that have not ended, in their order, or wait for whoever executes them; returns the exit code."""
    for run in runs:
        screen.say(f"continuing run {run.number} of job {run.job_id}")
    return _finish(screen, drive(_drive_for(screen, steps), lambda _: runs))


def _drive_for(screen: Screen, steps: int | None) -> Drive:
    return Drive(
        workspace=screen.workspace,
        actor=screen.invocation.actor,
        open_reporter=screen.open_reporter,
        say=screen.say,
        attend=screen.make_attendant().attend,
        steps=steps,
    )


def _finish(screen: Screen, driven: Driven) -> int:
    job, number = driven.run.job_id, driven.run.number
    screen.show_result(job, number)
    match driven.outcome:
        case Outcome.ENDED:
            return EXIT_CODES.get(driven.run.state, 1)
        case Outcome.TERMINATED:
            screen.say(f"stopped by a signal; run {number} is kept: oncue job run {job} continues it")
            return TERMINATED
        case Outcome.LEFT:
            screen.say(f"left at once; oncue job run {job} goes on with what is missing")
        case Outcome.PUT_OFF:
            screen.say(f"run {number} waits for its answer; oncue job run {job} goes on with it, here or elsewhere")
        case Outcome.DETACHED:
            screen.say(f"run {number} goes on in another process; oncue job cancel {job} ends it")
        case Outcome.ASKED:
            raise AssertionError("a run that asks is attended")
        case _:
            assert_never(driven.outcome)
    return CANCELLED


def show_changed_plan(error: PlanChanged, *, is_json: bool) -> None:
    """Print the plan that a refused start carries."""
    if isinstance(error.new_plan, Prepared):
        view = view_plan(error.new_plan)
        if is_json:
            print_json({"plan": view.as_dict()})
        else:
            print_lines(render_plan(view, is_whole=True))
