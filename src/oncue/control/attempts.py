"""One execution of one step, apart from any schedule: gather what it consumes, call its body, store what it returns."""

from __future__ import annotations

import asyncio
import shutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oncue.control.bodies import Bodies
from oncue.control.calls import LoadedWorkflow, Params, StepCall, StepFailed, StepOutput, SyncBody
from oncue.control.context import StepContext
from oncue.control.outputs import Output
from oncue.control.threads import StepThreads
from oncue.core.canonical import canonical_json, content_hash
from oncue.core.definition import StepDefinition
from oncue.core.events import EventDraft, EventType
from oncue.core.model import (
    Artifact,
    Attempt,
    ContentHash,
    Current,
    Expansion,
    Failure,
)
from oncue.core.ports import Store
from oncue.core.progress import Consumption
from oncue.errors import OncueError, WriteRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An attempt that began, with everything its execution needs."""

    attempt: Attempt
    step: StepDefinition
    consumption: Consumption
    params: Mapping[str, object]
    load_item: Callable[[], object] | None = None
    previous: Current | None = None
    fans_out: tuple[StepDefinition, ...] = ()
    """The steps that fan out over this one's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an execution ended: an artifact, or a failure."""

    artifact: Artifact | None = None
    failure: Failure | None = None
    params_read: tuple[str, ...] = ()
    log: ContentHash | None = None
    expansions: tuple[Expansion, ...] = ()
    extra: tuple[Artifact, ...] = ()
    """Collections it consumed, which are stored with it."""


@dataclass(slots=True)
class Desk:
    """What a running attempt may ask of the product; the implementation behind ``StepContext``."""

    store: Store
    work: Work
    bodies: Bodies
    report: Callable[[EventDraft], None]
    cancelled: bool = False
    folder: Path | None = None

    def load_memo(self, name: str) -> bytes | None:
        """What was kept under a name, or None."""
        with self.store.read() as reader:
            return reader.load_memo(self.work.attempt.key, name)

    def keep_memo(self, name: str, body: bytes) -> None:
        """Keep a result under the attempt's fence; durable on return."""
        attempt = self.work.attempt

        def record(tx: object) -> None:
            current = tx.load_attempt(attempt.key)  # type: ignore[attr-defined]
            if current is None or current.fence != attempt.fence or current.state is not attempt.state:
                raise WriteRefused(f"the attempt of {attempt.key.step} is not this worker's any more")
            tx.put_memo(attempt.key, name, body)  # type: ignore[attr-defined]

        self.store.write(record)

    def report_progress(self, *, done: float, total: float | None, message: str) -> None:
        """Report progress; the executor drops what comes too fast."""
        key = self.work.attempt.key
        data = {"done": done, "total": total, "message": message}
        self.report(EventDraft(type=EventType.STEP_PROGRESS, run=key.run, step=key.step, data=data))

    def load_previous(self) -> object:
        """The value of the step's own last output, or None."""
        previous = self.work.previous
        return self.bodies.output(previous.artifact).value if previous else None

    def scratch_folder(self) -> Path:
        """An empty folder of this attempt's own; made on first use."""
        if self.folder is None:
            key = self.work.attempt.key
            name = f"{key.run}-{content_hash(key.step.encode())[7:19]}-{key.number}-{self.work.attempt.fence}"
            self.folder = Path(self.store.folder) / "jobs" / key.job_id / "scratch" / name
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        return self.folder

    def is_cancelled(self) -> bool:
        """Whether the attempt should end."""
        return self.cancelled


