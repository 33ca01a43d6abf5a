"""One run while it executes here: which attempts begin, what ended, and the transactions that record both.

Results that arrive while a transaction is under way wait for the next one, which records them all together with the
beginning of the steps they make ready: a chain costs one commit a step, a fan-out one commit for many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from oncue.control.attemptbook import AttemptBook
from oncue.control.attempts import Performer, read_artifacts
from oncue.control.elements import Elements
from oncue.control.recording import Batch, record_batch
from oncue.control.tasks import retry_task, step_task
from oncue.control.work import Result, Work
from oncue.control.workbench import Workbench
from oncue.control.workspace import Workspace
from oncue.core.definition import RetryPolicy
from oncue.core.events import EventDraft
from oncue.core.model import (
    Attempt,
    AttemptState,
    Expansion,
    Failure,
    Inputs,
    Run,
    RunState,
    StepId,
    WorkerId,
)
from oncue.core.ports import Task
from oncue.core.progress import RunProgress

PROGRESS_SECONDS = 0.5
"""Reports of a step that come faster are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds a run here: steps at once, steps in all (a single-step run pauses after it), and its budget."""

    parallel: int
    steps: int | None = None
    deadline: float | None = None
    """On the monotonic clock."""


class RunExecution:
    """Executes one run; every method is called in the executor's event loop."""

    def __init__(
        self,
        workspace: Workspace,
        run: Run,
        *,
        progress: RunProgress,
        performer: Performer,
        worker: WorkerId,
        limits: Limits,
        submit: Callable[[list[Task]], None],
        on_end: Callable[[Run, BaseException | None], None],
    ) -> None:
        self.run = run
        self.progress = progress
        self.performer = performer
        self._elements = Elements(progress, performer.bodies)
        self.bench = Workbench(run, progress, self._elements)
        self._workspace = workspace
        self._book = AttemptBook(run, progress, worker=worker)
        self._limits = limits
        self._steps_left = limits.steps
        self._submit = submit
        self._on_end = on_end
        self._batch = Batch()
        self._flush: asyncio.Future[None] | None = None
        self._delayed: set[StepId] = set()
        self._expanding: set[str] = set()
        self._reported: dict[StepId | None, float] = {}
        self._failure: Failure | None = None
        self._ends_as: RunState | None = None
        self._is_over = False
        self._loop = asyncio.get_running_loop()

    def resume(self, attempts: Iterable[Attempt]) -> None:
        """Take note of what the run did before it was interrupted."""
        for failed in self._book.note(attempts):
            self._fail_run(failed)

    @property
    def is_cancelling(self) -> bool:
        """Whether the run is to end as cancelled."""
        return self._ends_as is RunState.CANCELLED

    def report(self, draft: EventDraft) -> None:
        """Record a step's progress with the next transaction, unless one was recorded just now; from any thread."""
        self._loop.call_soon_threadsafe(self._report, draft)

    def _report(self, draft: EventDraft) -> None:
        if not self.bench.has_step(draft.step):
            return  # an abandoned thread goes on after the end of its attempt
        now = self._workspace.clock.monotonic()
        if now - self._reported.get(draft.step, 0.0) >= PROGRESS_SECONDS:
            self._reported[draft.step] = now
            self._batch.drafts.append(draft)
            self.go_on()

    def cancel(self, failure: Failure) -> list[str]:
        """Begin nothing more and end as cancelled; returns the keys of the attempts to interrupt."""
        self._ends_as = RunState.CANCELLED
        self._failure = failure
        for step in list(self._delayed):
            self._delayed.discard(step)
            self.progress.fail(step)
        for key in self.bench.undelivered:  # nothing executes them yet, so nothing would settle them
            self.settle_cancelled(key)
        self.go_on()
        return self.bench.keys

    def retry(self, step: StepId) -> None:
        """The time to wait before the next attempt of a step is over."""
        if step in self._delayed:
            self._delayed.discard(step)
            self.progress.give_back(step)
            self.go_on()

    def settle(self, key: str, result: Result) -> asyncio.Future[None] | None:
        """Take what an attempt came to; the future resolves when it is recorded."""
        work = self.bench.remove(key)
        now = self._workspace.clock.now()
        self._batch.artifacts.extend(read_artifacts(result))
        if result.failure is None:
            self._succeed(work, result, now)
        else:
            failed = replace(work.attempt, state=AttemptState.FAILED, ended_at=now, error=result.failure, log=result.log)
            self._fail(failed, work.step.retry)
        self.go_on()
        return self._flush

    def settle_cancelled(self, key: str) -> asyncio.Future[None] | None:
        """An attempt was interrupted because the run is cancelled."""
        attempt = self.bench.remove(key).attempt
        self._batch.cancel(attempt, self._failure, at=self._workspace.clock.now())
        self.progress.fail(attempt.key.step)
        self.go_on()
        return self._flush

    def lose(self, error: BaseException) -> None:
        """Give the run up, because the store fails or the run is another worker's: what it left can be continued."""
        if not self._is_over:
            self._is_over = True
            self._on_end(self.run, error)

    def go_on(self) -> None:
        """Begin what may begin and record what happened, unless a transaction is under way: then it follows."""
        if self._is_over or self._flush is not None:
            return
        self._expand_waiting()
        self._begin_ready()
        self._end_if_done()
        if self._batch.is_empty:
            return
        batch, self._batch = self._batch, Batch()
        self._flush = self._loop.create_future()
        now = self._workspace.clock.now()
        recorded = self._workspace.store.submit(lambda tx: record_batch(tx, self.run, batch, at=now))
        recorded.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._flushed, batch, done))

    def _begin_ready(self) -> None:
        if self._ends_as is not None or self._failure is not None or self._is_halting():
            return
        free = self._limits.parallel - len(self.bench)
        if self._steps_left is not None:
            free = min(free, self._steps_left)
        if free <= 0 or not self.progress.ready:
            return
        now = self._workspace.clock.now()
        for step in self.progress.take(free):
            if self._steps_left is not None:
                self._steps_left -= 1
            self._begin(step, now)

    def _is_halting(self) -> bool:
        deadline = self._limits.deadline
        if deadline is None or self.progress.is_done or self._workspace.clock.monotonic() < deadline:
            return False
        self._ends_as = RunState.HALTED
        self._failure = Failure(code="budget_seconds", message="the run used up its budget of seconds")
        return True

    def _begin(self, step: StepId, now: datetime) -> None:
        left = self._book.take_left(step)
        attempt = self._book.begin(step, now) if left is None else self._book.reclaim(left)
        if left is None and attempt is not None:
            self._batch.begin(attempt)
        elif attempt is not None:
            self._batch.reclaimed.append(attempt)
        elif left is not None:
            failure = Failure(code="worker_lost", message=f"lost its worker {left.fence} times")
            self._fail(replace(left, state=AttemptState.FAILED, ended_at=now, error=failure), None)
            return
        assert attempt is not None, "an attempt is new, reclaimed, or given up"
        self.bench.add(attempt)

    def _succeed(self, work: Work, result: Result, now: datetime) -> None:
        hashes = self.progress.snapshot.param_hashes
        inputs = Inputs(
            definition=work.step.hash,
            steps=work.consumption.steps,
            params={name: hashes[name] for name in result.params_read if name in hashes},
            item=work.consumption.item,
        )
        current = self._batch.succeed(work, result, inputs=inputs, at=now)
        for expansion in result.expansions:
            self.progress.expand(expansion)
        self.progress.succeed(current)

    def _fail(self, failed: Attempt, retry: RetryPolicy | None) -> None:
        """An attempt failed: the step begins again later, or the run fails."""
        step, now = failed.key.step, failed.ended_at or self._workspace.clock.now()
        if retry is None or self._ends_as or self._failure or not self._book.may_retry(failed):
            self._batch.fail(failed)
            self.progress.fail(step)
            self._fail_run(failed)
            return
        retry_at = now + timedelta(seconds=retry.delay_seconds(failed.key.number))
        self._batch.fail(failed, retry_at=retry_at)
        self._delayed.add(step)
        self._submit([retry_task(failed, retry_at)])

    def _fail_run(self, failed: Attempt) -> None:
        if self._failure is None:
            reason = failed.error.message if failed.error else "did not succeed"
            self._failure = Failure(code="step_failed", message=f"step {failed.key.step}: {reason}")

    def _end_if_done(self) -> None:
        if self.bench or self._expanding or (self._delayed and self._failure is None):
            return
        if self._failure is None and not self.progress.is_done:
            if self._steps_left == 0:
                self._batch.pause_run(self.run)
            return
        now = self._workspace.clock.now()
        for left in self._book.take_all_left():  # its worker died, and the run ends before it can begin again
            self._batch.cancel(left, self._failure, at=now)
        is_done = self.progress.is_done and self._ends_as is not RunState.CANCELLED
        state = RunState.SUCCEEDED if is_done else self._ends_as or RunState.FAILED
        self._batch.end_run(
            replace(
                self.run,
                state=state,
                ended_at=now,
                error=None if is_done else self._failure,
                owner=None,
                cut_off=tuple(self.progress.cut_off),
            )
        )

    def _expand_waiting(self) -> None:
        for name in self.progress.unexpanded:
            if name not in self._expanding and self._failure is None:
                self._expanding.add(name)
                expanding = self._loop.create_task(self.performer.expand_stored(*self._elements.list_of(name)))
                expanding.add_done_callback(partial(self._expanded, name))

    def _expanded(self, name: str, done: asyncio.Task[Expansion]) -> None:
        self._expanding.discard(name)
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            expansion = done.result()
            self._batch.expansions.append(expansion)
            self.progress.expand(expansion)
        else:
            self._failure = self._failure or Failure(code="expansion_failed", message=str(error))
        self.go_on()

    def _flushed(self, batch: Batch, done: Future[None]) -> None:
        flush, self._flush = self._flush, None
        error = done.exception()
        if flush is not None and not flush.done():
            flush.set_result(None)
        if error is not None:
            self.lose(error)
        if self._is_over:
            return
        self._submit([step_task(attempt) for attempt in (*batch.begun, *batch.reclaimed)])
        if batch.run_after is not None:
            self.run = batch.run_after
            self._is_over = True
            self._on_end(self.run, None)
            return
        self.go_on()
