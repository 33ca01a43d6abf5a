"""Pages and their fragments from templates; every value is escaped, and model text becomes HTML in ``markdown`` only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from itertools import zip_longest
from math import floor, log10
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.types import Scope

from oncue.control.instants import show_instant
from oncue.control.views.requestwords import describe_request, describe_scope, describe_source
from oncue.core.canonical import content_hash
from oncue.core.questionwords import describe_response
from oncue.core.reasons import Reason, explain_reason
from oncue.web.answerform import form_fields
from oncue.web.filekinds import is_image
from oncue.web.findingwords import show_hint
from oncue.web.markdown import show_markdown, show_plain
from oncue.web.promptwords import FILTERS
from oncue.web.refusals import NotSignedIn
from oncue.web.wanted import wanted_page

FOLDER = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
BRIEF = 60
LISTED = 10
_CODE_SPAN = re.compile(r"(``?)(?=[^`])(.+?)(?<=[^`])\1(?!`)")
SECONDS_A_MINUTE, SECONDS_AN_HOUR, SECONDS_A_DAY = 60, 3600, 86_400


@cache
def page_environment() -> Environment:
    """The templates; an unknown name is an error, not a blank."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(instant=show_time, duration=show_duration, tick=show_tick, markdown=show_markdown)
    environment.filters.update(code_spans=show_code_spans)
    environment.filters.update(quote=quote_all, iso=show_instant, brief=show_brief, size=show_size)
    environment.filters.update(form_fields=form_fields, response_words=describe_response, hint=show_hint)
    environment.filters.update(plain=show_plain, listed=show_listed)
    environment.filters.update(reasons=join_reasons, value=show_whole, scope_words=describe_scope)
    environment.filters.update(request_words=describe_request, source_words=describe_source)
    environment.filters.update(FILTERS)
    environment.tests["image"] = is_image
    environment.globals["static"] = static_url
    environment.globals["first"] = NotSignedIn.FIRST
    environment.globals["m"] = environment.get_template("macros.html").module
    return environment


def render_page(name: str, /, *, scope: Scope, **values: object) -> str:
    """A page or a fragment for one request; templates find ``identity`` and ``nonce`` as well."""
    state = scope["state"]
    return page_environment().get_template(name).render(
        identity=state.get("identity"), nonce=state.get("nonce", ""), path=scope["path"], page_here=wanted_page(scope), **values
    )  # fmt: skip


def quote_all(text: object) -> str:
    """A text as one value of a query, whatever is in it."""
    return quote(str(text), safe="")


def show_brief(value: object) -> str:
    """A value in a few words: text as it is, anything else as JSON; long ones are cut, and say so."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if not text:
        return "(empty)"
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…"


def show_listed(value: object) -> str:
    """A value of a question: the items of a list one after the other, anything else in a few words."""
    if isinstance(value, list | tuple) and value and not any(isinstance(item, list | tuple | Mapping) for item in value):
        named = ", ".join(map(show_brief, value[:LISTED]))
        return f"{named} and {len(value) - LISTED} more" if len(value) > LISTED else named
    return show_brief(value)


def join_reasons(reasons: Iterable[Reason]) -> str:
    """Reasons in words."""
    return "; ".join(map(explain_reason, reasons))


def show_whole(value: object) -> str:
    """A value of a table: text as it is, nothing for null, anything else as JSON."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def show_size(count: int) -> str:
    """A number of bytes as people say it."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


@cache
def static_url(name: str) -> str:
    """The address of a static file; it changes with the file, so that it may be kept for ever."""
    return f"/static/{name}?v={content_hash((STATIC / name).read_bytes())[7:19]}"


def show_time(at: datetime | None) -> Markup:
    """An instant that the page shows in the reader's own time zone."""
    if at is None:
        return Markup('<span class="none">–</span>')
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        show_instant(at), f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y-%m-%d %H:%M}"
    )


def show_duration(seconds: float | None) -> str:
    """A duration as people say it: ``0.3 s``, ``42 s``, ``3 min 5 s``, ``2 h 10 min``, ``4 d 3 h``."""
    if seconds is None:
        return "–"
    if seconds < SECONDS_A_MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = int(seconds)
    for size, name, next_size, next_name in (
        (SECONDS_A_DAY, "d", SECONDS_AN_HOUR, "h"),
        (SECONDS_AN_HOUR, "h", SECONDS_A_MINUTE, "min"),
        (SECONDS_A_MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // next_size
            return f"{whole // size} {name}" + (f" {rest} {next_name}" if rest else "")
    return f"{whole} s"


def show_code_spans(text: str) -> Markup:
    """A sentence of a docstring: what stands between single or double backticks is code."""
    parts = _CODE_SPAN.split(text)
    codes = (Markup("<code>{}</code>").format(code) for code in parts[2::3])
    return Markup().join(part for pair in zip_longest(parts[::3], codes, fillvalue="") for part in pair)


def show_tick(seconds: float, tick: float) -> str:
    """A place along a time that is marked every ``tick`` seconds, as exact as that needs."""
    if not seconds:
        return "0 s"
    return f"{seconds:.{max(1, -floor(log10(tick)))}f} s" if tick < 1 else show_duration(seconds)
