"""Writes a job's ``job_data.json``: a picture of the truth for other programs, replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from oncue.core.model import JobId
from oncue.errors import InvalidInput
from oncue.store.blobs import cannot_write, flush_folder

FILE = "job_data.json"


def job_folder(folder: Path, job_id: JobId) -> Path:
    """The folder of a job below the workspace.

    Raises:
        InvalidInput: the id is not a plain name, so that it could lead elsewhere.
    """
    if not job_id or job_id.startswith(".") or any(character in job_id for character in "/\\\0:"):
        raise InvalidInput(f"{job_id!r} cannot name a folder")
    return folder / "jobs" / job_id


def write_job_data(folder: Path, job_id: JobId, body: bytes) -> None:
    """Replace the file of a job: a reader sees the old bytes or the new ones, also after a power cut."""
    target = job_folder(folder, job_id)
    temporary = target / f".{os.urandom(8).hex()}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as sink:
            sink.write(body)
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(temporary, target / FILE)
        flush_folder(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise cannot_write(error, target) from error
