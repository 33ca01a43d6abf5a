"""Bodies as answers, whole or the part that is asked for, and never as a page that could run in this server's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import guess_type
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from oncue.web.refusals import NoSuchRange

CHUNK_BYTES = 1 << 16
SHOWN = frozenset({
    "application/json", "image/avif", "image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp", "text/csv",
    "text/plain",
})  # fmt: skip
"""What a browser may show by itself; everything else is saved. The policy below keeps an SVG from running anything."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The bytes from ``start`` up to ``end``, which is not one of them."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client wants of a body, by its headers: a part of it, only of one content, or nothing that it has already."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None

    def part_of(self, etag: str) -> str | None:
        """The range; none where the content is another one by now."""
        return self.range if self.if_range in (None, etag) else None

    def has(self, etag: str) -> bool:
        """Whether the client has this content."""
        known = [one.strip().removeprefix("W/") for one in (self.if_none_match or "").split(",")]
        return etag in known or "*" in known


def answer_bytes(source: BinaryIO, *, name: str, tag: str, wanted: Wanted) -> Response:
    """A body under the name of a file; ``tag`` names the content.

    Raises:
        NoSuchRange: none of the wanted bytes are there.
    """
    etag = f'"{tag}"'
    lasting = {"Cache-Control": "private, max-age=0, must-revalidate", "ETag": etag}
    if wanted.has(etag):
        source.close()
        return Response(status_code=304, headers=lasting)
    try:
        size = source.seek(0, 2)
        span = read_range(wanted.part_of(etag), size)
    except NoSuchRange:
        source.close()
        raise
    kind = guess_type(name)[0] or "application/octet-stream"
    placed = "inline" if kind in SHOWN else "attachment"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    part = span or Span(start=0, end=size)
    headers = {
        "Accept-Ranges": "bytes",
        **lasting,
        "Content-Disposition": f"{placed}; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}",
        "Content-Length": str(part.end - part.start),
        "Content-Security-Policy": POLICY,
    }
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    return StreamingResponse(_pieces(source, part), 200 if span is None else 206, headers=headers, media_type=kind)


def read_range(wanted: str | None, size: int) -> Span | None:
    """Which bytes a ``Range`` header asks for; None is all of them, as for headers that ask for several parts.

    Raises:
        NoSuchRange: none of them are there.
    """
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        span = Span(start=max(0, size - int(last)), end=size)
    else:
        span = Span(start=int(first), end=min(size, int(last) + 1) if last else size)
    if span.start >= span.end:
        raise NoSuchRange(size)
    return span


def _pieces(source: BinaryIO, span: Span) -> Iterator[bytes]:
    with source:
        source.seek(span.start)
        left = span.end - span.start
        while left and (piece := source.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece
