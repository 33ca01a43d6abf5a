"""Gather a corpus: every readable document of a folder, or the Python language reference that CPython carries."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from oncue.workflows.research import readers
from oncue.workflows.research.documents import Corpus, CorpusError, Document, Passage, Problem
from oncue.workflows.research.passages import cut_passages, name_of, place_on_page

PYTHON_DOCS = "python-docs"
MAX_BYTES = 32 * 1024 * 1024
"""Files larger than this are reported, not read."""

_Reader = Callable[[bytes], tuple[readers.Page, ...]]
_READERS: Mapping[str, tuple[str, _Reader]] = {
    ".md": ("markdown", readers.read_markdown),
    ".markdown": ("markdown", readers.read_markdown),
    ".txt": ("text", readers.read_text),
    ".rst": ("text", readers.read_text),
    ".html": ("html", readers.read_html),
    ".htm": ("html", readers.read_html),
    ".pdf": ("pdf", readers.read_pdf),
}
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A source before it is read: ``name`` is its path in the folder, with ``/``."""

    name: str
    path: Path


def gather(source: str) -> Corpus:
    """The corpus of ``python-docs`` or of a folder; raises ``CorpusError`` where there is nothing to read."""
    if source == PYTHON_DOCS:
        return gather_python_docs()
    return gather_folder(Path(source))


def gather_folder(folder: Path) -> Corpus:
    """Every document below a folder, ordered by path; what cannot be read is in ``problems`` with its reason."""
    if not folder.is_dir():
        raise CorpusError(
            f"no folder of documents at {folder}: expected a folder or the word {PYTHON_DOCS}",
            hint=f"give a folder that holds {', '.join(_READERS)} files",
        )
    found, ignored = _walk(folder)
    ids = slugs([item.name for item in found])
    documents: list[Document] = []
    problems: list[Problem] = []
    for item in found:
        try:
            documents.append(_read_file(item, ids[item.name]))
        except (OSError, readers.UnreadableFile) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            problems.append(Problem(path=item.name, reason=reason))
    if not documents:
        raise _nothing_to_read(folder, problems, ignored)
    return Corpus(source=str(folder), documents=tuple(documents), problems=tuple(problems), ignored=ignored)


def gather_python_docs() -> Corpus:
    """The topics of Python's language reference as ``help()`` shows them (module ``pydoc_data.topics``)."""
    try:
        from pydoc_data.topics import topics
    except ImportError as cause:
        raise CorpusError(
            "this Python has no module pydoc_data.topics, which CPython carries",
            hint="give a folder of documents instead",
        ) from cause
    ids = slugs(sorted(topics))
    return Corpus(
        source=PYTHON_DOCS,
        documents=tuple(
            _document(
                readers.read_text(topics[name].encode()),
                id_=ids[name],
                source=f'pydoc_data.topics["{name}"]',
                kind="python-docs",
                data=topics[name].encode(),
            )
            for name in sorted(topics)
        ),
    )


def slugs(names: Sequence[str]) -> Mapping[str, str]:
    """A slug for every name; names that would share one are told apart by a hash of the name, so order is no matter."""
    plain = {name: _NOT_SLUG.sub("-", name.lower()).strip("-") or "document" for name in names}
    counts = Counter(plain.values())
    return {
        name: slug if counts[slug] == 1 else f"{slug}-{sha256(name.encode()).hexdigest()[:8]}" for name, slug in plain.items()
    }


def _walk(folder: Path) -> tuple[list[_Found], int]:
    """Files of known kinds in path order, and how many others there are; hidden folders are not entered."""
    found, ignored = [], 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith(".") or path.is_symlink() or path.suffix.lower() not in _READERS:
            ignored += 1
        else:
            found.append(_Found(name=name, path=path))
    return sorted(found, key=lambda item: item.name), ignored


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root) / name for name in sorted(names))


def _read_file(item: _Found, id_: str) -> Document:
    size = item.path.stat().st_size
    if size > MAX_BYTES:
        raise readers.UnreadableFile(f"{size:,} bytes are more than the limit of {MAX_BYTES:,}")
    kind, read = _READERS[item.path.suffix.lower()]
    data = item.path.read_bytes()
    document = _document(read(data), id_=id_, source=item.name, kind=kind, data=data)
    if not document.passages:
        raise readers.UnreadableFile("no prose was found in it (empty, only code, or a scan without text)")
    return document


def _document(pages: Sequence[readers.Page], *, id_: str, source: str, kind: str, data: bytes) -> Document:
    passages: list[Passage] = []
    for page in pages:
        cut = cut_passages(page.blocks, document=id_, source=source, start=len(passages) + 1)
        passages.extend(cut if page.number is None else place_on_page(cut, page.number))
    title = next((page.title for page in pages if page.title), "") or name_of(source)
    return Document(
        id=id_,
        title=title,
        source=source,
        kind=kind,
        content_hash=sha256(data).hexdigest(),
        passages=tuple(passages),
    )


def _nothing_to_read(folder: Path, problems: Sequence[Problem], ignored: int) -> CorpusError:
    first = f"; the first problem is {problems[0].path}: {problems[0].reason}" if problems else ""
    return CorpusError(
        f"no document could be read in {folder}: {len(problems)} unreadable, {ignored} of other kinds{first}",
        hint=f"put {', '.join(_READERS)} files into it, or use {PYTHON_DOCS}",
    )
