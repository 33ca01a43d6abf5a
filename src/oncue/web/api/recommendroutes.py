"""The API of recommendations: give one, look at them. None of this starts anything; the scope ``recommend`` is enough."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from oncue.control.recommending import list_recommendations, load_recommendation, recommend_run, recommendation_record
from oncue.web.api.jobroutes import MAX_PAGE
from oncue.web.runbody import read_request
from oncue.web.schemas import runshapes as shapes
from oncue.web.site import Reading, Recommending, TheJob, TheSite

router = APIRouter(tags=["recommendations"])


@router.post("/jobs/{job}/recommendations", response_model=shapes.RecommendationRecord, status_code=201)
def recommend(*, site: TheSite, identity: Recommending, job: TheJob, body: shapes.RecommendBody) -> object:
    """Put advice on record: what to run, and why. A person sees it in the run panel, and decides."""
    given = recommend_run(site.workspace, job.id, read_request(body), rationale=body.rationale, author=identity.actor)
    return recommendation_record(given)


@router.get("/jobs/{job}/recommendations", response_model=shapes.RecommendationsPage)
def list_given(*, site: TheSite, _: Reading, job: TheJob, limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50) -> object:
    """The recommendations for a job, the newest first."""
    found = list_recommendations(site.workspace, job.id, limit=limit)
    return {"job_id": job.id, "recommendations": [recommendation_record(given) for given in found]}


@router.get("/jobs/{job}/recommendations/{recommendation}", response_model=shapes.RecommendationRecord)
def show_given(*, site: TheSite, _: Reading, job: TheJob, recommendation: Annotated[str, Path(max_length=100)]) -> object:
    """One recommendation."""
    return recommendation_record(load_recommendation(site.workspace, job.id, recommendation))
