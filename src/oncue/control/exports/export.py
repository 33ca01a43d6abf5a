"""Export a job: one ZIP that opens without this program, and is at the same time an RO-Crate.

::

    read_facts ──▶ place_outputs ──▶ bodies, one by one ──▶ job.json · README.md · ro-crate-metadata.json
    one view       pure              copied in pieces        of facts that are redacted

The same state of a job gives the same bytes: every date in the archive is that of the job's own last event.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from oncue.control.exports.crate import CrateParts, render_crate
from oncue.control.exports.exportcontent import Content, Contents
from oncue.control.exports.exportfacts import JobFacts, Placement, place_outputs, read_facts
from oncue.control.exports.exportnames import PathBook
from oncue.control.exports.exportreadme import render_readme
from oncue.control.exports.exportrecord import PlacedContent, describe_job, list_pruned
from oncue.control.exports.exporttraces import TraceFiles, write_traces
from oncue.control.exports.exportzip import Archive, Written, open_archive, open_nameless_archive
from oncue.control.promptrecords import prompt_records, render_prompt_history
from oncue.control.views.eventsview import event_as_dict
from oncue.control.workspace import Workspace
from oncue.core.definitionrecord import encode_definition
from oncue.core.events import Event
from oncue.core.model import JobId, StepId
from oncue.core.secrets import KnownSecret, known_secrets, redact, redact_all

PAGE = 100
LARGEST_EVENT_BYTES = 1 << 16
"""More than one line of events has; an entry that may exceed 4 GiB must say so before it is written."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSummary:
    """What an export wrote: ``size`` is that of the archive in bytes, ``pruned`` names what it could not include."""

    job_id: JobId
    target: Path
    files: int
    size: int
    questions: int
    stale: tuple[StepId, ...] = ()
    pruned: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "job_id": self.job_id,
            "target": str(self.target),
            "files": self.files,
            "size": self.size,
            "questions": self.questions,
            "stale": list(self.stale),
            "pruned": list(self.pruned),
        }


def export_job(workspace: Workspace, job_id: JobId, target: Path, *, environ: Mapping[str, str] | None = None) -> ExportSummary:
    """Write a job with everything on record about it, its deliverables and its current outputs, as one archive.

    ``environ`` (the process's own) tells which values are secret. What was at the target is replaced once all is written.

    Raises:
        UnknownJob: there is no such job.
        InvalidInput: the folder of the target does not exist, or the target is no plain file.
        CannotExport: the archive cannot be written.
    """
    known = known_secrets(os.environ if environ is None else environ)
    facts = read_facts(workspace, job_id)
    with open_archive(target, facts.at) as archive:
        files, pruned = _write_all(workspace, archive, facts, known=known)
    summary = ExportSummary(
        job_id=job_id,
        target=target,
        files=files,
        size=target.stat().st_size,
        questions=len(facts.questions),
        stale=tuple(step.id for step in facts.stale),
        pruned=pruned,
    )
    log.info("exported a job", extra={"event": "job_exported", "job_id": job_id, "files": summary.files})
    return summary


def export_to_send(workspace: Workspace, job_id: JobId, *, environ: Mapping[str, str] | None = None) -> IO[bytes]:
    """The same archive in a file without a name, open at its end; whoever sends it closes it, and nothing is left.

    Raises:
        UnknownJob: there is no such job.
        CannotExport: the archive cannot be written.
    """
    known = known_secrets(os.environ if environ is None else environ)
    facts = read_facts(workspace, job_id)
    with open_nameless_archive(facts.at) as (archive, file):
        files, _ = _write_all(workspace, archive, facts, known=known)
    log.info("exported a job", extra={"event": "job_exported", "job_id": job_id, "files": files})
    return file


def _write_all(
    workspace: Workspace, archive: Archive, facts: JobFacts, *, known: tuple[KnownSecret, ...]
) -> tuple[int, tuple[str, ...]]:
    """Write everything; how many files that is, and what is pruned and so not among them."""
    placed = _write_outputs(workspace, archive, place_outputs(facts), known=known)
    clean = redact_all(facts, known)
    placed = [replace(one, placement=redact_all(one.placement, known)) for one in placed]
    traces = write_traces(workspace, archive, clean, known=known)
    others = _write_records(workspace, archive, clean, placed=placed, traces=traces, known=known)
    crate = render_crate(clean, CrateParts(placed=placed, others=others, has_texts=traces.texts > 0))
    archive.write("ro-crate-metadata.json", [crate], size=len(crate))
    files = len(others) + 1 + traces.texts + sum(len(one.content.files) for one in placed)
    return files, (*list_pruned(placed), *traces.pruned)


def _write_outputs(
    workspace: Workspace, archive: Archive, placements: Sequence[Placement], *, known: tuple[KnownSecret, ...]
) -> list[PlacedContent]:
    """Write the bodies of all outputs; the folders get their names before any file does."""
    book = PathBook()
    folders = [book.folder(*(redact(part, known) for part in placement.parts)) for placement in placements]
    contents = Contents(archive, book, workspace.store.blobs, clean=lambda name: redact(name, known))
    placed: list[PlacedContent] = []
    for start in range(0, len(placements), PAGE):
        page = placements[start : start + PAGE]
        with workspace.store.read() as reader:
            artifacts = reader.load_artifacts([placement.artifact for placement in page])
        for placement, folder in zip(page, folders[start:], strict=False):
            artifact = artifacts.get(placement.artifact)
            gone = Content(artifact=placement.artifact, pruned=("its body",))
            content = gone if artifact is None else contents.write(artifact, folder)
            placed.append(PlacedContent(placement=placement, folder=folder, content=content))
    return placed


def _write_records(
    workspace: Workspace,
    archive: Archive,
    facts: JobFacts,
    *,
    placed: Sequence[PlacedContent],
    traces: TraceFiles,
    known: tuple[KnownSecret, ...],
) -> list[Written]:
    """Write everything but the bodies and the crate."""
    workflow = json.loads(encode_definition(facts.stored))
    files = {"job.json": _pretty(describe_job(facts, placed)), "workflow.json": _pretty(workflow)}
    if facts.questions:
        files["prompt_history.json"] = _pretty(prompt_records(facts.questions))
        files["prompt_history.txt"] = render_prompt_history(facts.questions).encode()
    files["README.md"] = render_readme(facts, placed, pruned_texts=traces.pruned).encode()
    events = archive.write(
        "events.jsonl", _event_lines(workspace, facts, known), size=facts.job.event_seq * LARGEST_EVENT_BYTES
    )
    calls = [traces.calls] if traces.calls is not None else []
    return [events, *calls, *(archive.write(path, [body], size=len(body)) for path, body in files.items())]


def _event_lines(workspace: Workspace, facts: JobFacts, known: tuple[KnownSecret, ...]) -> Iterator[bytes]:
    for event in _events(workspace, facts):
        record = redact_all(event_as_dict(event), known)
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _events(workspace: Workspace, facts: JobFacts) -> Iterator[Event]:
    """The events up to the state that is exported, page by page; no view stays open while they are written."""
    after, last = 0, facts.job.event_seq
    while after < last:
        with workspace.store.read() as reader:
            page = [event for event in reader.list_events(facts.job.id, after=after, limit=1000) if event.seq <= last]
        if not page:
            return
        yield from page
        after = page[-1].seq


def _pretty(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
