"""The log that a step's attempt wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_END

from oncue.control.views.artifactview import find_step
from oncue.control.views.jobview import look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import ContentHash, JobId, StepId
from oncue.core.ports import Blobs
from oncue.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    """The whole log of one attempt."""

    step: StepId
    run: int
    number: int
    address: ContentHash
    blobs: Blobs

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, piece by piece."""
        with self.blobs.open(self.address) as stream:
            while chunk := stream.read(1 << 20):
                yield chunk

    def end(self, limit: int) -> tuple[bytes, int]:
        """Its last bytes, and how many are before them."""
        with self.blobs.open(self.address) as stream:
            before = max(0, stream.seek(0, SEEK_END) - limit)
            stream.seek(before)
            return stream.read(), before


def view_log(workspace: Workspace, job_id: JobId, step: str, *, run: int | None = None, attempt: int | None = None) -> LogView:
    """The log of a step's latest attempt that kept one, or of its latest in a run, or of the attempt of this number there.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
        NotFound: no attempt of it kept a log.
    """
    with workspace.store.read() as reader:
        picture = look_at_job(workspace, reader, load_job(reader, job_id))
        this = find_step(picture, step)
        made = [one for one in reader.list_attempts(job_id, run=run, step=this) if one.log is not None]
    attempts = [one for one in made if attempt in (None, one.key.number)]
    if not attempts:
        where = f" in run {run}" if run is not None else ""
        where += f" of attempt {attempt}" if attempt is not None else ""
        raise NotFound(f"step {this} has no log{where}", hint=f"oncue job show {job_id} lists its attempts", code="no_log")
    latest = attempts[-1]
    address = latest.log
    assert address is not None, "only attempts with a log were kept"
    key = latest.key
    return LogView(step=this, run=key.run, number=key.number, address=address, blobs=workspace.store.blobs)
