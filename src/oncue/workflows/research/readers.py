"""Read the bytes of one file into titled blocks of prose: Markdown, HTML, plain text and reStructuredText, PDF.

The libraries (markdown-it-py, Beautiful Soup, pypdf) are imported by the reader that needs them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from oncue.workflows.research.documents import unwrap
from oncue.workflows.research.prose import Block, read_prose

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n(?:.*\n)*?---\n")
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_BREAK = re.compile(r"(\w+)-\n([a-z]+)")
_DIGITS = re.compile(r"\d+")
_HEADING = re.compile(r"h([1-6])")
_HTML_NOISE = ("script", "style", "nav", "header", "footer", "aside", "noscript", "template", "svg", "form", "button")
_HTML_LEAVES = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "dd", "dt", "blockquote", "pre", "table", "div")
_HTML_SKIPPED = ("pre", "table")


class UnreadableFile(Exception):
    """A file whose text cannot be had; the message is the reason shown to people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A title where the text names one, and blocks; ``number`` is the page (1-based) in sources that have pages."""

    title: str
    blocks: tuple[Block, ...]
    number: int | None = None


def read_text(data: bytes) -> tuple[Page, ...]:
    """Plain text or reStructuredText, with headings recognized by their underlines."""
    blocks = read_prose(decode(data))
    title = next((block.headings[0] for block in blocks if block.headings), "")
    return (Page(title=title, blocks=blocks),)


def read_markdown(data: bytes) -> tuple[Page, ...]:
    """CommonMark with tables; front matter, code, tables and HTML are left out, link targets and emphasis dropped."""
    from markdown_it import MarkdownIt

    text = decode(data)
    front = _FRONT_MATTER.match(text)
    head = front.group(0) if front else ""
    named = _FRONT_TITLE.search(head)
    tokens = MarkdownIt("commonmark").enable("table").parse("\n" * head.count("\n") + text[len(head) :])
    blocks = tuple(_markdown_blocks(tokens))
    first_heading = next((_inline_text(tokens[n + 1]) for n, t in enumerate(tokens) if t.type == "heading_open"), "")
    return (Page(title=unwrap(named.group(1) if named else first_heading), blocks=blocks),)


def read_html(data: bytes) -> tuple[Page, ...]:
    """The paragraphs, items and definitions of ``main``, ``article`` or the body; navigation, code and tables left out."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(decode(data), "html.parser")
    title = soup.title.get_text() if soup.title else ""
    for tag in soup.find_all(_HTML_NOISE):
        tag.decompose()
    blocks = tuple(_html_blocks(soup))
    heading = soup.find("h1")
    return (Page(title=unwrap(heading.get_text() if heading else title), blocks=blocks),)


