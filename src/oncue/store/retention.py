"""Prunes bodies that nobody needs any more to their metadata; attempts, events, triggers and decisions stay for ever.

::

    an output is needed   while it is current, or its step keeps every body, or it is cited, or its job has an open run
    a collection          while a needed output was made from it
    a file                while a needed output has it

First the rows are marked, in one transaction; a blob goes only when its mark is older than a grace period and still there.
A step that makes the same bytes meanwhile takes the mark away together with its commit, so what it found stored stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

from oncue.core.model import ArtifactKind, ContentHash, JobId, StepId
from oncue.core.ports import Blobs, Store
from oncue.core.writeport import Transaction
from oncue.store import rows
from oncue.store.database import Row
from oncue.store.transaction import StoreTransaction

GRACE_SECONDS = 3600.0

KeepsBodies = Callable[[JobId, StepId], bool]
"""Whether a step keeps the bodies of all its outputs: deliverables, and steps whose workflow asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a pruning did: bodies taken out of rows, blobs deleted, and how many bytes that freed."""

    bodies: int
    blobs: int
    size: int


class SizedBlobs(Blobs, Protocol):
    """What the blobs of this package can do beyond the port."""

    def size(self, address: ContentHash) -> int:
        """The size of a stored body in bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What the row of an artifact says about its body; ``inline`` is its size inside the row."""

    address: ContentHash
    is_collection: bool
    inline: int
    files: tuple[ContentHash, ...]
    pruned_at: datetime | None


def prune(
    store: Store,
    *,
    at: datetime,
    keeps_bodies: KeepsBodies,
    cited: Collection[ContentHash] = (),
    grace_seconds: float = GRACE_SECONDS,
) -> Pruned:
    """Prune a workspace; ``cited`` are addresses of artifacts and blobs that a trace or a report names.

    Safe beside running jobs and other prunings. A body found superseded for the first time leaves its row at once; where it
    is a blob, a pruning after the grace period deletes it.
    """
    blobs = cast("SizedBlobs", store.blobs)
    old = at - timedelta(seconds=grace_seconds)

    def mark(tx: Transaction) -> tuple[int, int]:
        return _empty_rows(_Needs(_inside(tx), keeps_bodies, cited), at)

    def sweep(tx: Transaction) -> tuple[int, int]:
        return _delete_blobs(_Needs(_inside(tx), keeps_bodies, cited), blobs, old)

    bodies, inline = store.write(mark)
    deleted, freed = store.write(sweep)
    return Pruned(bodies=bodies, blobs=deleted, size=inline + freed)


def _inside(tx: Transaction) -> StoreTransaction:
    if not isinstance(tx, StoreTransaction):
        raise TypeError("only a workspace of this package can be pruned")
    return tx


class _Needs:
    """Which bodies nobody needs, seen from inside a transaction."""

    def __init__(self, tx: StoreTransaction, keeps_bodies: KeepsBodies, cited: Collection[ContentHash]) -> None:
        self.tx = tx
        tx.hold_artifacts()
        bodies = [_body(row) for row in tx.list_bodies()]
        collections = {body.address for body in bodies if body.is_collection}
        outputs, needed = set(), {*cited, *tx.list_cited()}
        open_jobs = {run.job_id for run in tx.list_open_runs()}
        for job_id, step, address, inputs, current in tx.list_outputs():
            used = collections.intersection(rows.read_inputs(inputs).steps.values()) if collections and inputs else set()
            outputs.add(address)
            outputs |= used
            if current is not None or address in needed or job_id in open_jobs or keeps_bodies(job_id, step):
                needed.add(address)
                needed |= used
        self.superseded = [body for body in bodies if body.address in outputs - needed]
        kept = [body for body in bodies if body.address not in outputs or body.address in needed]
        self.blobs = needed.union(tx.list_logs(), *({body.address, *body.files} for body in kept))


def _empty_rows(needs: _Needs, at: datetime) -> tuple[int, int]:
    """Take bodies out of rows, and mark those that are blobs; how many left a row, and their bytes."""
    found = [body for body in needs.superseded if body.pruned_at is None]
    needs.tx.prune_artifacts([body.address for body in found], at)
    inline = [body.inline for body in found if body.inline]
    return len(inline), sum(inline)


def _delete_blobs(needs: _Needs, blobs: SizedBlobs, old: datetime) -> tuple[int, int]:
    """Delete blobs of bodies that were marked before; how many, and their bytes."""
    due = {
        address
        for body in needs.superseded
        if body.pruned_at is not None and body.pruned_at <= old
        for address in (body.address, *body.files)
    }
    sizes = []
    for address in (due - needs.blobs).intersection(blobs.addresses()):
        sizes.append(blobs.size(address))
        blobs.delete(address)
    return len(sizes), sum(sizes)


def _body(row: Row) -> _Body:
    address, kind, inline, files, pruned_at = row
    return _Body(
        address=address,
        is_collection=kind == ArtifactKind.COLLECTION.value,
        inline=inline or 0,
        files=tuple(rows.decode(files)) if files else (),
        pruned_at=None if pruned_at is None else rows.from_micros(pruned_at),
    )
