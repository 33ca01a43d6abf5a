"""Views as text for people; the same views go out as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from oncue.cli.text.printing import FOLDED, coloured, fold, show_seconds, table
from oncue.control.amounts import describe_assumed, show_cost, show_dollars
from oncue.control.views.decisionview import answer_command
from oncue.core.model import AttemptState, RunState, step_name
from oncue.core.plan import Action
from oncue.core.reasons import explain_reason
from oncue.core.staleness import StepState

if TYPE_CHECKING:
    from oncue.control.views.jobsview import JobsView
    from oncue.control.views.jobview import JobView, StepView
    from oncue.control.views.planview import ParamChange, PlannedStepView, PlanView
    from oncue.control.views.runview import HistoryView, RunView, TriggerView
    from oncue.control.views.whyview import WhyView
    from oncue.core.comments import GivenComment
    from oncue.core.estimate import Estimate
    from oncue.core.findings import Finding

INSTANCES_SHOWN = 20


def render_jobs(view: JobsView) -> list[str]:
    """The jobs of a workspace, one a line."""
    if not view.jobs:
        return ["no jobs yet: oncue job create WORKFLOW makes one"]
    rows = [["JOB", "WORKFLOW", "STATUS", "RUNS", "CREATED"]]
    rows += [[job.job_id, job.workflow, coloured(job.status), str(job.runs), show_time(job.created_at)] for job in view.jobs]
    return table(rows, indent="")


def render_job(view: JobView) -> list[str]:
    """A job: its steps by phase, its latest run, and what to know."""
    lines = [f"job {view.job_id}  {view.workflow}  {coloured(view.status)}"]
    if view.params:
        lines.append(f"params  {show_params(view.params)}")
    if view.replayed_from is not None:
        lines.append(f"repeats the decisions of job {view.replayed_from}")
    if view.latest_run is not None:
        lines.append(f"latest  {_run_line(view.latest_run)}")
        lines += [f"        {line}" for line in _comment_lines(view.latest_run)]
    for phase, steps in groupby(view.steps, key=lambda step: step.phase):
        lines += ["", f"{phase}"]
        lines += table([row for _, group in groupby(steps, key=lambda step: step.ordinal) for row in _step_rows(list(group))])
    lines += ["", *_finding_lines("note", view.findings)] if view.findings else []
    return [*lines, *_question_lines(view)]


def _comment_lines(run: RunView) -> list[str]:
    if run.guidance.comment is None and not run.guidance.read:
        return []
    from oncue.cli.text.commenttext import render_run_comment

    return render_run_comment(run)


def _question_lines(view: JobView) -> list[str]:
    if not view.questions and not view.late_answers:
        return []
    from oncue.cli.text.questiontext import render_late, render_waiting_briefly

    return ["", *render_waiting_briefly(view.questions), *render_late(view.late_answers)]


def _step_rows(steps: Sequence[StepView]) -> list[list[str]]:
    """The rows of one definition; of a long fan-out those that need attention."""
    if len(steps) <= INSTANCES_SHOWN:
        return [_step_row(step) for step in steps]
    unsound = [step for step in steps if step.state not in (StepState.FRESH, StepState.ACCEPTED)]
    shown = unsound[:INSTANCES_SHOWN]
    counts = ", ".join(
        f"{count} {coloured(state.value)}" for state in StepState if (count := sum(step.state is state for step in steps))
    )
    whole = [str(steps[0].ordinal), step_name(steps[0].id), "", f"{len(steps)} instances: {counts}"]
    more = [["", f"… and {len(unsound) - len(shown)} more", "", ""]] if len(unsound) > len(shown) else []
    return [whole, *(_step_row(step) for step in shown), *more]


def _step_row(step: StepView) -> list[str]:
    reasons = "; ".join(explain_reason(reason) for reason in step.reasons)
    last = step.last_attempt
    notes = [f"run {step.run}"] if step.run is not None else []
    notes += [_steering(step)] if step.comments else []
    if last is not None and last.status is not AttemptState.SUCCEEDED:
        error = f": {last.error.message}" if last.error else ""
        notes.append(coloured(last.status.value, f"{last.status.value} in run {last.run}{error}"))
    if reasons:
        notes.append(reasons)
    return [str(step.ordinal), step.id, coloured(step.state.value), ", ".join(notes)]


def _steering(step: StepView) -> str:
    """Which comments the current output was made with."""
    if step.comments == (step.run,):
        return "with its comment"
    from oncue.cli.text.commenttext import name_comments

    return f"with {name_comments(step.comments)}"


def render_run(view: RunView, *, job: str) -> list[str]:
    """How a run ended, and what comes next."""
    took = ""
    if view.started_at is not None and view.ended_at is not None:
        took = f" in {show_seconds((view.ended_at - view.started_at).total_seconds())}"
    counts = _counts(view) + ([f"{len(view.stale)} stale"] if view.stale else [])
    lines = [f"run {view.number} of job {job} {coloured(view.status.value)}{took}: {', '.join(counts)}"]
    if view.error is not None and view.status is not RunState.SUCCEEDED:
        lines.append(f"  {view.error.message}")
        lines += [f"  | {line}" for line in view.error.detail.splitlines()[-10:]]
    if view.is_comment_unread:
        lines += [f"  {line}" for line in _comment_lines(view)]
    if view.stale:
        lines.append(f"  stale: {fold(view.stale)}")
    return [*lines, *_next_lines(view, job)]


def _counts(run: RunView) -> list[str]:
    """What a run executed and reused, and what its model calls cost."""
    reused = [f"{len(run.reused)} reused"] if run.reused else []
    return [f"{len(run.executed)} executed", *reused, *([show_cost(run.spent)] if run.spent.calls else [])]


def _next_lines(view: RunView, job: str) -> list[str]:
    commands: list[tuple[str, str]] = []
    if view.status is RunState.SUCCEEDED:
        commands.append((f"oncue job show {job}", "every step"))
        if view.stale:
            commands.append((f"oncue job why {job} '{view.stale[0]}'", "why it is stale"))
            commands.append((f"oncue job rerun {job} --failed", "bring what is stale up to date"))
    elif view.status is RunState.WAITING and view.questions:
        commands.append((answer_command(view.questions[0]), "oncue inbox lists what waits"))
        commands.append((f"oncue job run {job}", "then goes on"))
    elif view.status is RunState.WAITING:
        commands += [(f"oncue job step {job}", "the next step"), (f"oncue job run {job}", "all that is left")]
    elif view.error is not None and view.error.code == "question_timed_out":
        commands += [(f"oncue job run {job}", "asks again, and goes on"), (f"oncue job decisions {job}", "what was asked")]
    elif view.status in (RunState.FAILED, RunState.HALTED, RunState.CANCELLED):
        commands += [(f"oncue job show {job}", "every step"), (f"oncue job run {job}", "go on with what is missing")]
    else:
        commands.append((f"oncue job run {job}", "continues it"))
    return table([["next:" if not index else "", command, f"# {what}"] for index, (command, what) in enumerate(commands)])


def render_plan(view: PlanView, *, is_whole: bool = False) -> list[str]:
    """A plan; long lists are folded unless all of it is wanted."""
    executing, reused = view.executing, view.reused
    scope = _scope_words(view.request)
    lines = [f"plan for run {view.next_run} of job {view.job_id} ({scope}): {len(executing)} execute, {len(reused)} reused"]
    lines += [f"  parameters: {_param_changes(view.param_changes)}"] if view.param_changes else []
    limit = None if is_whole else FOLDED
    lines += table(_folded_rows([_plan_row(step) for step in executing], limit))
    if is_whole:
        lines += table([_plan_row(step) for step in reused])
    else:
        lines += _reused_lines(reused)
    if view.becomes_stale:
        lines.append(f"  becomes stale: {fold(view.becomes_stale, limit=limit or len(view.becomes_stale))}")
    if view.comment is not None or view.kept_comments:
        from oncue.cli.text.commenttext import render_planned_comments

        lines += render_planned_comments(view)
    lines += _finding_lines("blocker", view.blockers) + _finding_lines("warning", view.warnings)
    lines.append(f"  estimate: {_estimate(view)}")
    return [*lines, f"  digest: {view.digest}"] if is_whole else lines


def _param_changes(changes: Sequence[ParamChange]) -> str:
    """Every parameter that gets another value, with the value it has now."""
    return ", ".join(f"{change.name} {_show(change.before)} → {_show(change.after)}" for change in changes)


def _folded_rows(rows: list[list[str]], limit: int | None) -> list[list[str]]:
    if limit is None or len(rows) <= limit:
        return rows
    return [*rows[:limit], ["", "", f"… and {len(rows) - limit} more", ""]]


def _plan_row(step: PlannedStepView) -> list[str]:
    if step.action is Action.REUSE:
        return [step.action.value, str(step.ordinal), step.id, f"from run {step.reused_from_run}"]
    reasons = "; ".join(explain_reason(reason) for reason in step.reasons)
    notes = [reasons] + (["only if its inputs change"] if step.is_conditional else [])
    notes += ["its instances are decided then"] if step.is_expanding else []
    return [coloured("execute"), str(step.ordinal), step.id, ", ".join(note for note in notes if note)]


def _reused_lines(steps: Iterable[PlannedStepView]) -> list[str]:
    by_run: dict[int | None, list[str]] = {}
    for step in steps:
        by_run.setdefault(step.reused_from_run, []).append(step.id)
    return [f"  reuse from run {run}: {fold(names)}" for run, names in by_run.items()]


def _scope_words(request: Mapping[str, object]) -> str:
    scope = str(request["scope"])
    steps = request.get("steps")
    if isinstance(steps, list | tuple) and steps:
        return f"{scope} {fold([str(step) for step in steps])}"
    return f"{scope} {request['phase']}" if request.get("phase") else scope


def _estimate(view: PlanView) -> str:
    seconds = view.estimate.seconds
    if seconds is None:
        never = list(dict.fromkeys(step_name(name) for name in view.estimate.unknown))
        return f"unknown (no history of {fold(never, limit=4)})" if never else "unknown"
    parts = [f"{_between(show_seconds(seconds.low), show_seconds(seconds.high))} of work", *_model_cost(view.estimate)]
    assumed = view.estimate.assumed
    return ", ".join(parts) + (f", {describe_assumed(assumed)}" if assumed else "")


def _model_cost(estimate: Estimate) -> list[str]:
    """Tokens and money, where the steps called models before."""
    if estimate.tokens is None or not estimate.tokens.high:
        return []
    tokens, usd = estimate.tokens, estimate.usd
    said = [f"{_between(f'{tokens.low:,.0f}', f'{tokens.high:,.0f}')} tokens"]
    return [*said, _between(show_dollars(usd.low), show_dollars(usd.high)) if usd else "at an unknown price"]


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def render_history(view: HistoryView) -> list[str]:
    """Every run of a job, the oldest first."""
    if not view.runs:
        return [f"job {view.job_id} has not been run: oncue job run {view.job_id}"]
    lines = [f"job {view.job_id}  {view.workflow}"]
    for run in view.runs:
        lines.append(f"  {_run_line(run)}")
        if run.trigger is not None:
            reason = f": {run.trigger.reason}" if run.trigger.reason else ""
            lines.append(
                f"     {run.trigger.action} by {run.trigger.actor} through {run.trigger.source}, "
                f"{show_time(run.trigger.triggered_at)} (trigger {run.trigger.id}){reason}{_followed(run.trigger)}"
            )
        lines += [f"     {line}" for line in _comment_lines(run)]
        if run.error is not None and run.status is not RunState.SUCCEEDED:
            lines.append(f"     {run.error.message}")
    return lines


def _followed(trigger: TriggerView) -> str:
    """Which advice the person followed, and what they changed of it."""
    if trigger.recommendation_id is None:
        return ""
    changed = ", ".join(override.name for override in trigger.overrides)
    return f", as recommended ({trigger.recommendation_id})" + (f" but for {changed}" if changed else "")


def _run_line(run: RunView) -> str:
    start = f" {run.from_step}" if run.from_step else ""
    took = ""
    if run.started_at and run.ended_at:
        took = f" in {show_seconds((run.ended_at - run.started_at).total_seconds())}"
    word = "interrupted" if run.is_interrupted else run.status.value
    kind = run.kind.value if run.kind.value == run.scope else f"{run.kind.value} {run.scope}"
    return f"run {run.number}  {kind}{start}  {coloured(word)}{took}  {', '.join(_counts(run))}"


def render_why(view: WhyView) -> list[str]:
    """Why steps are as they are; of a long fan-out those that need attention."""
    steps = list(view.steps)
    if len(steps) > INSTANCES_SHOWN:
        steps = [why for why in steps if why.step.state is not StepState.FRESH][:INSTANCES_SHOWN] or steps[:1]
    lines: list[str] = []
    for why in steps:
        lines.append(f"{why.step.id} (step {why.step.ordinal}, phase {why.step.phase}) is {coloured(why.step.state.value)}")
        lines += [f"  - {explanation.text}" for explanation in why.explanations]
        lines += _steered_lines(why.steered_by)
        lines += [f"  next: {why.next_command}"] if why.next_command else []
    if len(steps) < len(view.steps):
        lines.append(f"… and {len(view.steps) - len(steps)} more instances; --json lists all")
    return lines


def _steered_lines(comments: Sequence[GivenComment]) -> list[str]:
    if not comments:
        return []
    from oncue.cli.text.commenttext import label, quote

    return [f"  - made with the {label(given)} of run {given.run}, by {given.author}: {quote(given)}" for given in comments]


def _finding_lines(word: str, findings: Sequence[Finding]) -> list[str]:
    lines = []
    for finding in findings[:FOLDED]:
        lines.append(f"  {coloured('fail' if word == 'blocker' else 'warn', word)}: {finding.message}")
        lines += [f"    {finding.hint}"] if finding.hint else []
    return lines + ([f"  … and {len(findings) - FOLDED} more"] if len(findings) > FOLDED else [])


def show_params(params: Mapping[str, object]) -> str:
    """Parameters on one line; long values are cut."""
    return "  ".join(f"{name}={_show(value)}" for name, value in params.items())


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def show_time(at: datetime) -> str:
    """An instant in the person's own time zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