def read_pdf(data: bytes) -> tuple[Page, ...]:
    """The text of every page, without lines that repeat on most pages, words broken at line ends mended."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it would log is raised here, or of no consequence
    try:
        reader = pypdf.PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise UnreadableFile("the PDF is encrypted; save a copy without a password")
        texts = [page.extract_text() for page in reader.pages]
        title = (reader.metadata.title if reader.metadata else None) or ""
    except UnreadableFile:
        raise
    except Exception as cause:  # a malformed PDF can raise anything from inside the parser
        raise UnreadableFile(f"the PDF cannot be parsed: {type(cause).__name__}: {cause}") from cause
    pages = _mended(_without_running_lines(texts))
    if not title and pages:
        title, pages[0] = _split_title(pages[0])
    return tuple(
        Page(title=unwrap(title) if number == 1 else "", blocks=read_prose(text), number=number)
        for number, text in enumerate(pages, 1)
    )


def decode(data: bytes) -> str:
    """UTF-8 (UTF-16 with its mark) with line feeds as line ends; raises ``UnreadableFile`` naming the offending byte."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as cause:
        at = f"byte 0x{data[cause.start]:02x} at offset {cause.start}" if cause.start < len(data) else cause.reason
        raise UnreadableFile(f"not {encoding.removesuffix('-sig').upper()} text: {at}") from cause
    if "\0" in text:
        raise UnreadableFile("not text: it contains NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _markdown_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    headings: list[tuple[int, str]] = []
    is_item = False
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            headings = [entry for entry in headings if entry[0] < level]
            headings.append((level, unwrap(_inline_text(tokens[number + 1]))))
        elif token.type == "list_item_open":
            is_item = True
        elif token.type == "paragraph_open" and token.map:
            text = _inline_text(tokens[number + 1])
            yield _block(text, token.map[0] + 1, token.map[1], headings=headings, is_item=is_item)
            is_item = False


def _inline_text(token: Token) -> str:
    """The words of an inline token: code keeps its backticks, line breaks stay, targets and markup go."""
    parts = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "text":
            parts.append(child.content)
    return "".join(parts)


def _html_blocks(soup: BeautifulSoup) -> Iterator[Block]:
    root = soup.find("main") or soup.find("article") or soup.body or soup
    headings: list[tuple[int, str]] = []
    for tag in root.find_all(_HTML_LEAVES):
        heading = _HEADING.fullmatch(tag.name)
        if heading:
            level = int(heading.group(1))
            headings = [entry for entry in headings if entry[0] < level]
            headings.append((level, unwrap(tag.get_text().replace("¶", ""))))
        elif tag.name not in _HTML_SKIPPED and not tag.find_parent(_HTML_SKIPPED):
            block = _html_block(tag, headings)
            if block:
                yield block


def _html_block(tag: Tag, headings: Sequence[tuple[int, str]]) -> Block | None:
    """The element's own text, up to the first nested block, which is visited by itself."""
    parts: list[str] = []
    for child in tag.descendants:
        name = getattr(child, "name", None)
        if name in _HTML_LEAVES or name in ("ul", "ol", "dl"):
            break
        if name is None:
            parts.append(str(child))
    text = "".join(parts).replace("\r\n", "\n")
    lead = len(text) - len(text.lstrip())
    if not text.strip():
        return None
    first = (tag.sourceline or 1) + text.count("\n", 0, lead)
    text = text.strip()
    is_item = tag.name in ("li", "dd") or (tag.parent is not None and tag.parent.name in ("li", "dd"))
    return _block(text, first, first + text.count("\n"), headings=headings, is_item=is_item)


def _block(text: str, first: int, last: int, *, headings: Sequence[tuple[int, str]], is_item: bool) -> Block:
    missing = last - first - text.count("\n")
    return Block(
        first=first,
        last=last,
        text=text + "\n" * max(0, missing),
        headings=tuple(title for _, title in headings),
        is_item=is_item,
    )


def _split_title(text: str) -> tuple[str, str]:
    """The first line as a title, and the rest, if the line looks like one: short, open at its end, a capital after it."""
    first, _, rest = text.strip().partition("\n")
    is_title = 1 < len(first.split()) <= 14 and first[:1].isupper() and first.rstrip()[-1:].isalnum()
    return (first, rest) if is_title and rest.lstrip()[:1].isupper() else ("", text)


def _without_running_lines(texts: Sequence[str]) -> list[str]:
    """Pages without the first and last lines that, numbers aside, stand on more than half of at least three pages."""
    counts: dict[str, int] = {}
    for text in texts:
        for line in dict.fromkeys(_edges(text)):
            counts[line] = counts.get(line, 0) + 1
    running = {line for line, count in counts.items() if len(texts) >= 3 and count > len(texts) / 2}
    return ["\n".join(line for line in text.split("\n") if _DIGITS.sub("#", line.strip()) not in running) for text in texts]


def _edges(text: str) -> list[str]:
    lines = [_DIGITS.sub("#", line.strip()) for line in text.split("\n") if line.strip()]
    return lines[:2] + lines[-2:]


def _mended(texts: Sequence[str]) -> list[str]:
    """Words broken by a hyphen at a line end joined, where the same document also has the word unbroken."""
    known = {word.lower() for text in texts for word in re.findall(r"\w+", text)}

    def mend(match: re.Match[str]) -> str:
        joined = match.group(1) + match.group(2)
        return f"{joined}\n" if joined.lower() in known else match.group(0)

    return [_BREAK.sub(mend, text) for text in texts]
