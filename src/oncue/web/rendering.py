"""Pages and their fragments from templates; every value is escaped, and model text becomes HTML through a sanitizer only."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.types import Scope

from oncue.control.instants import show_instant
from oncue.core.canonical import content_hash

FOLDER = Path(__file__).parent / "pages"
STATIC = Path(__file__).parent / "static"
RENDERED_TEXTS = 256
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
    environment.filters.update(instant=show_time, duration=show_duration, markdown=render_markdown)
    environment.globals["static"] = static_url
    return environment


def render_page(name: str, *, scope: Scope, **values: object) -> str:
    """A page or a fragment for one request; templates find ``identity`` and ``nonce`` as well."""
    state = scope["state"]
    return page_environment().get_template(name).render(
        identity=state.get("identity"), nonce=state.get("nonce", ""), path=scope["path"], **values
    )  # fmt: skip


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


@lru_cache(maxsize=RENDERED_TEXTS)
def render_markdown(text: str) -> Markup:
    """Markdown as HTML: no HTML of its own passes the parser, and what comes out passes a sanitizer."""
    import nh3
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"]).render(text)
    return Markup(nh3.clean(html, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer nofollow"))
