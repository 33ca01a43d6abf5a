"""The calls of language models in an archive: one line for each, and every text that was said as a file named by its hash.

A text is there once, however many calls share it. Its name is the hash that the record has of it; where a secret was taken out
of it for the export, its content has another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oncue.control.exports.exportfacts import JobFacts
from oncue.control.exports.exportzip import Archive, Written
from oncue.control.views.artifactview import load_body
from oncue.control.views.callview import CallView, SectionView
from oncue.control.workspace import Workspace
from oncue.core.comments import comments_by_run
from oncue.core.model import ContentHash
from oncue.core.modelcalls import ModelCall
from oncue.core.secrets import KnownSecret, redact, redact_all

CALLS = "traces/calls.jsonl"
TEXTS = "traces/texts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFiles:
    """What became of the calls: the list of them (None where there are none), how many texts, and those not stored any more."""

    calls: Written | None = None
    texts: int = 0
    pruned: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """How many files of the archive they are."""
        return self.texts + (self.calls is not None)


def write_traces(workspace: Workspace, archive: Archive, facts: JobFacts, *, known: tuple[KnownSecret, ...]) -> TraceFiles:
    """Write the calls of a job and their texts, one text at a time; ``facts`` are redacted already."""
    if not facts.calls:
        return TraceFiles()
    written, pruned = 0, []
    for address in dict.fromkeys(address for call in facts.calls for address in texts_of(call)):
        with workspace.store.read() as reader:
            body = load_body(reader, workspace.store, address)
        if body is None:
            pruned.append(text_path(address))
            continue
        text = clean_text(body.decode("utf-8", "replace"), known).encode()
        archive.write(text_path(address), [text], size=len(text))
        written += 1
    lines = [json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in _records(facts)]
    calls = archive.write(CALLS, lines, size=sum(map(len, lines)))
    return TraceFiles(calls=calls, texts=written, pruned=tuple(pruned))


def texts_of(call: ModelCall) -> Sequence[ContentHash]:
    """Everything that was said in a call, by address."""
    reply = [call.reply] if call.reply is not None else []
    return [*(section.hash for section in call.sections), call.payload, *reply]


def text_path(address: ContentHash) -> str:
    """Where a text is in the archive."""
    return f"{TEXTS}{address.partition(':')[2]}.txt"


def clean_text(text: str, known: tuple[KnownSecret, ...]) -> str:
    """A text without secrets. Within JSON they are looked for in its values, where a quotation mark is one, not its escape."""
    if text.startswith(("{", "[")):
        try:
            value = json.loads(text)
        except ValueError:
            return redact(text, known)
        cleaned = redact_all(value, known)
        if cleaned != value:
            text = json.dumps(cleaned, ensure_ascii=False)
    return redact(text, known)


def _records(facts: JobFacts) -> Iterator[dict[str, object]]:
    comments = comments_by_run(facts.comments)
    for call in facts.calls:
        view = CallView(
            call=call,
            sections=tuple(SectionView(name=ref.name, hash=ref.hash, redacted=ref.redacted) for ref in call.sections),
            comments=tuple(comments[run] for run in call.comments if run in comments),
        )
        yield view.as_dict()
