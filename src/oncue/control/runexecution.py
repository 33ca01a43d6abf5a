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

from oncue.control.attempts import Performer, read_artifacts
from oncue.control.elements import Elements, fan_outs_by_list
from oncue.control.recording import Batch, record_batch
from oncue.control.tasks import retry_task, step_task, task_key
from oncue.control.work import Result, Work
from oncue.control.workspace import Workspace
from oncue.core.events import EventDraft, EventType
from oncue.core.model import (
    Attempt,
    AttemptKey,
    AttemptState,
    ContextMode,
    Current,
    Expansion,
    Failure,
    Inputs,
    Run,
    RunState,
    StepId,
    WorkerId,
    step_name,
)
from oncue.core.ports import Task
from oncue.core.progress import RunProgress

PROGRESS_SECONDS = 0.5
"""Reports of a step that come faster are dropped."""
MAX_LOSSES = 3
"""How often an attempt may lose its worker before it counts as failed."""


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
        self._workspace = workspace
        self._worker = worker
        self._limits = limits
        self._steps_left = limits.steps
        self._submit = submit
        self._on_end = on_end
        self._batch = Batch()
        self._flush: asyncio.Future[None] | None = None
        self._work: dict[str, Work] = {}
        self._numbers: dict[StepId, int] = {}
        self._interrupted: dict[StepId, Attempt] = {}
        self._delayed: set[StepId] = set()
        self._expanding: set[str] = set()
        self._reported: dict[StepId | None, float] = {}
        self._failure: Failure | None = None
        self._ends_as: RunState | None = None
        self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._elements = Elements(progress, performer.bodies)
        self._fan_outs = fan_outs_by_list(progress.graph)

    def resume(self, attempts: Iterable[Attempt]) -> None:
        """Take note of what the run did before it was interrupted."""
        for attempt in attempts:
            step = attempt.key.step
            self._numbers[step] = max(attempt.key.number, self._numbers.get(step, 0))
            self._interrupted.pop(step, None)
            if attempt.state is AttemptState.RUNNING:
                self._interrupted[step] = attempt
            elif attempt.state is AttemptState.FAILED and not self._may_retry(attempt):
                self._fail_run(step, attempt.error)

    @property
    def is_cancelling(self) -> bool:
        """Whether the run is to end as cancelled."""
        return self._ends_as is RunState.CANCELLED

    def report(self, draft: EventDraft) -> None:
        """Record a step's progress with the next transaction, unless one was recorded just now; from any thread."""
        self._loop.call_soon_threadsafe(self._report, draft)

    def _report(self, draft: EventDraft) -> None:
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
        self.go_on()
        return list(self._work)

    def work(self, key: str) -> Work | None:
        """What an attempt that began must do; None where it is not due here."""
        return self._work.get(key)

    def retry(self, step: StepId) -> None:
        """The time to wait before the next attempt of a step is over."""
        if step in self._delayed:
            self._delayed.discard(step)
            self.progress.give_back(step)
            self.go_on()

    def settle(self, key: str, result: Result) -> asyncio.Future[None] | None:
        """Take what an attempt came to; the future resolves when it is recorded."""
        work = self._work.pop(key)
        now = self._workspace.clock.now()
        if result.failure is None:
            self._succeed(work, result, now)
        else:
            self._fail(work, result, now)
        self._batch.artifacts.extend(read_artifacts(result))
        self.go_on()
        return self._flush

    def settle_cancelled(self, key: str) -> asyncio.Future[None] | None:
        """An attempt was interrupted because the run is cancelled."""
        self._end_cancelled(self._work.pop(key).attempt)
        self.go_on()
        return self._flush

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

    # ------------------------------------------------------------------------------------------------- in the loop

    def _begin_ready(self) -> None:
        if self._ends_as is not None or self._failure is not None or self._is_halting():
            return
        free = self._limits.parallel - len(self._work)
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
        lost = self._interrupted.pop(step, None)
        if lost is not None and lost.fence >= MAX_LOSSES:
            self._give_up(lost, now)
            return
        if lost is not None:
            attempt = replace(lost, fence=lost.fence + 1, worker=self._worker)
            self._batch.reclaimed.append(attempt)
        else:
            attempt = self._new_attempt(step, now)
            self._batch.begun.append(attempt)
            data: dict[str, object] | None = {"attempt": attempt.key.number} if attempt.key.number > 1 else None
            draft = EventDraft(type=EventType.STEP_STARTED, run=self.run.number, step=step, data=data)
            self._batch.drafts.append(draft)
        name = step_name(step)
        definition = self.progress.graph.steps[name]
        self._work[task_key(attempt.key)] = Work(
            attempt=attempt,
            step=definition,
            consumption=self.progress.consumption(step),
            params=self.run.params,
            load_item=partial(self._elements.load, step) if definition.each is not None else None,
            previous=self.progress.currents.get(step),
            fans_out=self._fan_outs.get(name, ()),
        )

    def _new_attempt(self, step: StepId, now: datetime) -> Attempt:
        number = self._numbers.get(step, 0) + 1
        self._numbers[step] = number
        return Attempt(
            key=AttemptKey(job_id=self.run.job_id, run=self.run.number, step=step, number=number),
            state=AttemptState.RUNNING,
            fence=1,
            worker=self._worker,
            started_at=now,
            context=self._context(step),
        )

    def _context(self, step: StepId) -> ContextMode:
        asked = self.run.request.get("context")
        if asked is not None:
            return ContextMode(str(asked))
        current = self.progress.currents.get(step)
        if current is None or current.inputs.definition != self.progress.graph.steps[step_name(step)].hash:
            return ContextMode.CLEAN
        return ContextMode.KEEP

    def _succeed(self, work: Work, result: Result, now: datetime) -> None:
        assert result.artifact is not None, "a success has an artifact"
        key = work.attempt.key
        hashes = self.progress.snapshot.param_hashes
        inputs = Inputs(
            definition=work.step.hash,
            steps=work.consumption.steps,
            params={name: hashes[name] for name in result.params_read if name in hashes},
            item=work.consumption.item,
        )
        address = result.artifact.hash
        self._batch.ended.append(
            replace(work.attempt, state=AttemptState.SUCCEEDED, ended_at=now, artifact=address, inputs=inputs, log=result.log)
        )
        is_unchanged = work.previous is not None and work.previous.artifact == address
        self._batch.drafts.append(
            EventDraft(
                type=EventType.STEP_SUCCEEDED,
                run=key.run,
                step=key.step,
                data={"unchanged": True} if is_unchanged else None,
            )
        )
        current = Current(step=key.step, run=key.run, number=key.number, artifact=address, inputs=inputs)
        self._batch.currents.append(current)
        for expansion in result.expansions:
            self._batch.expansions.append(expansion)
            self.progress.expand(expansion)
        self.progress.succeed(current)

    def _fail(self, work: Work, result: Result, now: datetime) -> None:
        assert result.failure is not None, "a failure says why"
        step = work.attempt.key.step
        failed = replace(work.attempt, state=AttemptState.FAILED, ended_at=now, error=result.failure, log=result.log)
        self._batch.ended.append(failed)
        self._batch.failed.append(failed)
        data: dict[str, object] = {
            "attempt": failed.key.number,
            "code": result.failure.code,
            "message": result.failure.message,
        }
        if self._may_retry(failed) and self._ends_as is None and self._failure is None:
            delay = work.step.retry.delay_seconds(failed.key.number)
            retry_at = now + timedelta(seconds=delay)
            data["retry_at"] = retry_at.isoformat()
            self._delayed.add(step)
            self._submit([retry_task(failed.key, retry_at)])
        else:
            self.progress.fail(step)
            self._fail_run(step, result.failure)
        self._batch.drafts.append(EventDraft(type=EventType.STEP_FAILED, run=self.run.number, step=step, data=data))

    def _give_up(self, lost: Attempt, now: datetime) -> None:
        failure = Failure(code="worker_lost", message=f"lost its worker {lost.fence} times")
        failed = replace(lost, state=AttemptState.FAILED, ended_at=now, error=failure)
        self._batch.ended.append(failed)
        self._batch.failed.append(failed)
        data: dict[str, object] = {"attempt": lost.key.number, "code": failure.code, "message": failure.message}
        step = lost.key.step
        self._batch.drafts.append(EventDraft(type=EventType.STEP_FAILED, run=self.run.number, step=step, data=data))
        self.progress.fail(step)
        self._fail_run(step, failure)

    def _end_cancelled(self, attempt: Attempt) -> None:
        step = attempt.key.step
        ended = replace(attempt, state=AttemptState.CANCELLED, ended_at=self._workspace.clock.now(), error=self._failure)
        self._batch.ended.append(ended)
        self._batch.failed.append(ended)
        self._batch.drafts.append(EventDraft(type=EventType.STEP_CANCELLED, run=self.run.number, step=step))
        self.progress.fail(step)

    def _may_retry(self, failed: Attempt) -> bool:
        definition = self.progress.graph.steps.get(step_name(failed.key.step))
        return definition is not None and failed.key.number <= definition.retry.retries

    def _fail_run(self, step: StepId, error: Failure | None) -> None:
        if self._failure is None:
            reason = error.message if error else "did not succeed"
            self._failure = Failure(code="step_failed", message=f"step {step}: {reason}")

    def _end_if_done(self) -> None:
        if self._work or self._delayed or self._expanding:
            return
        if self._failure is None and not self.progress.is_done:
            if self._steps_left == 0:
                self._batch.run_after = replace(self.run, state=RunState.WAITING, owner=None)
                self._batch.drafts.append(EventDraft(type=EventType.RUN_PAUSED, run=self.run.number))
            return
        for lost in self._interrupted.values():  # its worker died, and the run ends before it can begin again
            self._end_cancelled(lost)
        state = self._ends_as or (RunState.FAILED if self._failure else RunState.SUCCEEDED)
        if self.progress.is_done and state is RunState.HALTED:
            state = RunState.SUCCEEDED
        self._batch.run_after = replace(
            self.run,
            state=state,
            ended_at=self._workspace.clock.now(),
            error=self._failure if state is not RunState.SUCCEEDED else None,
            owner=None,
            cut_off=tuple(self.progress.cut_off),
        )
        for step in self.progress.cut_off:
            self._batch.drafts.append(EventDraft(type=EventType.STEP_CUT_OFF, run=self.run.number, step=step))
        data: dict[str, object] = {"state": state.value}
        if self._failure and state is not RunState.SUCCEEDED:
            data["error"] = self._failure.message
        self._batch.drafts.append(EventDraft(type=EventType.RUN_ENDED, run=self.run.number, data=data))

    # -------------------------------------------------------------------------------------------------- fan-outs

    def _expand_waiting(self) -> None:
        for name in self.progress.unexpanded:
            if name not in self._expanding and self._failure is None:
                self._expanding.add(name)
                self._loop.create_task(self._expand(name)).add_done_callback(partial(self._expanded, name))

    async def _expand(self, name: str) -> Expansion:
        step = self.progress.graph.steps[name]
        over = self.progress.currents[StepId(step.each or "")].artifact
        return await self.performer.expand_stored(step, over)

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
            self._fail_run(StepId(name), Failure(code="expansion_failed", message=str(error)))
        self.go_on()

    def _flushed(self, batch: Batch, done: Future[None]) -> None:
        flush, self._flush = self._flush, None
        error = done.exception()
        if flush is not None and not flush.done():
            flush.set_result(None)
        if error is not None:
            self._is_over = True
            self._on_end(self.run, error)
            return
        begun = [*batch.begun, *batch.reclaimed]
        if begun:
            self._submit([step_task(attempt.key) for attempt in begun])
        if batch.run_after is not None:
            self.run = batch.run_after
            self._is_over = True
            self._on_end(self.run, None)
            return
        self.go_on()
