"""The pages: each is a view, a template, and a fragment of it that is fetched again when something changed."""

from __future__ import annotations

from fastapi import APIRouter

from oncue.web import doorpages, jobpages, panelpages

router = APIRouter()
for _pages in (doorpages, jobpages, panelpages):
    router.include_router(_pages.router)
