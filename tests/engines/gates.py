"""Where steps of the tests wait: for their parent process, for an event of the test, or not at all."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from oncue import StepContext
from tests.engines.manual_clock import ManualClock
from tests.support.processes import PATIENCE_SECONDS, Line


@dataclass(slots=True)
class Gate:
    """What the steps of this process find; a test sets it before it runs anything."""

    line: Line | None = None
    holds: bool = True
    opened: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    cleared: threading.Event = field(default_factory=threading.Event)
    clock: ManualClock | None = None

    def say(self, text: str) -> None:
        """Tell the parent process, if there is one."""
        if self.line is not None:
            self.line.say(text)

    def reset(self) -> None:
        """A new gate."""
        self.line, self.holds, self.clock = None, True, None
        self.opened, self.begun, self.cleared = threading.Event(), threading.Event(), threading.Event()


gate = Gate()


def wait_at_gate(ctx: StepContext) -> None:
    """Wait in a thread: in a child process for a word of its parent, else for the event ``opened``."""
    gate.say(f"holding {ctx.step}")
    gate.begun.set()
    if gate.holds and gate.line is not None:
        gate.line.hear()
    elif gate.holds:
        gate.opened.wait(PATIENCE_SECONDS)


async def wait_for_ever(ctx: StepContext) -> None:
    """Wait as a coroutine; say when that is interrupted."""
    gate.say(f"holding {ctx.step}")
    gate.begun.set()
    if not gate.holds:
        return
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        gate.say(f"interrupted {ctx.step}")
        raise
