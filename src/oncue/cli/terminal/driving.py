"""Executing runs in this process, or watching another one do it: display, Ctrl-C and termination.

::

    Ctrl-C once    the run is asked to end (cooperatively), and is recorded as cancelled
    Ctrl-C twice   this process leaves at once
    SIGTERM        this process leaves; the run is taken over by whoever continues it

While a run waits for a person its questions are put here, or waited for (``attending.py``); Ctrl-C then leaves it waiting.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from oncue.control.execution.executor import Executor
from oncue.control.execution.storedrun import undecided_steps
from oncue.control.runs import cancel_run, load_run
from oncue.control.views.eventsview import read_events
from oncue.control.views.progressview import RunTracker, count_instances, open_tracker
from oncue.control.workspace import Workspace
from oncue.core.events import Event
from oncue.core.model import ENDED_RUNS, AttemptState, Run, RunState, WorkerId
from oncue.wiring import executing

TICK_SECONDS = 0.1
LOOK_SECONDS = 0.5


class Outcome(Enum):
    """Why this process stopped looking after a run."""

    ENDED = "ended"
    TERMINATED = "terminated"
    LEFT = "left"
    DETACHED = "detached"
    ASKED = "asked"
    PUT_OFF = "put_off"


class Reporter(Protocol):
    """Shows a run while it goes on."""

    def catch_up(self, events: Sequence[Event]) -> None:
        """Take what happened before."""
        ...

    def show(self, events: Sequence[Event]) -> None:
        """Take what happened now."""
        ...

    def tick(self, now: datetime) -> None:
        """Some time has passed."""
        ...

    def close(self) -> None:
        """The end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A run as this process left it."""

    run: Run
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What driving needs to know: how runs are shown, who acts, and how many steps may begin (None: all).

    ``attend`` waits until a run that asks may go on, and says why this process stops instead, if it does.
    """

    workspace: Workspace
    actor: str
    open_reporter: Callable[[Workspace, Run], Reporter]
    say: Callable[[str], None]
    attend: Callable[[Run, Signals], Awaitable[Outcome | None]]
    steps: int | None = None


class Signals:
    """Ctrl-C and SIGTERM as things that can be waited for."""

    def __init__(self) -> None:
        self.interrupts = 0
        self.is_terminated = False
        self.happened = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number, handler in ((signal.SIGINT, self._interrupt), (signal.SIGTERM, self._terminate)):
            self._loop.add_signal_handler(number, handler)

    def _interrupt(self) -> None:
        self.interrupts += 1
        self.happened.set()

    def _terminate(self) -> None:
        self.is_terminated = True
        self.happened.set()

    def close(self) -> None:
        """Give the signals back."""
        self._loop.remove_signal_handler(signal.SIGINT)
        self._loop.remove_signal_handler(signal.SIGTERM)


def drive(order: Drive, begin: Callable[[WorkerId], Sequence[Run]]) -> Driven:
    """Begin runs and execute them here, one after the other; ``begin`` is given the worker that will own them."""
    return asyncio.run(_drive(order, begin))


async def _drive(order: Drive, begin: Callable[[WorkerId], Sequence[Run]]) -> Driven:
    signals = Signals()
    try:
        async with executing(order.workspace) as executor:
            first, *others = await asyncio.to_thread(begin, executor.worker_id)
            driven = await _see_through(order, executor, first, signals=signals)
            for run in others:
                if driven.outcome is not Outcome.ENDED or driven.run.state not in ENDED_RUNS:
                    break
                driven = await _see_through(order, executor, run, signals=signals)
            return driven
    finally:
        signals.close()


async def _see_through(order: Drive, executor: Executor, run: Run, *, signals: Signals) -> Driven:
    """Look after a run and wait for its person, in turn, until it ends, pauses, or this process is asked to leave."""
    place = _Place()
    while True:
        if run.state is RunState.WAITING:
            outcome = await order.attend(run, signals)
            if outcome is not None:
                now = await asyncio.to_thread(load_run, order.workspace, run.job_id, run.number)
                return Driven(run=now, outcome=outcome)
        driven = await _look_after(order, executor, run, signals=signals, place=place)
        run = driven.run
        if driven.outcome not in (Outcome.ENDED, Outcome.ASKED) or run.state is not RunState.WAITING:
            return driven
        if order.steps is not None and await asyncio.to_thread(_is_paused, order.workspace, run):
            return replace(driven, outcome=Outcome.ENDED)  # seen from the store first, it looks as if it asked


def _is_paused(workspace: Workspace, run: Run) -> bool:
    """Whether a run waits for its person's next cue, and not for an answer."""
    with workspace.store.read() as reader:
        waiting = reader.list_attempts(run.job_id, run=run.number, states=(AttemptState.WAITING,))
        return not waiting and not undecided_steps(reader, run)


