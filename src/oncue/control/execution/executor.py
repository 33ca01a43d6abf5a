"""The executor of a process: takes the tasks an engine delivers, begins runs when it is their turn, and recovers lost ones.

A run is executed by one worker at a time: its owner. A worker is alive for as long as its process is; a run whose owner is gone
is taken over, its interrupted attempts under a higher fence, so that a late writer is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from oncue.control.answers import expire_questions, explain_cancel
from oncue.control.execution.attempts import Performer
from oncue.control.execution.limits import DEFAULT_PARALLEL, Limits, budget_deadline
from oncue.control.execution.recording import give_back
from oncue.control.execution.runexecution import RunExecution
from oncue.control.execution.storedrun import (
    StoredRun,
    end_unloadable,
    is_answered,
    load_stored_run,
    may_go_on,
    undecided_steps,
)
from oncue.control.execution.tasks import advance_task
from oncue.control.execution.threads import StepThreads
from oncue.control.generation.modelclients import ModelClients, RunModels
from oncue.control.generation.runbudget import RunBudget
from oncue.control.jobfile import project_job
from oncue.control.preflight import is_owned
from oncue.control.workspace import Workspace, load_job
from oncue.core.dispatch import Engine, Task, TaskKind
from oncue.core.events import EventDraft, EventType
from oncue.core.model import ENDED_RUNS, Failure, JobId, Run, RunState, StepId, WorkerId
from oncue.core.writeport import Transaction
from oncue.errors import OncueError, UnknownRun, WorkspaceError

POLL_SECONDS = 0.05
POLLS_WITHOUT_LOOK = 20
PAUSE_SECONDS = 1.0
"""Before jobs that could not be looked after are looked after again."""
log = logging.getLogger(__name__)
_Key = tuple[JobId, int]


class Executor:
    """Executes runs in this process; every method but the constructor is called in its event loop.

    It looks after the jobs whose runs it was asked to finish, or (``attends_all``) after every job: what is queued there is
    executed, and what a dead process left is taken over. ``broken`` is set when it cannot go on.
    """

    def __init__(self, workspace: Workspace, engine: Engine, *, worker_id: WorkerId, attends_all: bool = False) -> None:
        self.worker_id = worker_id
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._attends_all = attends_all
        self._workspace = workspace
        self._engine = engine
        self._threads = StepThreads()
        self._clients = ModelClients(workspace)
        self._running: dict[_Key, RunExecution] = {}
        self._beginning: set[_Key] = set()
        self._waiters: dict[_Key, list[asyncio.Future[Run]]] = {}
        self._step_limits: dict[_Key, int] = {}
        self._attended: set[JobId] = set()
        self._loop = asyncio.get_running_loop()

    # ------------------------------------------------------------------------------------------------ for entry points

    async def finish(self, job_id: JobId, number: int, *, steps: int | None = None) -> Run:
        """Execute a run here, as soon as it is its turn, and return it when it has ended or paused.

        ``steps`` bounds how many steps begin before it pauses. A run that another process executes is only waited for.
        """
        future: asyncio.Future[Run] = self._loop.create_future()
        self._waiters.setdefault((job_id, number), []).append(future)
        if steps is not None:
            self._step_limits[job_id, number] = steps
        self._attended.add(job_id)
        self._engine.submit([advance_task(job_id, number)])
        return await future

    async def attend(self) -> None:
        """Look after the attended jobs until cancelled: turns that come, cancellations, and runs whose worker died."""
        watch, unseen = self._workspace.store.watch(), 0
        try:
            while True:
                unseen += 1
                try:
                    if watch.changed() or unseen >= POLLS_WITHOUT_LOOK:  # the death of a worker is no commit
                        unseen = 0
                        await asyncio.to_thread(self._look)
                except WorkspaceError:
                    if not self._attends_all:  # it is the answer to a command; a server outlives full disks and restarts
                        raise
                    log.warning("could not look after the jobs", extra={"event": "look_failed"}, exc_info=True)
                    await self._workspace.clock.sleep(PAUSE_SECONDS)
                await self._workspace.clock.sleep(POLL_SECONDS)
        finally:
            watch.close()

    async def deliver(self, task: Task) -> None:
        """Carry out one task."""
        job_id, number, *step = task.ref.split("/", 2)
        key = (JobId(job_id), int(number))
        if task.kind is TaskKind.ADVANCE and not step:
            await self._advance(key)
            return
        execution = self._running.get(key)
        if execution is None:
            return
        if task.kind is TaskKind.ADVANCE:
            execution.retry(StepId(step[0]))
            return
        await self._execute(execution, task.key)

    def watch_over(self, task: asyncio.Future[None]) -> None:
        """Something this executor depends on ended: if it failed, so does everything that is waited for."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            if not self.broken.done():
                self.broken.set_result(error)
            for key in list(self._waiters):
                self._give_up(key, error)

    async def close(self) -> None:
        """Give back what was interrupted, close the models' connections, and let the worker threads end."""
        await self._clients.close()
        left = [work.attempt for execution in self._running.values() for work in execution.work.values()]
        if left:
            with suppress(WorkspaceError):  # what cannot be given back counts as lost
                self._workspace.store.write(partial(give_back, attempts=left))
        self._threads.close()

    # ---------------------------------------------------------------------------------------------------- steps

    async def _execute(self, execution: RunExecution, key: str) -> None:
        work = execution.take(key)
        if work is None:
            return
        try:
            result = await execution.performer.perform(work, execution.report)
        except asyncio.CancelledError:
            if not execution.ending.is_cancelled:
                raise
            recorded = execution.settle_cancelled(key)
        except WorkspaceError as error:
            execution.lose(error)
            return
        else:
            recorded = execution.settle(key, result)
        if recorded is not None:
            await recorded

    # ----------------------------------------------------------------------------------------------------- runs

    async def _advance(self, key: _Key) -> None:
        """Begin or take over a run if it is its turn."""
        if key in self._running or key in self._beginning:
            return
        self._beginning.add(key)
        try:
            await self._begin(key)
        except OncueError as error:
            self._give_up(key, error)
        finally:
            self._beginning.discard(key)

    async def _begin(self, key: _Key) -> None:
        run = await asyncio.to_thread(self._take, key)
        if run is None:
            return
        if run.state in ENDED_RUNS:
            self._tell(key, run)
            return
        try:
            stored = await asyncio.to_thread(load_stored_run, self._workspace, run)
        except WorkspaceError:
            raise
        except OncueError as error:
            await asyncio.to_thread(end_unloadable, self._workspace, run, error)
            raise
        self._running[key] = self._make_execution(run, stored)
        if run.cancel_requested_at is None:
            self._running[key].go_on()
        else:  # before it could be told, it began to wait, or lost its worker
            self._cancel({key: await asyncio.to_thread(explain_cancel, self._workspace, run)})

    def _take(self, key: _Key) -> Run | None:
        """Become the owner of a run, where nobody else is; None while it is not its turn.

        Raises:
            UnknownJob, UnknownRun: there is no such run.
        """
        job_id, number = key
        store = self._workspace.store
        with store.read() as reader:
            run = reader.load_run(job_id, number)
            if run is None:
                raise UnknownRun(number, load_job(reader, job_id).runs)
            ahead = [other for other in reader.list_open_runs(job_id) if other.number < number]
            is_waiting = run.state is RunState.WAITING and not may_go_on(reader, run)
        if run.state in ENDED_RUNS:
            return run
        if ahead or is_waiting or (run.owner != self.worker_id and is_owned(store, run)):
            return None
        return store.write(partial(_own, workspace=self._workspace, run=run, worker=self.worker_id))

    def _make_execution(self, run: Run, stored: StoredRun) -> RunExecution:
        deadline = budget_deadline(run, stored.attempts, monotonic=self._workspace.clock.monotonic())
        budget = RunBudget(run, stored.spent, deadline=deadline, clock=self._workspace.clock)
        models = RunModels(workspace=self._workspace, run=run, clients=self._clients, budget=budget)
        performer = Performer(models, stored.loaded, job=stored.job, threads=self._threads)
        return RunExecution(
            self._workspace,
            run,
            stored=stored,
            performer=performer,
            worker=self.worker_id,
            limits=Limits(
                parallel=stored.loaded.definition.max_parallel or DEFAULT_PARALLEL,
                steps=self._step_limits.pop((run.job_id, run.number), None),
                deadline=deadline,
            ),
            submit=self._engine.submit,
            on_end=self._ended,
        )

    def _ended(self, run: Run, error: BaseException | None) -> None:
        """A run ended or paused here, or its worker lost it."""
        key = (run.job_id, run.number)
        execution = self._running.pop(key)
        if error is not None:
            self._engine.cancel(list(execution.work))
            self._give_up(key, error)
            return
        project = asyncio.ensure_future(asyncio.to_thread(project_job, self._workspace, run.job_id))
        project.add_done_callback(lambda done: self._after_end(key, run, done))

    def _after_end(self, key: _Key, run: Run, projected: asyncio.Future[None]) -> None:
        if not projected.cancelled() and projected.exception() is not None:
            log.warning("job file not written", extra={"event": "projection_failed", "job": run.job_id})
        self._tell(key, run)
        for job_id, number in self._waiters:
            if job_id == run.job_id:
                self._engine.submit([advance_task(job_id, number)])

    def _tell(self, key: _Key, run: Run) -> None:
        for future in self._waiters.pop(key, ()):
            if not future.done():
                future.set_result(run)

    def _give_up(self, key: _Key, error: BaseException) -> None:
        log.error("run lost", extra={"event": "run_lost", "job": key[0], "run": key[1]}, exc_info=error)
        for future in self._waiters.pop(key, ()):
            if not future.done():
                future.set_exception(error)

    # --------------------------------------------------------------------------------------------- looking after jobs

    def _look(self) -> None:
        """In a thread: what time and other processes changed in the attended jobs."""
        expire_questions(self._workspace)
        with self._workspace.store.read() as reader:
            ready = [run for run in reader.list_ready_runs() if self._attends_all or run.job_id in self._attended]
            idle = [run for run in ready if run.state is not RunState.WAITING or is_answered(reader, run)]
            elsewhere = [key for key in list(self._waiters) if key not in self._running]
            ended = [run for key in elsewhere if (run := reader.load_run(*key)) is not None and run.state in ENDED_RUNS]
            executing = [run for key in list(self._running) if (run := reader.load_run(*key)) is not None]
            asking = [(key, execution.run) for key, execution in list(self._running.items()) if execution.waiting]
            undecided = {key: undecided_steps(reader, run) for key, run in asking}
        cancelled = [run for run in executing if run.cancel_requested_at and run.state not in ENDED_RUNS]
        failures = {(run.job_id, run.number): explain_cancel(self._workspace, run) for run in cancelled}
        self._loop.call_soon_threadsafe(self._cancel, failures)
        self._loop.call_soon_threadsafe(self._seen, idle, ended, undecided)

    def _cancel(self, failures: Mapping[_Key, Failure]) -> None:
        """Ask runs to end; a deadline that ends a run has settled its question, which must not wake the step."""
        for key, failure in failures.items():
            execution = self._running.get(key)
            if execution is not None and not execution.ending.is_cancelled:
                self._engine.cancel(execution.cancel(failure))

    def _seen(self, open_runs: list[Run], ended: list[Run], undecided: Mapping[_Key, frozenset[StepId]]) -> None:
        for key, steps in undecided.items():
            if key in self._running and not self._running[key].ending.is_cancelled:
                self._running[key].answered(steps)
        for run in ended:
            self._tell((run.job_id, run.number), run)
        first: dict[JobId, Run] = {}
        for run in open_runs:
            first.setdefault(run.job_id, run)
        for run in first.values():
            if (run.job_id, run.number) not in self._running:
                self._engine.submit([advance_task(run.job_id, run.number)])


def _own(tx: Transaction, *, workspace: Workspace, run: Run, worker: WorkerId) -> Run | None:
    """Become the owner of a run as it was read; None where another worker was faster."""
    now = workspace.clock.now()
    kind = EventType.RUN_STARTED if run.started_at is None else EventType.RUN_CONTINUED
    taken = replace(run, state=RunState.RUNNING, owner=worker, fence=run.fence + 1, started_at=run.started_at or now)
    tx.append_events(run.job_id, [], now)
    if not tx.update_run(taken, expected=run.state, expected_fence=run.fence):
        return None
    tx.append_events(run.job_id, [EventDraft(type=kind, run=run.number, data={"worker": worker})], now)
    return taken
