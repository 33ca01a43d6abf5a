"""Where an attempt keeps what it needs only while it runs: a folder on the machine that executes it, its log among it."""

from __future__ import annotations

from pathlib import Path

from oncue.core.canonical import content_hash
from oncue.core.model import Attempt

LOG_FILE = "log.txt"
"""What a step writes with ``ctx.log``."""
SHELL_LOG = "log"
"""What the command of a shell step prints."""


def scratch_path(folder: Path, attempt: Attempt) -> Path:
    """The scratch folder of an attempt, below the local folder of the workspace."""
    key = attempt.key
    name = f"{key.run}-{content_hash(key.step.encode())[7:19]}-{key.number}-{attempt.fence}"
    return folder / "jobs" / key.job_id / "scratch" / name


def read_open_log(folder: Path, attempt: Attempt, *, limit: int) -> tuple[bytes, int] | None:
    """The last bytes of the log of an attempt that executes on this machine, and how many come before; None without one."""
    scratch = scratch_path(folder, attempt)
    for log in (scratch / LOG_FILE, scratch / SHELL_LOG):
        try:
            if not log.is_file():  # a pipe of this name would hold whoever opens it
                continue
            with log.open("rb") as stream:
                left_out = max(0, log.stat().st_size - limit)
                stream.seek(left_out)
                return stream.read(limit), left_out
        except OSError:  # the attempt just ended
            continue
    return None
