"""A child process with all its descendants, ended together: asked first, then killed.

The process leads a session of its own, so its descendants are in its process group unless they leave it on purpose
(``setsid``). Nothing of the group is left behind: not after a cancel, and not after a success either.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

GRACE_SECONDS = 5.0
"""How long a process group has between the request to end and its end; also how long output may follow the exit."""
_LOOK_SECONDS = 0.02
_CHUNK = 1 << 16

Sink = Callable[[bytes], object]
Pumps = asyncio.Future[tuple[None, None]]


async def run_group(
    command: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    sinks: tuple[Sink, Sink],
    grace_seconds: float = GRACE_SECONDS,
) -> int:
    """Run a command to its end; returns its exit status, negative for a signal.

    Standard output and error go to the two sinks as they come, in constant memory. When the task is cancelled the whole
    group is asked to end, killed after the grace, and only then is the cancellation passed on.

    Raises:
        OSError: the command cannot be started.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    )
    was_cancelled = await _outlast_cancels(starting)
    process = starting.result()
    assert process.stdout is not None
    assert process.stderr is not None
    pumps = asyncio.gather(_pump(process.stdout, sinks[0]), _pump(process.stderr, sinks[1]))
    try:
        if was_cancelled:
            raise asyncio.CancelledError
        status = await _wait(process, pumps)
        await _finish(pumps, grace_seconds)
    finally:
        await _end(process, pumps, grace_seconds)
    return status


async def _pump(stream: asyncio.StreamReader, sink: Sink) -> None:
    while chunk := await stream.read(_CHUNK):
        sink(chunk)


async def _wait(process: asyncio.subprocess.Process, pumps: Pumps) -> int:
    """The exit status; at once when the output cannot be written, for then the process would wait for ever."""
    ending = asyncio.ensure_future(process.wait())
    both: set[asyncio.Future[Any]] = {ending, pumps}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            pumps.result()
        return await ending
    finally:
        ending.cancel()


async def _finish(pumps: Pumps, grace_seconds: float) -> None:
    """Let the output end; what was left in the background may hold it open only for the grace."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(pumps), grace_seconds)


async def _end(process: asyncio.subprocess.Process, pumps: Pumps, grace_seconds: float) -> None:
    """End the group, come what may: a further cancel only ends the grace, and is passed on when all is over."""
    hurry = asyncio.Event()
    ending = asyncio.ensure_future(_end_group(process, pumps, grace_seconds=grace_seconds, hurry=hurry))
    was_cancelled = await _outlast_cancels(ending, hurry)
    ending.result()
    if was_cancelled:
        raise asyncio.CancelledError


async def _outlast_cancels(work: asyncio.Future[Any], hurry: asyncio.Event | None = None) -> bool:
    """Wait until work is done whoever cancels meanwhile; returns whether anybody did."""
    was_cancelled = False
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            was_cancelled = True
            if hurry is not None:
                hurry.set()
    return was_cancelled


async def _end_group(process: asyncio.subprocess.Process, pumps: Pumps, *, grace_seconds: float, hurry: asyncio.Event) -> None:
    if is_group_alive(process.pid):
        _signal_group(process.pid, signal.SIGTERM)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_seconds
        while is_group_alive(process.pid) and loop.time() < deadline and not hurry.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), _LOOK_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
    await process.wait()
    if not pumps.done():
        await _stop_reading(process, pumps)


async def _stop_reading(process: asyncio.subprocess.Process, pumps: Pumps) -> None:
    """Take what is in the pipes; a descendant that left the group may hold them open for ever."""
    with contextlib.suppress(TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(pumps, _LOOK_SECONDS)
    process._transport.close()  # type: ignore[attr-defined]


def is_group_alive(group: int) -> bool:
    """Whether a process group has a member that still runs; one that only waits to be collected does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        return True
    return any(_runs_in(entry, group) for entry in proc.iterdir() if entry.name.isdecimal())


def _runs_in(entry: Path, group: int) -> bool:
    try:
        fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[2]) == group and fields[0] not in "ZX"


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