@dataclass(slots=True)
class _Place:
    """Up to which event a run was shown here; None before the first."""

    seq: int | None = None


async def _look_after(order: Drive, executor: Executor, run: Run, *, signals: Signals, place: _Place) -> Driven:
    """Execute a run, or wait for whoever executes it, until it ends, asks, or this process is asked to leave."""
    finishing = asyncio.ensure_future(executor.finish(run.job_id, run.number, steps=order.steps))
    done = asyncio.Event()
    finishing.add_done_callback(lambda _: done.set())
    following = asyncio.ensure_future(_follow(order, run, done, place=place))
    try:
        outcome = await _wait(order, executor, run, finishing=finishing, signals=signals)
        if outcome is Outcome.ENDED:
            await following
            return Driven(run=finishing.result(), outcome=outcome)
        if outcome is Outcome.ASKED:
            done.set()
            await following
        now = await asyncio.to_thread(load_run, order.workspace, run.job_id, run.number)
        return Driven(run=now, outcome=outcome)
    finally:
        for task in (finishing, following):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _wait(order: Drive, executor: Executor, run: Run, *, finishing: asyncio.Future[Run], signals: Signals) -> Outcome:
    """Wait for the end of the run or a signal, and do what the signal asks for."""
    has_asked = False
    while not finishing.done():
        happened = asyncio.ensure_future(signals.happened.wait())
        both: set[asyncio.Future[Any]] = {finishing, happened}
        await asyncio.wait(both, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        happened.cancel()
        if finishing.done():
            break
        if not signals.happened.is_set():
            if await asyncio.to_thread(_asks, order.workspace, run):
                return Outcome.ASKED
            continue
        signals.happened.clear()
        if signals.is_terminated:
            return Outcome.TERMINATED
        if signals.interrupts > 1:
            return Outcome.LEFT
        if signals.interrupts and not has_asked:
            has_asked = True
            if not await _ask_to_end(order, executor, run):
                return Outcome.DETACHED
    return Outcome.ENDED


def _asks(workspace: Workspace, run: Run) -> bool:
    """Whether a run waits for a person, or has waited: another process executed it until now, and need not go on."""
    return load_run(workspace, run.job_id, run.number).state is RunState.WAITING


async def _ask_to_end(order: Drive, executor: Executor, run: Run) -> bool:
    """Cancel a run of this process; False for one that another process executes."""
    now = await asyncio.to_thread(load_run, order.workspace, run.job_id, run.number)
    if now.owner not in (None, executor.worker_id):
        return False
    order.say(f"cancelling run {run.number}; Ctrl-C again leaves at once")
    await asyncio.to_thread(
        lambda: cancel_run(order.workspace, run.job_id, actor=order.actor, numbers=(run.number,)),
    )
    return True


async def _follow(order: Drive, run: Run, done: asyncio.Event, *, place: _Place) -> None:
    """Show what happens in a run, ten times a second, until nothing more can happen."""
    workspace = order.workspace

    def read(after: int) -> list[Event]:
        with workspace.store.read() as reader:
            return list(read_events(reader, run.job_id, after=after, run=run.number))

    reporter = await asyncio.to_thread(order.open_reporter, workspace, run)
    try:
        if place.seq is None:
            place.seq = await asyncio.to_thread(_begin_of, workspace, run)
        if seen := place.seq:
            reporter.catch_up([event for event in await asyncio.to_thread(read, 0) if event.seq <= seen])
        while True:
            is_last = done.is_set()
            events = await asyncio.to_thread(read, seen)
            if events:
                seen = place.seq = events[-1].seq
                reporter.show(events)
            reporter.tick(workspace.clock.now())
            if is_last:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), TICK_SECONDS)
    finally:
        reporter.close()


def _begin_of(workspace: Workspace, run: Run) -> int:
    """The number of the last event before this process came: 0 for a run that has only been queued."""
    if run.started_at is None:
        return 0
    with workspace.store.read() as reader:
        job = reader.load_job(run.job_id)
    return job.event_seq if job else 0


def open_live_tracker(workspace: Workspace, run: Run) -> tuple[RunTracker, Callable[[RunTracker], None]]:
    """A tracker of a run, and how it asks for the number of instances of a fan-out."""
    with workspace.store.read() as reader:
        tracker = open_tracker(reader, run.job_id, run.number)

    def ask(tracker: RunTracker) -> None:
        with workspace.store.read() as reader:
            tracker.learn_totals(count_instances(reader, run.job_id, tracker.graph))

    return tracker, ask
