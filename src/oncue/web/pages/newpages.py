"""The pages on which a job is made: choose a workflow, fill in its parameters. Making it starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from oncue.control.offers import InvalidParams, Offer, create_offered, find_offer, view_offers
from oncue.control.views.panelview import ParamChoice, offer_params
from oncue.errors import DefinitionError
from oncue.web.pages.frame import draw
from oncue.web.pages.panelform import PARAM, read_texts
from oncue.web.pages.panelpages import MAX_FIELDS
from oncue.web.site import Operating, Site, TheSite

Ref = Annotated[str, Query(max_length=255)]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/new")
def new_job(*, request: Request, site: TheSite, _: Operating, workflow: Ref = "") -> str:
    """The workflows to choose from, or the form of the one that was chosen."""
    if not workflow:
        return draw("new.html", request, site, offers=view_offers(site.workspace))
    return _draw_form(request, site, find_offer(site.workspace, workflow))


@router.post("/new")
async def make_job(*, request: Request, site: TheSite, _: Operating, workflow: Ref) -> Response:
    """Make the job and go to its page; or the form again, with what is wrong beside each field."""
    form = await request.form(max_fields=MAX_FIELDS, max_files=0)
    texts = read_texts([(name, text) for name, text in form.multi_items() if isinstance(text, str)], PARAM)
    return await run_in_threadpool(_make, request, site, ref=workflow, texts=texts)


def _make(request: Request, site: Site, *, ref: str, texts: Mapping[str, str]) -> Response:
    offer = find_offer(site.workspace, ref)
    try:
        job = create_offered(site.workspace, ref, params=_given(offer, texts), is_text=True)
    except InvalidParams as error:
        wrong = {f"{PARAM}{name}": why for name, why in error.wrong.items()}
        return HTMLResponse(_draw_form(request, site, offer, texts=texts, wrong=wrong), error.http_status)
    except DefinitionError as error:
        broken = replace(offer, definition=None, problem=error.message)
        return HTMLResponse(_draw_form(request, site, broken), error.http_status)
    return RedirectResponse(f"/jobs/{quote(job.id)}", status_code=303)


def _given(offer: Offer, texts: Mapping[str, str]) -> Mapping[str, str]:
    """What a person wrote: a field that still shows its default, or a needed one that is empty, says nothing."""
    shown = {choice.param.name: choice for choice in _choices(offer)}
    return {
        name: text
        for name, text in texts.items()
        if name not in shown or (text if shown[name].param.is_required else text != shown[name].text)
    }


def _draw_form(
    request: Request,
    site: Site,
    offer: Offer,
    *,
    texts: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> str:
    written = texts or {}
    choices = [replace(choice, text=written.get(choice.param.name, choice.text)) for choice in _choices(offer)]
    return draw("new_form.html", request, site, offer=offer, choices=choices, wrong=wrong or {}, ref=quote(offer.ref))


def _choices(offer: Offer) -> tuple[ParamChoice, ...]:
    return offer_params(offer.definition, {}) if offer.definition else ()
