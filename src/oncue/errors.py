"""Every error a person can cause, as one tree; a code, a message and the next command.

    OncueError
    ├── InvalidInput           exit 2   what was given cannot be meant
    │   ├── DefinitionError             a workflow or manifest is wrong: file, line, field
    │   ├── UnknownPhase, StepOutOfRange, InvalidParam, UnknownCursor …
    ├── Blocked                exit 3   preflight found blockers
    ├── NotFound               exit 4   UnknownJob, UnknownStep, UnknownRun, UnknownWorkflow, NoArtifact
    ├── Conflict               exit 5   PlanChanged, JobBusy, JobStopped, AmbiguousJob
    └── WorkspaceError         exit 1   read-only, full, newer than this program, damaged
        ├── NoWorkspace        exit 4   there is none here
        └── WriteRefused                a late writer whose fence has been raised

``code`` is stable and part of the wire format; ``hint`` names the next command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NotRequired, TypedDict


class ErrorBody(TypedDict):
    """What every surface says of an error; ``fields`` maps each field of the request that is at fault to what is wrong."""

    code: str
    message: str
    hint: str
    fields: NotRequired[Mapping[str, str]]


class OncueError(Exception):
    """Base of all errors that are shown to people; anything else is a defect."""

    code = "error"
    exit_code = 1
    http_status = 400

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields of the request that are at fault, each with what is wrong; empty where none can be named."""
        return {}

    def as_dict(self) -> ErrorBody:
        """The one error body of every surface."""
        body: ErrorBody = {"code": self.code, "message": self.message, "hint": self.hint}
        if self.fields:
            body["fields"] = self.fields
        return body


class InvalidInput(OncueError):
    """What was given cannot be meant; nothing was changed."""

    code = "invalid_input"
    exit_code = 2
    http_status = 422


class DefinitionError(InvalidInput):
    """A workflow definition is wrong; says where."""

    code = "invalid_definition"

    def __init__(self, message: str, *, file: str = "", line: int = 0, field: str = "", hint: str = "") -> None:
        place = ":".join(part for part in (file, str(line) if line else "") if part)
        where = ": ".join(part for part in (place, field) if part)
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.file = file
        self.line = line
        self.field = field


class StepOutOfRange(InvalidInput):
    """A step ordinal that is not one of 1 … the number of steps."""

    code = "step_out_of_range"

    def __init__(self, given: str, count: int) -> None:
        super().__init__(
            f"step {given} does not exist: steps are numbered 1 to {count}",
            hint="oncue job show JOB lists the steps",
        )
        self.given = given
        self.count = count


class UnknownPhase(InvalidInput):
    """A phase that the workflow does not have."""

    code = "unknown_phase"

    def __init__(self, phase: str, known: Sequence[str]) -> None:
        super().__init__(f"no phase {phase!r}{nearest(phase, known)}", hint=f"phases: {', '.join(known)}")


class InvalidParam(InvalidInput):
    """A parameter that the workflow does not have, lacks, or cannot take."""

    code = "invalid_param"


class UnknownCursor(InvalidInput):
    """The place to go on from was not given out here."""

    code = "unknown_cursor"

    def __init__(self) -> None:
        super().__init__("this cursor was not given out here", hint="begin without one")


class OutputNotSerializable(InvalidInput):
    """A step returned something that cannot be stored as JSON."""

    code = "output_not_serializable"

    def __init__(self, step: str, found: str, *, where: str = "") -> None:
        at = f" at {where}" if where else ""
        super().__init__(
            f"step {step!r} returned {found}{at}, which cannot be stored as JSON",
            hint="return plain data, a dataclass or a pydantic model, or write files through ctx.files",
        )


class Blocked(OncueError):
    """Preflight found blockers: the run was not started."""

    code = "blocked"
    exit_code = 3
    http_status = 409

    def __init__(self, blockers: Sequence[Mapping[str, str]]) -> None:
        first = blockers[0]
        more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
        super().__init__(f"{first['message']}{more}", hint=first["hint"], code=first["code"])
        self.blockers = tuple(blockers)


class NotFound(OncueError):
    """Something named does not exist."""

    code = "not_found"
    exit_code = 4
    http_status = 404


class UnknownJob(NotFound):
    """No job has this id or prefix."""

    code = "unknown_job"

    def __init__(self, job: str, known: Sequence[str] = ()) -> None:
        super().__init__(f"no job {job!r}{nearest(job, known)}", hint="oncue job list shows the jobs of this workspace")


class UnknownStep(NotFound):
    """The job has no step of this id."""

    code = "unknown_step"

    def __init__(self, step: str, known: Sequence[str]) -> None:
        super().__init__(f"no step {step!r}{nearest(step, known)}", hint="oncue job show JOB lists the steps")


class UnknownRun(NotFound):
    """The job has no run of this number."""

    code = "unknown_run"

    def __init__(self, number: int, count: int) -> None:
        ran = "it has run once, as number 1" if count == 1 else f"runs are numbered 1 to {count}"
        known = ran if count else "it has not been run"
        super().__init__(f"no run {number}: {known}", hint="oncue job history JOB lists the runs")


class UnknownWorkflow(NotFound):
    """Neither a bundled workflow, nor a manifest file, nor ``module:name``."""

    code = "unknown_workflow"

    def __init__(self, source: str, known: Sequence[str] = (), *, why: str = "") -> None:
        reason = f": {why}" if why else nearest(source, known)
        super().__init__(
            f"no workflow {source!r}{reason}",
            hint="give a manifest file, module:name, or one of `oncue workflows`",
        )


class NoArtifact(NotFound):
    """A step has no output yet, or its body was pruned."""

    code = "no_artifact"


class Conflict(OncueError):
    """What was asked collides with the present state; nothing was changed."""

    code = "conflict"
    exit_code = 5
    http_status = 409


class PlanChanged(Conflict):
    """The job changed since the plan was made; carries the new plan."""

    code = "plan_changed"

    def __init__(self, message: str, *, new_plan: object = None) -> None:
        super().__init__(message, hint="look at the new plan (--plan) and start that one")
        self.new_plan = new_plan


class JobBusy(Conflict):
    """Another run of this job is executing, and waiting was not wanted."""

    code = "job_busy"


class JobStopped(Conflict):
    """The job was stopped by a person; it takes no more runs."""

    code = "job_stopped"

    def __init__(self, job: str) -> None:
        super().__init__(f"job {job} was stopped and takes no more runs", hint="oncue job create starts a new one")


class AmbiguousJob(Conflict):
    """A prefix that fits several jobs."""

    code = "ambiguous_job"

    def __init__(self, prefix: str, matches: Sequence[str]) -> None:
        super().__init__(
            f"{prefix!r} fits {len(matches)} jobs: {', '.join(matches[:5])}{' …' if len(matches) > 5 else ''}",
            hint="give more characters of the id",
        )


class WorkspaceError(OncueError):
    """The workspace cannot be used: read-only, full, newer, or damaged."""

    code = "workspace_error"
    http_status = 503


class NoWorkspace(WorkspaceError):
    """There is no workspace in this place; only creating a job makes one."""

    code = "no_workspace"
    exit_code = 4
    http_status = 404


class WriteRefused(WorkspaceError):
    """A late writer: its attempt or run belongs to another worker by now."""

    code = "write_refused"


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that names the nearest known names, or the empty string."""
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    return f" (did you mean {', '.join(close)}?)" if close else ""
