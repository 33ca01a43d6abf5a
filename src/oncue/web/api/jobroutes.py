"""The API of jobs and steps: look at them, accept, cancel, stop, replay; nothing here starts a run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import Response

from oncue.control.jobs import accept_output, stop_job
from oncue.control.promptrecords import decision_record
from oncue.control.replays import create_replay, replayable_decisions
from oncue.control.runs import cancel_run
from oncue.control.views.artifactview import find_step, view_artifacts
from oncue.control.views.jobspage import JobFilter, view_jobs_page
from oncue.control.views.jobview import look_at_job, view_job
from oncue.control.views.logview import view_log
from oncue.control.views.whyview import view_why
from oncue.core.people import Permission
from oncue.errors import InvalidInput
from oncue.web.api.ranges import Wanted, answer_bytes
from oncue.web.api.runrecords import attempt_record
from oncue.web.counters import MaybeCounter
from oncue.web.schemas import jobshapes as shapes
from oncue.web.schemas.wire import Me, Problem, Responses, raw_answer
from oncue.web.site import Operating, Reading, TheJob, TheSite

MAX_PAGE = 500
Cursor = Annotated[str | None, Query(max_length=200, description="From `next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
RunNumber = Annotated[MaybeCounter, Query(description="What this run made or built on; without it what is current.")]
AttemptsOf = Annotated[MaybeCounter, Query(description="Only those of this run. Needed where no `step` is named.")]
AttemptsAt = Annotated[
    str | None, Query(max_length=1000, description="Only those of this step or instance. Needed where no `run` is named.")
]
_Part = Annotated[str | None, Header(max_length=200)]


def read_wanted(*, range: _Part = None, if_range: _Part = None, if_none_match: _Part = None) -> Wanted:
    """Which part of a body is wanted, and on which condition."""
    return Wanted(range=range, if_range=if_range, if_none_match=if_none_match)


TheWanted = Annotated[Wanted, Depends(read_wanted)]
BYTES: Responses = {
    200: raw_answer("The bytes.", "*/*"),
    206: raw_answer("The wanted range of them.", "*/*"),
    416: {"model": Problem, "description": "None of the wanted bytes are there."},
}
router = APIRouter(tags=["jobs"])


@router.get("/me", response_model=Me)
def me(*, site: TheSite, identity: Reading) -> object:
    """Who asks, and what they may do."""
    allowed = [permission.value for permission in Permission if identity.may(permission)]
    return {
        "actor": identity.actor,
        "role": identity.role.value,
        "permissions": allowed,
        "at": site.workspace.clock.now(),
    }


@router.get("/jobs", response_model=shapes.JobsPage)
def list_jobs(
    *,
    site: TheSite,
    _: Reading,
    state: Annotated[str, Query(max_length=20)] = "",
    workflow: Annotated[str, Query(max_length=200)] = "",
    search: Annotated[str, Query(max_length=200, description="Part of an id, of a workflow or of a parameter's value.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> object:
    """The jobs, the newest first."""
    wanted = JobFilter(state=state, workflow=workflow, search=search.strip())
    return view_jobs_page(site.workspace, wanted, cursor=cursor, limit=limit).as_dict()


@router.get("/jobs/{job}", response_model=shapes.JobRecord)
def show_job(*, site: TheSite, _: Reading, job: TheJob) -> object:
    """A job with every step and its latest run."""
    return view_job(site.workspace, job.id).as_dict()


@router.get("/jobs/{job}/steps", response_model=shapes.StepsRecord)
def list_steps(*, site: TheSite, _: Reading, job: TheJob) -> object:
    """Every step of a job in the order of its workflow."""
    return {"job_id": job.id, "steps": view_job(site.workspace, job.id).as_dict()["steps"]}


@router.get("/jobs/{job}/attempts", response_model=shapes.AttemptsRecord)
def list_attempts(*, site: TheSite, _: Reading, job: TheJob, run: AttemptsOf = None, step: AttemptsAt = None) -> object:
    """The attempts of one run, of one step, or of one step in one run: at least one of the two must be named."""
    if run is None and step is None:
        raise InvalidInput("say of which run or which step", hint="?run=N or ?step=ID", code="run_or_step_missing")
    with site.workspace.store.read() as reader:
        this = None if step is None else find_step(look_at_job(site.workspace, reader, job), step)
        attempts = reader.list_attempts(job.id, run=run, step=this)
    return {"job_id": job.id, "attempts": [attempt_record(attempt) for attempt in attempts]}


@router.get("/jobs/{job}/steps/{step:path}/why", response_model=shapes.WhyRecord)
def explain_step(*, site: TheSite, _: Reading, job: TheJob, step: str) -> object:
    """Why a step is missing, stale, accepted or fresh."""
    view = view_why(site.workspace, job.id, step)
    return {"job_id": view.job_id, "step": view.asked, "steps": [one.as_dict() for one in view.steps]}


@router.get("/jobs/{job}/steps/{step:path}/output", response_model=shapes.OutputsRecord)
def show_output(*, site: TheSite, _: Reading, job: TheJob, step: str, run: RunNumber = None) -> object:
    """The output of a step; of a fan-out those of all its instances."""
    outputs = view_artifacts(site.workspace, job.id, step, run=run)
    return {"job_id": job.id, "outputs": [output.as_dict() for output in outputs]}


@router.get("/jobs/{job}/steps/{step:path}/file", response_class=Response, responses=BYTES)
def show_file(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    step: str,
    name: Annotated[str, Query(max_length=1000)],
    run: RunNumber = None,
    wanted: TheWanted,
) -> Response:
    """The bytes of a file of an output, or a range of them."""
    output, *others = view_artifacts(site.workspace, job.id, step, run=run)
    if others:
        raise InvalidInput(f"{step} fans out: name one of its instances", hint=f"{output.step} is one", code="step_fans_out")
    output.check_file(name)
    stored = output.output.files[name]
    return answer_bytes(output.output.open(name), name=name, tag=stored.address, wanted=wanted)


@router.get("/jobs/{job}/steps/{step:path}/log", response_class=Response, responses=BYTES)
def show_log(
    *,
    site: TheSite,
    _: Reading,
    job: TheJob,
    step: str,
    run: Annotated[MaybeCounter, Query(description="A run that executed it.")] = None,
    attempt: Annotated[MaybeCounter, Query(description="The number of its attempt there.")] = None,
    wanted: TheWanted,
) -> Response:
    """The log of a step's latest attempt that kept one, or of another of its attempts, or a range of it."""
    view = view_log(site.workspace, job.id, step, run=run, attempt=attempt)
    return answer_bytes(view.blobs.open(view.address), name="log.txt", tag=view.address, wanted=wanted)


