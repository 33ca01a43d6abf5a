"""What preflight can say: blockers, which forbid a start, and warnings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from oncue.core.model import JobStatus, RunState, StepId, step_key, step_name
from oncue.core.request import Scope
from oncue.core.scope import Choice
from oncue.core.staleness import Assessment, StepState


class FindingCode(StrEnum):
    """Everything preflight can find; blockers first."""

    JOB_STOPPED = "job_stopped"
    MISSING_INPUT = "missing_input"
    NOTHING_TO_RUN = "nothing_to_run"
    SOURCE_UNAVAILABLE = "source_unavailable"
    COMMENT_WITHOUT_EFFECT = "comment_without_effect"
    NO_MODEL = "no_model"
    PRICE_UNKNOWN = "price_unknown"
    STALE_INPUT = "stale_input"
    SOURCE_REUSED = "source_reused"
    DEFINITION_CHANGED = "definition_changed"
    SOURCE_GONE = "source_gone"
    COMMENT_UNREAD = "comment_unread"
    COMMENT_DROPPED = "comment_dropped"
    LIMIT_BELOW_ESTIMATE = "limit_below_estimate"
    RUN_AHEAD = "run_ahead"
    RUN_INTERRUPTED = "run_interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What preflight says: a code, a sentence, and the next command."""

    code: FindingCode
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """The wire form."""
        return {"code": self.code.value, "message": self.message, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run of the job that has not ended: whether somebody executes it or it was interrupted."""

    number: int
    state: RunState
    is_owned: bool


def find_blockers(assessment: Assessment, executing: Collection[StepId]) -> list[Finding]:
    """Why a run of these steps cannot start."""
    job = assessment.snapshot.job
    found: list[Finding] = []
    if job.status is JobStatus.STOPPED:
        found.append(
            Finding(
                code=FindingCode.JOB_STOPPED,
                message=f"job {job.id} was stopped and takes no more runs",
                hint="oncue job create starts a new one",
            )
        )
    if not executing:
        found.append(
            Finding(
                code=FindingCode.NOTHING_TO_RUN,
                message="no step needs to run",
                hint="oncue job rerun JOB runs every step again; --refresh lets source steps fetch again",
            )
        )
    for step, needed in _unmet(assessment, executing).items():
        found.append(
            Finding(
                code=FindingCode.MISSING_INPUT,
                message=f"step {step} needs {needed}, which has no output and would not run",
                hint="oncue job run JOB runs what is missing",
            )
        )
    return found


def find_warnings(assessment: Assessment, choices: Mapping[str, Choice], executing: Collection[StepId]) -> list[Finding]:
    """What a person should know before starting a run of these steps."""
    found: list[Finding] = []
    for this in _stale_inputs(assessment, executing):
        found.append(
            Finding(
                code=FindingCode.STALE_INPUT,
                message=f"the output of {this} is stale and would be reused as it is",
                hint=f"oncue job why JOB {str(this)!r} says why; rerun from there to bring it up to date",
            )
        )
    for name, choice in choices.items():
        if choice.is_kept_source:
            found.append(
                Finding(
                    code=FindingCode.SOURCE_REUSED,
                    message=f"{name} fetches from outside; what it fetched before is reused",
                    hint="--refresh lets it fetch again",
                )
            )
    return found


def find_queue(open_runs: Sequence[OpenRun], scope: Scope) -> list[Finding]:
    """What the job's unfinished runs mean for a new one."""
    then = {
        Scope.ALL: ", and executes again what that one executes",
        Scope.RESUME: ", and executes what is missing, failed or stale by then",
    }.get(scope, "")
    return [
        Finding(
            code=FindingCode.RUN_AHEAD,
            message=f"run {run.number} is {run.state.value}; this run starts when it has ended{then}",
            hint="oncue job cancel JOB ends it now",
        )
        if run.is_owned
        else Finding(
            code=FindingCode.RUN_INTERRUPTED,
            message=f"run {run.number} is unfinished and nobody executes it; starting this run cancels it",
            hint="oncue job run JOB continues it instead",
        )
        for run in open_runs
    ]


def _unmet(assessment: Assessment, executing: Collection[StepId]) -> dict[StepId, str]:
    """Each executing step that needs an output which neither exists nor would be made."""
    planned = {step_name(this) for this in executing}
    unmet: dict[StepId, str] = {}
    lacking = {name: _lacking(name, assessment, executing) for name in _upstream_of(planned, assessment)}
    graph = assessment.snapshot.graph
    for this in executing:
        name = step_name(this)
        for upstream in graph.upstream[name]:
            gaps = lacking[upstream]
            is_own = upstream == graph.steps[name].each and upstream not in graph.steps[name].needs
            if is_own and graph.is_elementwise(name) and step_key(this) is not None:
                gaps = gaps & {StepId(f"{upstream}[{step_key(this)}]"), StepId(upstream)}
            if gaps:
                unmet[this] = min(gaps)
    return unmet


def _lacking(name: str, assessment: Assessment, executing: Collection[StepId]) -> frozenset[StepId]:
    if StepId(name) in executing:
        return frozenset()
    members = assessment.members[name]
    if members is None:
        return frozenset({StepId(name)})
    return frozenset(this for this in members if this not in executing and assessment.statuses[this].state is StepState.MISSING)


def _stale_inputs(assessment: Assessment, executing: Collection[StepId]) -> list[StepId]:
    return [
        this
        for name in _upstream_of({step_name(this) for this in executing}, assessment)
        if StepId(name) not in executing
        for this in assessment.members[name] or ()
        if this not in executing and assessment.statuses[this].state is StepState.STALE
    ]


def _upstream_of(names: Collection[str], assessment: Assessment) -> list[str]:
    graph = assessment.snapshot.graph
    return graph.sorted({upstream for name in names for upstream in graph.upstream[name]})