class Performer:
    """Executes attempts of one loaded workflow."""

    def __init__(self, store: Store, loaded: LoadedWorkflow, *, threads: StepThreads) -> None:
        self.bodies = Bodies(store)
        self._store = store
        self._loaded = loaded
        self._threads = threads

    async def perform(self, work: Work, report: Callable[[EventDraft], None]) -> Result:
        """Execute an attempt. Failures of the step are results; only cancellation is raised.

        ``report`` takes the step's progress; it may be called from any thread.
        """
        desk = Desk(self._store, work, self.bodies, report)
        try:
            if work.step.timeout_seconds is None:
                return await self._perform(work, desk)
            async with asyncio.timeout(work.step.timeout_seconds):
                return await self._perform(work, desk)
        except TimeoutError as error:
            return self._timed_out(work, error)
        except StepFailed as error:
            return self._step_failed(error)
        except OncueError as error:
            return Result(failure=Failure(code=error.code, message=error.message))
        except Exception as error:
            return Result(failure=_describe_exception(error))
        finally:
            desk.cancelled = True
            if desk.folder is not None:
                shutil.rmtree(desk.folder, ignore_errors=True)

    async def _perform(self, work: Work, desk: Desk) -> Result:
        body = self._loaded.bodies[work.step.name]
        if isinstance(body, SyncBody):
            return await self._threads.call(partial(self._run_sync, body, work, desk))
        call = await self._threads.call(partial(self._gather, work, desk))
        output = await body.run(call)
        return await self._threads.call(partial(self._keep, work, call, output))

    def expand(self, step: StepDefinition, over: ContentHash, value: object) -> Expansion:
        """Work out the instances of a fan-out over a list.

        Raises:
            StepFailed: the output is not a list, or its elements cannot be named.
        """
        named = self._loaded.name_instances(step.name, value)
        items = {key: content_hash(canonical_json(element)) for key, element in named.items()}
        return Expansion(step=step.name, over=over, definition=step.hash, items=items)

    async def expand_stored(self, step: StepDefinition, over: ContentHash) -> Expansion:
        """Work out the instances of a fan-out over a stored list.

        Raises:
            StepFailed: the output is not a list, or its elements cannot be named.
        """
        return await self._threads.call(lambda: self.expand(step, over, self.bodies.output(over).value))

    def _run_sync(self, body: SyncBody, work: Work, desk: Desk) -> Result:
        call = self._gather(work, desk)
        return self._keep(work, call, body.run(call))

    def _gather(self, work: Work, desk: Desk) -> StepCall:
        attempt = work.attempt
        for collection in work.consumption.collections:
            if collection.body is not None:
                self.bodies.pack(collection.kind, collection.body)
        collections = {collection.hash for collection in work.consumption.collections}
        inputs: dict[str, Output | Mapping[str, Output]] = {}
        for name, text in work.consumption.steps.items():
            address = ContentHash(text)
            inputs[name] = self.bodies.collection(address) if address in collections else self.bodies.output(address)
        context = StepContext(
            desk,
            job=attempt.key.job_id,
            step=attempt.key.step,
            run=attempt.key.run,
            attempt=attempt.key.number,
            mode=attempt.context,
        )
        return StepCall(
            definition=work.step,
            inputs=inputs,
            params=Params(work.params),
            context=context,
            item=work.load_item() if work.load_item else None,
            has_item=work.load_item is not None,
        )

    def _keep(self, work: Work, call: StepCall, output: StepOutput) -> Result:
        step = work.attempt.key.step
        artifact = self.bodies.store_output(step, output)
        extra = tuple(
            self.bodies.pack(collection.kind, collection.body)
            for collection in work.consumption.collections
            if collection.body is not None
        )
        read = work.step.reads if work.step.reads is not None else tuple(sorted(call.params.names_read))
        log = self._store.blobs.put_file(output.log)[0] if output.log else None
        expansions = tuple(self._expand_eagerly(work, artifact, output.value))
        return Result(artifact=artifact, params_read=read, log=log, extra=extra, expansions=expansions)

    def _expand_eagerly(self, work: Work, artifact: Artifact, value: object) -> list[Expansion]:
        """Instances of the fan-outs over this list, so that the next plan knows them; an error there is not this step's."""
        expansions: list[Expansion] = []
        for step in work.fans_out:
            try:
                expansions.append(self.expand(step, artifact.hash, value))
            except StepFailed:
                continue
        return expansions

    def _timed_out(self, work: Work, error: TimeoutError) -> Result:
        if work.step.timeout_seconds is None:
            return Result(failure=_describe_exception(error))
        message = f"did not end within {work.step.timeout_seconds:g} s"
        return Result(failure=Failure(code="timeout", message=message))

    def _step_failed(self, error: StepFailed) -> Result:
        log = self._store.blobs.put_file(error.log)[0] if error.log else None
        return Result(failure=Failure(code=error.code, message=str(error), detail=error.detail), log=log)


def read_artifacts(result: Result) -> tuple[Artifact, ...]:
    """Every artifact that must be stored for a result to be readable."""
    return result.extra if result.artifact is None else (*result.extra, result.artifact)


def _describe_exception(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/oncue/control/" not in frame.filename.replace("\\", "/")]
    detail = "".join(traceback.format_list(own)) + "".join(traceback.format_exception_only(error))
    text = str(error).strip() or type(error).__name__
    return Failure(code="exception", message=f"{type(error).__name__}: {text}"[:1000], detail=detail[-8000:])
