"""Real processes for tests, cheap enough to be killed by the hundred.

A **nursery** is a small process of one thread that has imported what its children need, and forks: a child is there in
milliseconds, owns nothing of its parent, and dies as any process does. Both sides talk in lines over a socket pair; its end
is the sign that the child is dead. Nothing here waits without a deadline, and nothing sleeps.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module

from tests.support.repository import ROOT

PATIENCE_SECONDS = 60.0
"""How long anything may take on a machine that is busy with other things; never waited for where all is well."""


class TooSlow(AssertionError):
    """What was waited for did not happen in time."""


def left(deadline: float) -> float:
    """Seconds until a deadline on the monotonic clock, at least zero."""
    return max(0.0, deadline - time.monotonic())


def soon(seconds: float = PATIENCE_SECONDS) -> float:
    """A deadline so many seconds from now."""
    return time.monotonic() + seconds


def wait_until(is_so: Callable[[], bool], what: str, *, deadline: float | None = None) -> None:
    """Look again and again until something is so; for what cannot announce itself, such as a file.

    Raises:
        TooSlow: the deadline passed.
    """
    deadline = soon() if deadline is None else deadline
    while not is_so():
        if left(deadline) == 0:
            raise TooSlow(f"not in time: {what}")
        select.select([], [], [], 0.005)


class Line:
    """One end of a socket pair; both ends speak in lines of text."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._heard = b""

    def say(self, text: str) -> None:
        """Send a line; harmless when nobody is left to hear it."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._end.sendall(f"{text}\n".encode())

    def hear(self, *, deadline: float | None = None) -> str | None:
        """The next line; None when the other end is gone.

        Raises:
            TooSlow: nothing came before the deadline.
        """
        deadline = soon() if deadline is None else deadline
        while b"\n" not in self._heard:
            if not select.select([self._end], [], [], left(deadline))[0]:
                raise TooSlow("no word from the other process")
            try:
                chunk = self._end.recv(1 << 16)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                return None
            self._heard += chunk
        text, _, self._heard = self._heard.partition(b"\n")
        return text.decode()

    def close(self) -> None:
        """Hang up."""
        self._end.close()


class Child:
    """A process that a nursery made; ``said`` is everything it has said so far."""

    def __init__(self, nursery: Nursery, pid: int, line: Line) -> None:
        self.pid = pid
        self.said: list[str] = []
        self._nursery = nursery
        self._line = line
        self._status: int | None = None

    def say(self, text: str) -> None:
        """Tell the child something."""
        self._line.say(text)

    def hear(self, *, deadline: float | None = None) -> str | None:
        """The next line it says; None when it is dead."""
        text = self._line.hear(deadline=deadline)
        if text is not None:
            self.said.append(text)
        return text

    def hear_until(self, wanted: str, *, deadline: float | None = None) -> str:
        """The first line that begins so.

        Raises:
            AssertionError: it ended without saying it.
        """
        while (text := self.hear(deadline=deadline)) is not None:
            if text.startswith(wanted):
                return text
        raise AssertionError(f"the process ended with {self.end()} and never said {wanted!r}, but: {self.said[-20:]}")

    def kill(self) -> None:
        """End it at once, as a power cut would; returns when it is dead."""
        self.signal(signal.SIGKILL)
        self.end()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; its process cannot have been replaced by another, because it is collected only by ``end``."""
        if self._status is None:
            os.kill(self.pid, number)

    def end(self, *, deadline: float | None = None) -> int:
        """Wait until it is dead, and return its exit status, negative for a signal."""
        if self._status is None:
            while self.hear(deadline=deadline) is not None:
                pass
            self._status = self._nursery.collect(self.pid)
            self._line.close()
        return self._status

    @property
    def has_ended(self) -> bool:
        """Whether it was found dead."""
        return self._status is not None


class Nursery:
    """Makes children that run ``module:function``; the modules are imported once, before the first fork."""

    def __init__(self, *modules: str) -> None:
        self._ours, theirs = socket.socketpair()
        self._children: list[Child] = []
        program = "import sys; from tests.support.processes import serve_nursery; serve_nursery(int(sys.argv[1]), sys.argv[2:])"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, str(theirs.fileno()), *modules], pass_fds=[theirs.fileno()], cwd=ROOT
        )
        theirs.close()

    def spawn(self, target: str, **arguments: object) -> Child:
        """A new process that calls ``module:function`` with its end of the line and the arguments, which are plain JSON."""
        ours, theirs = socket.socketpair()
        with theirs:
            request = json.dumps({"target": target, "arguments": arguments}).encode()
            socket.send_fds(self._ours, [request], [theirs.fileno()])
        child = Child(self, int(self._ours.recv(64)), Line(ours))
        self._children.append(child)
        return child

    def collect(self, pid: int) -> int:
        """The exit status of a child that is about to be dead."""
        self._ours.sendall(json.dumps({"collect": pid}).encode())
        return int(self._ours.recv(64))

    def close(self) -> None:
        """Kill what still lives."""
        for child in self._children:
            if not child.has_ended:
                child.kill()
        self._ours.close()
        self._process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def nursery(*modules: str) -> Iterator[Nursery]:
    """A nursery that leaves no child behind."""
    made = Nursery(*modules)
    try:
        yield made
    finally:
        made.close()


def serve_nursery(end: int, modules: list[str]) -> None:
    """Be a nursery until the other end hangs up."""
    for module in modules:
        import_module(module)
    requests = socket.socket(fileno=end)
    while True:
        message, passed, _, _ = socket.recv_fds(requests, 1 << 16, 1)
        if not message:
            return
        request = json.loads(message)
        if "collect" in request:
            status = os.waitstatus_to_exitcode(os.waitpid(request["collect"], 0)[1])
            requests.sendall(str(status).encode())
            continue
        pid = os.fork()
        if pid == 0:
            requests.close()
            os.set_inheritable(passed[0], False)
            raise SystemExit(_live(request, Line(socket.socket(fileno=passed[0]))))
        os.close(passed[0])
        requests.sendall(str(pid).encode())


def _live(request: dict[str, object], line: Line) -> int:
    """Do what a child is for; afterwards the interpreter ends as it always does."""
    module, _, name = str(request["target"]).partition(":")
    arguments = request["arguments"]
    assert isinstance(arguments, dict), "arguments are a JSON object"
    try:
        getattr(import_module(module), name)(line, **arguments)
    except BaseException as error:
        line.say(f"error {type(error).__name__}: {error}")
        traceback.print_exc()
        return 1
    return 0