@router.post("/jobs/{job}/steps/{step:path}/accept", response_model=shapes.AcceptedRecord)
def accept(*, site: TheSite, identity: Operating, job: TheJob, step: str, body: shapes.AcceptBody) -> object:
    """Say that a stale output may stand as it is; that ends when its inputs change again."""
    accepted = accept_output(site.workspace, job.id, step, actor=identity.actor, reason=body.reason)
    return {"job_id": job.id, "step": accepted}


@router.post("/jobs/{job}/cancel", response_model=shapes.CancelledRecord)
def cancel(*, site: TheSite, identity: Operating, job: TheJob) -> object:
    """Ask every run of a job that has not ended to end."""
    return {"job_id": job.id, "runs": list(cancel_run(site.workspace, job.id, actor=identity.actor))}


@router.post("/jobs/{job}/stop", response_model=shapes.StoppedRecord)
def stop(*, site: TheSite, identity: Operating, job: TheJob, body: shapes.ReasonBody) -> object:
    """End a job for good: it keeps everything and takes no more runs."""
    stopped = stop_job(site.workspace, job.id, actor=identity.actor, reason=body.reason)
    return {"job_id": stopped.id, "status": stopped.status.value}


@router.post("/jobs/{job}/replay", response_model=shapes.ReplayRecord, status_code=201)
def replay(*, site: TheSite, identity: Operating, job: TheJob) -> object:
    """Make a new job whose questions will be answered as they were here; nothing runs before a person starts it."""
    del identity
    decisions = replayable_decisions(site.workspace, job.id)
    made = create_replay(site.workspace, job.id)
    records = [decision_record(question) for question in decisions]
    return {"job_id": made.id, "replayed_from": job.id, "decisions": records}
