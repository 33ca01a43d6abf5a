"""One execution of one step, apart from any schedule: gather what it consumes, call its body, store what it returns."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from oncue.control.asking import Asker
from oncue.control.execution.desk import Desk
from oncue.control.execution.threads import StepThreads
from oncue.control.generation.modelclients import RunModels
from oncue.control.generation.runbudget import BudgetReached
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.calls import LoadedWorkflow, Params, StepCall, StepFailed, StepOutput, SyncBody
from oncue.control.steps.context import StepContext, Suspended
from oncue.control.steps.outputs import Output
from oncue.control.steps.work import Result, Work
from oncue.core.canonical import canonical_json, content_hash, mend_text
from oncue.core.definition import StepDefinition
from oncue.core.events import EventDraft
from oncue.core.model import Artifact, ContentHash, Expansion, Failure, Job
from oncue.errors import OncueError, WorkspaceError, WriteRefused


class Performer:
    """Executes attempts of one loaded workflow."""

    def __init__(self, models: RunModels, loaded: LoadedWorkflow, *, job: Job, threads: StepThreads) -> None:
        workspace = models.workspace
        self.bodies = Bodies(workspace.store)
        self._workspace = workspace
        self._store = workspace.store
        self._models = models
        self._job = job
        self._loaded = loaded
        self._threads = threads

    async def perform(self, work: Work, report: Callable[[EventDraft], None]) -> Result:
        """Execute an attempt. Failures of the step are results.

        ``report`` takes the step's progress; it may be called from any thread.

        Raises:
            CancelledError: the task was cancelled.
            WorkspaceError: the store fails, not the step; the attempt can be repeated when it works again.
        """
        asker = Asker(self._workspace, self._models.run, work.attempt, self._job.replayed_from)
        desk = Desk(self._store, work, self.bodies, report, asker, self._models, asyncio.get_running_loop())
        try:
            try:
                result = await self._within_limit(work, desk)
            except Suspended:
                result = Result(is_suspended=True)
            except BudgetReached as reached:
                result = Result(is_halted=True, failure=reached.failure)
            except Exception as error:
                if isinstance(error, WorkspaceError) and not isinstance(error, WriteRefused):
                    raise
                result = self._explain(error)
            return desk.keep_log(replace(result, is_comment_read=desk.is_comment_read))
        finally:
            desk.close()

    async def _within_limit(self, work: Work, desk: Desk) -> Result:
        limit = work.step.timeout_seconds
        if limit is None:
            return await self._attempt(work, desk)
        scope = asyncio.timeout(limit)
        try:
            async with scope:
                return await self._attempt(work, desk)
        except TimeoutError:
            if not scope.expired():
                raise
            return Result(failure=Failure(code="timeout", message=f"did not end within {limit:g} s"))

    async def _attempt(self, work: Work, desk: Desk) -> Result:
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
            if not text:
                raise StepFailed(f"{attempt.key.step} needs {name}, and part of its output is missing", code="missing_input")
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

    def _explain(self, error: Exception) -> Result:
        match error:
            case StepFailed():
                log = self._store.blobs.put_file(error.log)[0] if error.log else None
                return Result(failure=_failure(error.code, str(error), error.detail), log=log)
            case OncueError():
                return Result(failure=_failure(error.code, error.message, error.hint))
            case _:
                return Result(failure=_describe_exception(error))


def read_artifacts(result: Result) -> tuple[Artifact, ...]:
    """Every artifact that must be stored for a result to be readable."""
    return result.extra if result.artifact is None else (*result.extra, result.artifact)


def _describe_exception(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/oncue/control/" not in frame.filename.replace("\\", "/")]
    detail = "".join(traceback.format_list(own)) + "".join(traceback.format_exception_only(error))
    text = str(error).strip() or type(error).__name__
    return _failure("exception", f"{type(error).__name__}: {text}"[:1000], detail[-8000:])


def _failure(code: str, message: str, detail: str) -> Failure:
    return Failure(code=code, message=mend_text(message), detail=mend_text(detail))
