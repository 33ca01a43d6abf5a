"""Markdown as HTML: no HTML of its own passes the parser, and what comes out passes a sanitizer.

A text must not make the reader's browser call another server, so an image from elsewhere is shown as a link. What a text names
of the files that belong to the same output is shown, or linked, at the address of that file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from oncue.web.filekinds import is_image

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

RENDERED_TEXTS = 256
_ALIGNED = {"is-left", "is-center", "is-right"}
_CLASSES = {"td": _ALIGNED, "th": _ALIGNED, "div": {"scroll"}}


class Named(Protocol):
    """A file of an output."""

    @property
    def name(self) -> str:
        """Its name in the output, with its folders."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The files beside a text: their names, where they are served (the name follows), and the folder the text is in."""

    names: frozenset[str] = frozenset()
    address: str = ""
    folder: str = ""

    def find(self, target: str) -> str | None:
        """The file that a text means by a relative address; None where it is none of them."""
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path:
            return None
        path = unquote(parts.path)
        known = (posixpath.normpath(posixpath.join(self.folder, path)), posixpath.normpath(path))
        return next((name for name in known if name in self.names), None)

    def address_of(self, name: str) -> str:
        """Where a file is served."""
        return self.address + quote(name, safe="")


NOTHING_BESIDE = Beside()


def show_markdown(text: str, *, address: str = "", files: Iterable[Named] = (), place: str = "") -> Markup:
    """A text of an output as HTML; ``files`` are those of the same output, and ``place`` is the name of the text among them."""
    if not address:
        return render_markdown(text)
    names = frozenset(file.name for file in files)
    return render_markdown(text, Beside(names=names, address=address, folder=posixpath.dirname(place)))


@lru_cache(maxsize=RENDERED_TEXTS)
def render_markdown(text: str, beside: Beside = NOTHING_BESIDE) -> Markup:
    """Markdown as HTML; tables scroll by themselves, and keep the alignment of their columns as a class."""
    import nh3

    parser = markdown_parser()
    html = parser.renderer.render(list(_fit(parser.parse(text), beside)), parser.options, {})
    attributes = {**nh3.ALLOWED_ATTRIBUTES, "img": {"src", "alt", "loading"}, "div": {"tabindex"}}
    return Markup(
        nh3.clean(
            html,
            attributes=attributes,
            allowed_classes=_CLASSES,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def show_plain(text: str) -> str:
    """Markdown as one line of plain text, where a page has no room for more than words."""
    blocks = [token.children or [token] for token in markdown_parser().parse(text) if token.content]
    words = ["".join(" " if part.type.endswith("break") else part.content for part in parts) for parts in blocks]
    return " ".join(" ".join(words).split())


@cache
def markdown_parser() -> MarkdownIt:
    """The one parser: CommonMark with tables, and no HTML."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def _fit(tokens: Iterable[Token], beside: Beside) -> Iterator[Token]:
    """The tokens of a text as a page can show them: the alignment of a cell is a class, as pages allow no styles."""
    for token in tokens:
        aligned = str(token.attrs.pop("style", "")).removeprefix("text-align:")
        if aligned:
            token.attrSet("class", f"is-{aligned}")
        token.children = list(_fit_inline(token.children or (), beside)) or token.children
        yield token


def _fit_inline(parts: Iterable[Token], beside: Beside) -> Iterator[Token]:
    """Links and pictures of the same output lead to it; a picture that is none, or is elsewhere, is a link."""
    for part in parts:
        target = str(part.attrGet("src") or part.attrGet("href") or "")
        name = beside.find(target)
        address = target if name is None else beside.address_of(name)
        if part.type == "link_open":
            part.attrSet("href", address)
        elif part.type == "image" and name is not None and is_image(name):
            part.attrs |= {"src": address, "loading": "lazy"}
        elif part.type == "image":
            yield from _link(address, part.content or target)
            continue
        yield part


def _link(address: str, words: str) -> Iterator[Token]:
    from markdown_it.token import Token

    yield Token("link_open", "a", 1, attrs={"href": address})
    yield Token("text", "", 0, content=words)
    yield Token("link_close", "a", -1)
