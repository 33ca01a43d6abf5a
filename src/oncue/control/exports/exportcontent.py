"""The bodies of outputs as files of an archive: text as text, other values as the JSON they are stored as, files as they are.

What a step stored is never altered: a ``value.json`` has the very bytes that its artifact is addressed by. Nothing is held in
memory whole but the value of an output that has files too.
"""

from __future__ import annotations

import io
import json
import mimetypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from oncue.control.exports.exportnames import PathBook
from oncue.control.exports.exportzip import CHUNK_BYTES, Archive, Written
from oncue.core.canonical import canonical_json
from oncue.core.model import Artifact, ArtifactKind, ContentHash
from oncue.core.ports import Blobs
from oncue.errors import NoArtifact

_MARKDOWN = re.compile(rb"^(?:#{1,6} \S|```|\|.*\|$|> \S)|\]\([^)\s]+\)|\*\*\S", re.MULTILINE)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))")
_UNFINISHED = re.compile(rb"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$")
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_MEDIA_TYPES = {".md": "text/markdown", ".jsonl": "application/jsonl"}
_KNOWN_TYPES = mimetypes.MimeTypes(filenames=())  # without the machine's own table: the same job, the same bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One output in the archive: the files it became, and the names of those whose body is gone."""

    artifact: ContentHash
    files: tuple[Written, ...] = ()
    pruned: tuple[str, ...] = ()


class Contents:
    """Writes outputs into one archive; ``clean`` takes secrets out of file names."""

    def __init__(self, archive: Archive, book: PathBook, blobs: Blobs, *, clean: Callable[[str], str]) -> None:
        self._archive = archive
        self._book = book
        self._blobs = blobs
        self._clean = clean

    def write(self, artifact: Artifact, folder: str) -> Content:
        """Write an output into a folder of the archive, as far as its bodies are still stored."""
        if not self._has_body(artifact):
            return Content(artifact=artifact.hash, pruned=("its body",))
        if artifact.kind is not ArtifactKind.TREE:
            return Content(artifact=artifact.hash, files=(self._write_value(artifact, folder),))
        with self._open(artifact) as stream:
            tree = json.loads(stream.read())
        files: list[Written] = []
        pruned: list[str] = []
        for name, entry in tree["files"].items():
            try:
                source = self._blobs.open(ContentHash(entry["sha256"]))
            except NoArtifact:
                pruned.append(self._clean(name))
                continue
            with source:
                path = self._book.file(folder, self._clean(name))
                files.append(self._archive.write(path, _pieces(source), size=int(entry["size"])))
        if tree["value"] is not None:
            body = canonical_json(tree["value"])
            value = Artifact(hash=artifact.hash, kind=ArtifactKind.VALUE, size=len(body), body=body)
            files.append(self._write_value(value, folder))
        return Content(artifact=artifact.hash, files=tuple(files), pruned=tuple(pruned))

    def _write_value(self, artifact: Artifact, folder: str) -> Written:
        with self._open(artifact) as stream:
            first = stream.read(CHUNK_BYTES)
            if not first.startswith(b'"'):
                path = self._book.file(folder, "value.json")
                return self._archive.write(path, _following(first, stream), size=artifact.size)
            name = "value.md" if _MARKDOWN.search(b"".join(unescape(iter([first])))) else "value.txt"
            path = self._book.file(folder, name)
            return self._archive.write(path, unescape(_following(first, stream)), size=artifact.size)

    def _has_body(self, artifact: Artifact) -> bool:
        return artifact.body is not None or self._blobs.has(artifact.hash)

    def _open(self, artifact: Artifact) -> BinaryIO:
        return io.BytesIO(artifact.body) if artifact.body is not None else self._blobs.open(artifact.hash)


def unescape(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The text of a canonical JSON string, piece by piece; its quotation marks are taken away."""
    rest, skipped = b"", 1
    for piece in pieces:
        data = rest + piece[skipped:]
        skipped = 0
        unfinished = _UNFINISHED.search(data, 0, max(0, len(data) - 1))
        end = unfinished.start(1) if unfinished else max(0, len(data) - 1)
        rest = data[end:]
        yield _ESCAPE.sub(_meant, data[:end])
    yield _ESCAPE.sub(_meant, rest.removesuffix(b'"'))


def _meant(match: re.Match[bytes]) -> bytes:
    code, plain = match.groups()
    return chr(int(code, 16)).encode() if code else _PLAIN.get(plain, plain)


def media_type(path: str) -> str:
    """What kind of file a path names."""
    suffix = path[path.rfind(".") :].lower()
    guessed, packing = _KNOWN_TYPES.guess_type(path)
    if packing is not None:
        return f"application/{packing}"
    return _MEDIA_TYPES.get(suffix) or guessed or "application/octet-stream"


def _following(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield first
    yield from _pieces(stream)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(CHUNK_BYTES):
        yield piece
