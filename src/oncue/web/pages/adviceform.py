"""Recommendations in the run panel: what fills the form, and whether the form still says what was recommended.

Using one fills the form. Nothing is started by it: the person presses Run, as for any other plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.preflight import Prepared
from oncue.control.recommending import list_recommendations, load_recommendation
from oncue.control.views.panelview import spell
from oncue.core.model import Job
from oncue.core.plan import request_as_dict
from oncue.core.recommendations import Recommendation, find_overrides
from oncue.web.pages.panelform import PARAM, Fields
from oncue.web.site import Site

SHOWN = 3
FIELD = "recommendation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counsel:
    """What the panel shows of advice: the latest, and the one whose settings were used; ``changed`` is where they differ."""

    offered: tuple[Recommendation, ...]
    followed: Recommendation | None = None
    changed: tuple[str, ...] = ()


NO_COUNSEL = Counsel(offered=())


def find_counsel(site: Site, job: Job, fields: Fields) -> Counsel:
    """The advice for a job, and which of it the form follows.

    Raises:
        NotFound: the job was given no such recommendation.
    """
    id_ = dict(fields).get(FIELD, "")
    return Counsel(
        offered=tuple(list_recommendations(site.workspace, job.id, limit=SHOWN)),
        followed=load_recommendation(site.workspace, job.id, id_) if id_ else None,
    )


def keep_recommended(body: Mapping[str, object], fields: Fields, followed: Recommendation | None) -> dict[str, object]:
    """A body with the recommended parameters that stand in the form, also where the job has these values by now."""
    params = followed.request.get("params") if followed else None
    if not isinstance(params, Mapping):
        return dict(body)
    texts = dict(fields)
    same = {name: value for name, value in params.items() if texts.get(f"{PARAM}{name}", "") == spell(value)}
    changed = body.get("params")
    return {**body, "params": {**same, **(changed if isinstance(changed, Mapping) else {})}} if same else dict(body)


def find_changes(prepared: Prepared, followed: Recommendation | None) -> tuple[str, ...]:
    """Where what the form says departs from what was recommended."""
    if followed is None:
        return ()
    used = request_as_dict(prepared.plan.request)
    return tuple(override.name for override in find_overrides(followed.request, used))


def load_fields(site: Site, job: Job, id_: str) -> list[tuple[str, str]]:
    """The fields of the panel that mean a recommendation.

    Raises:
        NotFound: the job was given no such recommendation.
    """
    return [(FIELD, id_), *fill_fields(load_recommendation(site.workspace, job.id, id_).request)]


def fill_fields(request: Mapping[str, object]) -> list[tuple[str, str]]:
    """A stored run request as the fields of the panel."""
    fields = [
        (name, str(request[name]))
        for name in ("scope", "phase", "downstream", "context", "answers", "definition")
        if name in request
    ]
    fields += [(name, "yes") for name in ("refresh", "keep_comments") if request.get(name)]
    steps, params, budget, comment = (request.get(name) for name in ("steps", "params", "budget", "comment"))
    fields += [("step", str(step)) for step in steps] if isinstance(steps, list | tuple) else []
    fields += [(f"{PARAM}{name}", spell(value)) for name, value in params.items()] if isinstance(params, Mapping) else []
    fields += [(f"budget.{name}", str(value)) for name, value in budget.items()] if isinstance(budget, Mapping) else []
    if isinstance(comment, Mapping):
        fields += [("comment", str(comment["text"])), ("kind", str(comment.get("kind") or ""))]
    return fields
