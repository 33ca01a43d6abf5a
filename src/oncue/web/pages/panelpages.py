"""The run panel: what may be asked for, and the plan of what is asked for. Looking ahead stores nothing.

The panel itself starts no run: its one button sends the body that was planned to the route that starts runs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from oncue.control.preflight import Prepared, prepare_run
from oncue.control.views.panelview import PanelView, explain_changes, find_moved, read_changes, view_panel
from oncue.control.views.planview import view_plan
from oncue.control.views.promptplan import plan_prompts
from oncue.core.comments import MAX_COMMENT_CHARS, CommentKind
from oncue.core.model import Job, step_name
from oncue.core.request import AnswersPolicy, Scope
from oncue.errors import OncueError
from oncue.web.pages.adviceform import NO_COUNSEL, find_changes, find_counsel, keep_recommended, load_fields
from oncue.web.pages.frame import draw
from oncue.web.pages.panelform import BUDGETS, PARAM, SHOWN, Advice, Fields, advise, read_body, read_texts
from oncue.web.pages.panelwords import UNKNOWN, explain_fields, name_slots
from oncue.web.runbody import read_request
from oncue.web.schemas.runshapes import RequestBody
from oncue.web.site import Operating, Site, TheJob, TheSite

LISTED = 12
LISTED_STEPS = 40
MAX_FIELDS = 12_000
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/parts/jobs/{job}/panel")
def panel(
    *,
    request: Request,
    site: TheSite,
    job: TheJob,
    _: Operating,
    scope: Scope | None = None,
    step: Annotated[list[str], Query(max_length=1000)] = [],  # noqa: B006 - never changed
    phase: str = "",
    answers: AnswersPolicy = AnswersPolicy.ASK,
    focus: str = "",
    recommendation: str = "",
) -> str:
    """The panel as it opens, with the plan of what it says at first; with a recommendation it says what that does."""
    advised = load_fields(site, job, recommendation) if recommendation else []
    chosen = tuple(value for name, value in advised if name == "step") or tuple(step)
    view = view_panel(site.workspace, job.id, chosen=chosen)
    asked = AnswersPolicy.REUSE if view.is_replay else answers
    wished = [("scope", (scope or view.scope).value), ("phase", phase), ("answers", asked.value)]
    fields = [*wished, *(("step", one) for one in chosen), *(field for field in advised if field[0] != "step")]
    return draw(
        "panel.html",
        request,
        site,
        panel=view,
        scopes=_scopes(view),
        given=defaultdict(str, fields),
        chosen=set(chosen),
        focus=focus,
        slots=(),
        budgets=BUDGETS,
        draft=f"{job.id}?{request.url.query}",
        limit=MAX_COMMENT_CHARS,
        kinds=tuple(CommentKind),
        **_plan(site, job, fields),
    )


@router.post("/parts/jobs/{job}/plan")
async def plan(*, request: Request, site: TheSite, job: TheJob, _: Operating) -> str:
    """The plan of what the panel says now."""
    form = await request.form(max_fields=MAX_FIELDS, max_files=0)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    planned = await run_in_threadpool(_plan, site, job, fields)
    return await run_in_threadpool(partial(draw, "plan.html", request, site, slots=name_slots(fields), **planned))


def _plan(site: Site, job: Job, fields: Fields) -> dict[str, object]:
    """What a plan is drawn from; a request that cannot be meant is a blocker like any other."""
    common: dict[str, object] = {"job": job, "listed": LISTED, "groups": LISTED_STEPS, "counsel": NO_COUNSEL}
    common["has_changed"] = ("changed", "yes") in fields
    texts, shown = read_texts(fields, PARAM), read_texts(fields, SHOWN)
    moved = find_moved(site.workspace, job.id, shown=shown)
    common["moved"] = [(choice, texts.get(choice.param.name) != shown[choice.param.name]) for choice in moved]
    try:
        read_params = partial(read_changes, site.workspace, job.id, shown=shown)
        counsel = find_counsel(site, job, fields)
        common["counsel"] = counsel
        body = keep_recommended(read_body(fields, read_params), fields, counsel.followed)
        prepared = prepare_run(site.workspace, job.id, read_request(RequestBody.model_validate(body)))
        view = view_plan(prepared)
        guidance = _guidance(site, prepared)
    except OncueError as error:
        wrong = explain_fields(error, partial(explain_changes, site.workspace, job.id, texts, shown=shown))
        message, *others = wrong.values() or (error.message,)
        note = Advice(kind="blocker", code=error.code, message=message, others=tuple(others))
        return common | {"plan": None, "notes": [note], "body": "", "wrong": wrong}
    except ValueError:  # a field that the body does not take: the page offers no such value
        note = Advice(kind="blocker", code="invalid_fields", message=UNKNOWN)
        return common | {"plan": None, "notes": [note], "body": "", "wrong": {}}
    if counsel.followed is not None:
        common["counsel"] = replace(counsel, changed=find_changes(prepared, counsel.followed))
        body["recommended_message_id"] = counsel.followed.id
    return common | guidance | {"plan": view, "notes": advise(view), "body": json.dumps(body), "wrong": {}}


def _guidance(site: Site, prepared: Prepared) -> dict[str, object]:
    """The prompts that a plan would send, where it can be started, and whether any of its steps reads comments."""
    steps = prepared.snapshot.graph.steps
    return {
        "prompts": None if prepared.plan.blockers else plan_prompts(site.workspace, prepared),
        "takes_comment": any(steps[step_name(step.id)].takes_comment for step in prepared.plan.executing),
    }


def _scopes(view: PanelView) -> list[tuple[Scope, str, str]]:
    """Every scope with its words."""
    return [
        (Scope.ALL, "Everything", "every step, sources included"),
        (Scope.RESUME, "What is missing, failed or stale", "and nothing else"),
        (Scope.FROM, "From a step on", "the chosen steps and everything that builds on them"),
        (Scope.ONLY, "Only some steps", "the chosen steps alone; what builds on them becomes stale"),
        (Scope.PHASE, "A phase", "the steps of one phase"),
    ][: None if len(view.phases) > 1 else 4]
