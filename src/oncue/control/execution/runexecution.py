"""One run while it executes here: which attempts begin, what ended, and the transactions that record both.

Results that arrive while a transaction is under way wait for the next one, which records them all together with the
beginning of the steps they make ready: a chain costs one commit a step, a fan-out one commit for many.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from oncue.control.execution.attemptbook import AttemptBook
from oncue.control.execution.attempts import Performer, read_artifacts
from oncue.control.execution.elements import Elements
from oncue.control.execution.ending import Ending
from oncue.control.execution.expanding import Expanding
from oncue.control.execution.gate import make_gate
from oncue.control.execution.limits import Limits
from oncue.control.execution.recording import Batch, record_batch
from oncue.control.execution.reports import Reports
from oncue.control.execution.storedrun import StoredRun
from oncue.control.execution.tasks import retry_task, step_task, task_key
from oncue.control.execution.waiting import Waiting
from oncue.control.steps.work import Result, Work
from oncue.control.workspace import Workspace
from oncue.core.definition import RetryPolicy
from oncue.core.dispatch import Task
from oncue.core.events import EventDraft
from oncue.core.model import (
    Attempt,
    AttemptState,
    Expansion,
    Failure,
    Run,
    StepId,
    WorkerId,
)


class RunExecution:
    """Executes one run, from where it stands; every method is called in the executor's event loop.

    ``work`` holds what the attempts that began must do, by the key of their tasks; ``waiting`` those that asked a person;
    ``ending`` says how the run is to end.
    """

    def __init__(
        self,
        workspace: Workspace,
        run: Run,
        *,
        stored: StoredRun,
        performer: Performer,
        worker: WorkerId,
        limits: Limits,
        submit: Callable[[list[Task]], None],
        on_end: Callable[[Run, BaseException | None], None],
    ) -> None:
        self.run = run
        self.progress = progress = stored.progress
        self.performer = performer
        self.work: dict[str, Work] = {}
        self.waiting = Waiting()
        self._delivered: set[str] = set()
        self._workspace = workspace
        self._book = AttemptBook(run, progress, worker=worker)
        self._limits = limits
        self._steps_left = math.inf if limits.steps is None else limits.steps
        self._submit = submit
        self._on_end = on_end
        self._batch = Batch()
        self._flush: asyncio.Future[None] | None = None
        self._delayed: set[StepId] = set()
        self._reports = Reports()
        self.ending = Ending()
        self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._elements = Elements(progress, performer.bodies)
        self._expanding = Expanding(self._elements, performer, then=self._expanded)
        self.waiting.note(stored.undecided, stored.gate, progress)
        for failed in self._book.note(stored.attempts):
            self.ending.fail_step(failed)

    def report(self, draft: EventDraft) -> None:
        """Record a step's progress with the next transaction, unless one was recorded just now; from any thread."""
        self._loop.call_soon_threadsafe(self._report, draft)

    def _report(self, draft: EventDraft) -> None:
        if all(work.attempt.key.step != draft.step for work in self.work.values()):
            return  # an abandoned thread goes on after the end of its attempt
        if self._reports.is_due(draft.step, self._workspace.clock.monotonic()):
            self._batch.drafts.append(draft)
            self.go_on()

    def cancel(self, failure: Failure) -> list[str]:
        """Begin nothing more and end as cancelled; returns the keys of the attempts to interrupt."""
        self.ending.cancel(failure)
        while self._delayed:
            self.progress.fail(self._delayed.pop())
        for key in self.work.keys() - self._delivered:  # nothing executes them yet, so nothing would settle them
            self.settle_cancelled(key)
        self.go_on()
        return list(self.work)

    def take(self, key: str) -> Work | None:
        """What a task that is delivered must do; None where it is not due here any more."""
        if key in self.work:
            self._delivered.add(key)
        return self.work.get(key)

    def retry(self, step: StepId) -> None:
        """The time to wait before the next attempt of a step is over."""
        if step in self._delayed:
            self._delayed.discard(step)
            self.progress.give_back(step)
            self.go_on()

    def settle(self, key: str, result: Result) -> asyncio.Future[None] | None:
        """Take what an attempt came to; the future resolves when it is recorded."""
        if result.is_halted and result.failure is not None:
            self.ending.halt(result.failure)
            return self.settle_cancelled(key)
        work = self.work.pop(key)
        self._delivered.discard(key)
        now = self._workspace.clock.now()
        self._batch.artifacts.extend(read_artifacts(result))
        if result.is_suspended:
            self.waiting.add(replace(work.attempt, state=AttemptState.WAITING))
            self._batch.suspend(work.attempt)
        elif result.failure is None:
            self._succeed(work, result, now)
        else:
            failed = replace(work.attempt, state=AttemptState.FAILED, ended_at=now, error=result.failure, log=result.log)
            self._fail(failed, work.step.retry)
        self.go_on()
        return self._flush

    def answered(self, undecided: Collection[StepId]) -> None:
        """Enter the waiting steps again whose questions are decided."""
        for attempt in self.waiting.take_answered(undecided):
            self._proceed(attempt)
        self.go_on()

    def settle_cancelled(self, key: str) -> asyncio.Future[None] | None:
        """An attempt was interrupted because the run is cancelled."""
        attempt = self.work.pop(key).attempt
        self._delivered.discard(key)
        self._batch.cancel(attempt, self.ending.failure, at=self._workspace.clock.now())
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
        if not self.ending.is_near:
            self._expanding.begin(self.progress.unexpanded)
        self._begin_ready()
        self._end_if_done()
        if self._batch.is_empty:
            return
        batch, self._batch = self._batch, Batch()
        self._flush = self._loop.create_future()
        record = partial(record_batch, run=self.run, batch=batch, at=self._workspace.clock.now())
        recorded = self._workspace.store.submit(record)
        recorded.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._flushed, batch, done))

    def _begin_ready(self) -> None:
        if self.ending.is_near or self._is_halting():
            return
        free = int(min(self._limits.parallel - len(self.work), self._steps_left))
        if free <= 0 or not self.progress.ready:
            return
        now = self._workspace.clock.now()
        for step in self.progress.take(free):
            self._steps_left -= 1
            self._begin(step, now)

    def _is_halting(self) -> bool:
        if self.progress.is_done or not self._limits.is_reached(self._workspace.clock.monotonic()):
            return False
        self.ending.halt(Failure(code="budget_seconds", message="the time limit of the run is used up"))
        return True

    def _begin(self, step: StepId, now: datetime) -> None:
        left = self._book.take_left(step)
        if left is None:
            attempt = self._book.begin(step, now)
            self._batch.begin(attempt)
            self._start(attempt)
        elif left.state is AttemptState.WAITING:
            self.waiting.add(left) if self.waiting.is_undecided(step) else self._proceed(left)
        elif (reclaimed := self._book.reclaim(left)) is not None:
            self._batch.reclaimed.append(reclaimed)
            self._start(reclaimed)
        else:
            failure = Failure(code="worker_lost", message=f"lost its worker {left.losses + 1} times")
            self._fail(replace(left, state=AttemptState.FAILED, ended_at=now, error=failure), None)

    def _proceed(self, waiting: Attempt) -> None:
        attempt = self._book.proceed(waiting)
        self._batch.proceed(attempt)
        self._start(attempt)

    def _start(self, attempt: Attempt) -> None:
        """Let an attempt execute after the commit."""
        self.work[task_key(attempt)] = self._elements.work(attempt, self.run)

    def _succeed(self, work: Work, result: Result, now: datetime) -> None:
        current = self._batch.succeed(work, result, inputs=work.inputs(result, self.progress.snapshot.param_hashes), at=now)
        for expansion in result.expansions:
            self.progress.expand(expansion)
        self.progress.succeed(current)

    def _fail(self, failed: Attempt, retry: RetryPolicy | None) -> None:
        """An attempt failed: the step begins again later, or the run fails."""
        step, now = failed.key.step, failed.ended_at or self._workspace.clock.now()
        if retry is None or self.ending.is_near or not self._book.may_retry(failed):
            self._batch.fail(failed)
            self.progress.fail(step)
            self.ending.fail_step(failed)
            return
        retry_at = now + timedelta(seconds=retry.delay_seconds(failed.key.number))
        self._batch.fail(failed, retry_at=retry_at)
        self._delayed.add(step)
        self._submit([retry_task(failed, retry_at)])

    def _end_if_done(self) -> None:
        if self.work or self._expanding or (self._delayed and not self.ending.is_near):
            return
        if not self.ending.is_near and not self.progress.is_done:
            if self.waiting and (self._steps_left == 0 or not self.progress.ready):
                self._batch.wait_run(self.run)
                return
            if self._steps_left == 0:
                self._batch.pause_run(self.run)
                return
            if not self.progress.held or self._is_gate_open():
                return
        now = self._workspace.clock.now()
        left_behind = [*self._book.take_all_left(), *self.waiting.take_all()]
        for left in left_behind:  # it waits, or its worker died, and the run ends before it can go on
            self._batch.cancel(left, self.ending.failure, at=now)
        self._batch.end_run(self.ending.of(self.run, self.progress, at=now))

    def _is_gate_open(self) -> bool:
        """Whether it is still open if what became stale shall run; the question is asked here, once."""
        if self.waiting.gate is None:
            name, at = self._workspace.new_id(), self._workspace.clock.now()
            self.waiting.gate = make_gate(self.run, self.progress.held, question_id=name, at=at)
            self._batch.ask(self.waiting.gate)
        if self.waiting.gate.decision is None:
            self._batch.wait_run(self.run)
            return True
        return False

    def _expanded(self, expansion: Expansion | None, error: BaseException | None) -> None:
        """A fan-out's instances are worked out, or cannot be."""
        if expansion is not None:
            self._batch.expansions.append(expansion)
            self.progress.expand(expansion)
        elif error is not None:
            self.ending.fail(Failure(code="expansion_failed", message=str(error)))
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
        self._submit([step_task(attempt) for attempt in batch.starting])
        if batch.run_after is not None:
            self.run = batch.run_after
            self._is_over = True
            self._on_end(self.run, None)
            return
        self.go_on()
