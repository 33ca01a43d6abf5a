"""The pages: each is a view, a template, and a fragment of it that is fetched again when something changed."""

from __future__ import annotations

from fastapi import APIRouter

from oncue.web.pages import (
    actpages,
    doorpages,
    drawingpages,
    guidancepages,
    jobpages,
    newpages,
    panelpages,
    questionpages,
    runpages,
    steppages,
)

router = APIRouter()
for _pages in (
    doorpages,
    jobpages,
    newpages,
    panelpages,
    questionpages,
    actpages,
    steppages,
    runpages,
    drawingpages,
    guidancepages,
):
    router.include_router(_pages.router)
