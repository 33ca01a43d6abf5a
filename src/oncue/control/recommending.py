"""Recommend a run: advice is checked by the preflight that every run passes, stored, and starts nothing.

Nothing here can start a run: this module may import neither what mints triggers nor what starts runs; a contract sees to that.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from oncue.control.instants import show_instant
from oncue.control.preflight import Prepared, list_prerequisites, prepare_run
from oncue.control.views.planview import estimate_as_dict
from oncue.control.workspace import Workspace, load_job
from oncue.core.events import EventDraft, EventType
from oncue.core.model import JobId
from oncue.core.plan import request_as_dict
from oncue.core.recommendations import Recommendation, RecommendationId
from oncue.core.request import RunRequest
from oncue.core.secrets import find_secrets, known_secrets
from oncue.core.writeport import Transaction
from oncue.errors import InvalidInput, NotFound

MAX_RATIONALE = 4000


def recommend_run(
    workspace: Workspace, job_id: JobId, request: RunRequest, *, rationale: str, author: str, is_text: bool = False
) -> Recommendation:
    """Put advice to run a job in a certain way on record, with what preflight says of it now; blocked advice is kept as such.

    Raises:
        UnknownJob, UnknownStep, UnknownPhase, InvalidParam, InvalidComment: the request cannot be meant; see ``prepare_run``.
        InvalidInput: no rationale, one that is too long, or one that looks as if it held a secret.
    """
    why = _check_rationale(rationale)
    prepared = prepare_run(workspace, job_id, request, is_text=is_text)
    given = _recommendation(workspace, prepared, rationale=why, author=author)
    data: dict[str, object] = {"recommendation_id": given.id, "author": author}

    def record(tx: Transaction) -> None:
        tx.append_events(job_id, [EventDraft(type=EventType.RECOMMENDATION_GIVEN, data=data)], given.given_at)
        tx.insert_recommendation(given)

    workspace.store.write(record)
    return given


def _recommendation(workspace: Workspace, prepared: Prepared, *, rationale: str, author: str) -> Recommendation:
    return Recommendation(
        id=RecommendationId(workspace.new_id()),
        job_id=prepared.snapshot.job.id,
        request=request_as_dict(prepared.plan.request),
        rationale=rationale,
        author=author,
        given_at=workspace.clock.now(),
        plan_digest=prepared.plan.digest,
        blockers=tuple(finding.as_dict() for finding in prepared.plan.blockers),
        warnings=tuple(finding.as_dict() for finding in prepared.plan.warnings),
        estimate=estimate_as_dict(prepared.estimate),
        prerequisites=list_prerequisites(prepared),
    )


def list_recommendations(workspace: Workspace, job_id: JobId, *, limit: int = 100) -> Sequence[Recommendation]:
    """The recommendations for a job, the newest first.

    Raises:
        UnknownJob: there is no such job.
    """
    with workspace.store.read() as reader:
        load_job(reader, job_id)
        return reader.list_recommendations(job_id, limit=limit)


def load_recommendation(workspace: Workspace, job_id: JobId, id_: str) -> Recommendation:
    """One recommendation for a job.

    Raises:
        NotFound: the job was given none with this id.
    """
    with workspace.store.read() as reader:
        found = reader.load_recommendation(RecommendationId(id_))
    if found is None or found.job_id != job_id:
        raise NotFound(
            f"job {job_id} was given no recommendation {id_[:100]!r}",
            hint=f"oncue job recommendations {job_id}",
            code="unknown_recommendation",
        )
    return found


def recommendation_record(given: Recommendation) -> dict[str, object]:
    """The wire form; ``status`` is how it stood when it was given."""
    return {
        "recommendation_id": given.id,
        "job_id": given.job_id,
        "status": "blocked" if given.blockers else "ready",
        "recommended_run_config": dict(given.request),
        "rationale": given.rationale,
        "author": given.author,
        "given_at": show_instant(given.given_at),
        "plan_digest": given.plan_digest,
        "blockers": [dict(finding) for finding in given.blockers],
        "warnings": [dict(finding) for finding in given.warnings],
        "prerequisites": dict(given.prerequisites),
        "estimate": dict(given.estimate),
    }


def _check_rationale(text: str) -> str:
    why = text.strip()
    if not why:
        raise InvalidInput("a recommendation says why", code="no_rationale")
    if len(why) > MAX_RATIONALE:
        raise InvalidInput(
            f"the rationale has {len(why)} characters; at most {MAX_RATIONALE} are kept", code="rationale_too_long"
        )
    if find_secrets(why, known_secrets(os.environ)):
        raise InvalidInput("the rationale looks as if it held a secret; it was not stored", code="secret_in_rationale")
    return why
