"""The API of workflows that can be chosen, and of making a job of one; nothing here starts a run."""

from __future__ import annotations

from fastapi import APIRouter

from oncue.control.offers import create_offered, find_offer, view_offers
from oncue.web.schemas import workflowshapes as shapes
from oncue.web.site import Operating, Reading, TheSite

router = APIRouter(tags=["workflows"])


@router.get("/workflows", response_model=shapes.WorkflowsList)
def list_workflows(*, site: TheSite, _: Reading) -> object:
    """What a job can be made of: the manifests of the served folder, and the bundled workflows."""
    return {"workflows": [offer.as_dict() for offer in view_offers(site.workspace)]}


@router.get("/workflows/{ref}", response_model=shapes.WorkflowRecord)
def show_workflow(*, site: TheSite, _: Reading, ref: str) -> object:
    """One of them, with its parameters."""
    offer = find_offer(site.workspace, ref)
    return {**offer.as_dict(), "params": offer.params_as_dicts()}


@router.post("/jobs", response_model=shapes.NewJobRecord, status_code=201)
def make_job(*, site: TheSite, _: Operating, body: shapes.NewJobBody) -> object:
    """Make a job; nothing runs before a person starts it."""
    job = create_offered(site.workspace, body.workflow, params=body.params)
    return {"job_id": job.id, "workflow": job.workflow, "params": dict(job.params)}
