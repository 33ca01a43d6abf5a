"""What the tools answer: the views of the other surfaces, cut to what an agent can read, with how much was left out."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from oncue.control.preflight import list_prerequisites, prepare_run
from oncue.control.recommending import recommend_run, recommendation_record
from oncue.control.views.artifactview import ArtifactView, find_instances, view_artifacts
from oncue.control.views.decisionview import DecisionFilter, view_decisions
from oncue.control.views.jobspage import JobFilter, view_jobs_page
from oncue.control.views.jobview import view_job
from oncue.control.views.planview import view_plan
from oncue.control.views.runview import describe_runs, view_run
from oncue.control.views.traceview import TraceWish, view_trace
from oncue.control.workspace import Workspace, find_job
from oncue.core.counting import RunSpan
from oncue.core.model import Job, JobId
from oncue.core.request import RunRequest
from oncue.errors import InvalidInput

MAX_LISTED = 200
MAX_INSTANCES = 100
MAX_ANSWER = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSlice:
    """Which part of a trace is wanted."""

    step: str | None
    run: int | None
    call: int | None
    has_texts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSlice:
    """Which bytes of an output are wanted."""

    run: int | None
    file: str | None
    offset: int
    limit: int


class ToolViews:
    """Looks at one workspace for an agent, and takes its advice."""

    def __init__(self, workspace: Workspace, author: str) -> None:
        self._workspace = workspace
        self._author = author

    def _job(self, text: str) -> Job:
        with self._workspace.store.read() as reader:
            return find_job(reader, text)

    def _job_id(self, text: str) -> JobId:
        return self._job(text).id

    def list_jobs(self, search: str, *, cursor: str | None, limit: int) -> dict[str, object]:
        """Jobs of the workspace."""
        page = view_jobs_page(self._workspace, JobFilter(search=search), cursor=cursor, limit=limit)
        return page.as_dict()

    def show_job(self, job: str) -> dict[str, object]:
        """One job."""
        return bounded(view_job(self._workspace, self._job_id(job)).as_dict())

    def list_runs(self, job: str, *, limit: int) -> dict[str, object]:
        """The latest runs of a job."""
        found = self._job(job)
        with self._workspace.store.read() as reader:
            latest = reader.list_runs(found.id, RunSpan(first=found.runs - limit + 1))[::-1]
            runs = [view.as_dict() for view in describe_runs(self._workspace, reader, latest)]
        return bounded({"job_id": found.id, "runs": runs, "total": found.runs})

    def show_run(self, job: str, number: int) -> dict[str, object]:
        """One run."""
        found = self._job(job)
        with self._workspace.store.read() as reader:
            return bounded({"job_id": found.id, **view_run(reader, found, number).as_dict()})

    def list_decisions(self, job: str, *, run: int | None, limit: int) -> dict[str, object]:
        """The latest decisions of a job."""
        job_id, wanted = self._job_id(job), DecisionFilter(run=run)
        count = view_decisions(self._workspace, job_id, wanted, limit=0).found
        view = view_decisions(self._workspace, job_id, wanted, offset=max(0, count - limit), limit=limit)
        return bounded({"job_id": job_id, **view.as_dict(), "found": view.found, "waiting": view.waiting})

    def show_trace(self, job: str, wanted: RunSlice) -> dict[str, object]:
        """Calls of language models."""
        wish = TraceWish(step=wanted.step, run=wanted.run, call=wanted.call, has_texts=wanted.has_texts)
        return bounded(view_trace(self._workspace, self._job_id(job), wish).as_dict())

    def read_artifact(self, job: str, step: str, wanted: ArtifactSlice) -> dict[str, object]:
        """A piece of the output of a step; of a fan-out, which instances have one."""
        job_id = self._job_id(job)
        instances = find_instances(self._workspace, job_id, step)
        if instances is not None:
            names = [str(this) for this in instances]
            return {"instances": names[:MAX_INSTANCES], "count": len(names), "note": "name one of them"}
        (view,) = view_artifacts(self._workspace, job_id, step, run=wanted.run)
        text, end, size = _piece(view, wanted)
        return {
            "step": view.step,
            "run": view.run,
            "state": view.state.value if view.state else None,
            "artifact": view.output.address,
            "files": [{"name": name, "size": file.size} for name, file in islice(view.output.files.items(), MAX_LISTED)],
            "text": text,
            "size": size,
            "next_offset": end if end < size else None,
        }

    def plan_run(self, job: str, request: RunRequest) -> dict[str, object]:
        """What a run would do."""
        prepared = prepare_run(self._workspace, self._job_id(job), request)
        plan = view_plan(prepared)
        return bounded({"ready": plan.is_ready, "prerequisites": list_prerequisites(prepared), **plan.as_dict()})

    def recommend_run(self, job: str, request: RunRequest, *, rationale: str) -> dict[str, object]:
        """Advice on record."""
        given = recommend_run(self._workspace, self._job_id(job), request, rationale=rationale, author=self._author)
        return {**bounded(recommendation_record(given)), "note": "nothing was started: a person decides"}


def _piece(view: ArtifactView, wanted: ArtifactSlice) -> tuple[str, int, int]:
    """Some of a file, or of the value as JSON: the text, where it ends, and how many bytes there are."""
    if wanted.file is None:
        whole = json.dumps(view.output.value, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        body, size = whole[wanted.offset : wanted.offset + wanted.limit], len(whole)
    else:
        view.check_file(wanted.file)
        with view.output.open(wanted.file) as stream:
            stream.seek(wanted.offset)
            body, size = stream.read(wanted.limit), view.output.files[wanted.file].size
    text, used = _whole_characters(body, is_end=wanted.offset + len(body) >= size)
    return text, wanted.offset + used, size


def _whole_characters(body: bytes, *, is_end: bool) -> tuple[str, int]:
    """The text of some bytes without a character that is cut at their end, and how many bytes it is made of."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(body, final=is_end)
    used = len(body) - len(decoder.getstate()[0])
    return (text, used) if used or not body else (body.decode("utf-8", "replace"), len(body))


def bounded(record: Mapping[str, object]) -> dict[str, object]:
    """A record whose lists are short; ``left_out`` says how many entries of which list are missing.

    Raises:
        InvalidInput: it is too long even so.
    """
    cut = {name: value[:MAX_LISTED] if isinstance(value, list) else value for name, value in record.items()}
    missing = {
        name: len(value) - MAX_LISTED for name, value in record.items() if isinstance(value, list) and len(value) > MAX_LISTED
    }
    size = len(json.dumps(cut, ensure_ascii=False, default=str))
    if size > MAX_ANSWER:
        raise InvalidInput(
            f"the answer has {size} characters; at most {MAX_ANSWER} are given",
            hint="ask for one step or one run",
            code="answer_too_long",
        )
    return {**cut, "left_out": missing} if missing else cut
