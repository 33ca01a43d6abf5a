"""What a running attempt may ask of the product: the other side of ``StepContext``."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oncue.control.asking import Asker
from oncue.control.generation.modelclients import RunModels
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.drafts import DraftWish
from oncue.control.steps.fencing import check_is_ours
from oncue.control.steps.scratch import LOG_FILE, scratch_path
from oncue.control.steps.work import Result, Work
from oncue.core.comments import GivenComment
from oncue.core.events import EventDraft, EventType
from oncue.core.ports import Store
from oncue.core.questions import Asking
from oncue.core.writeport import Transaction

if TYPE_CHECKING:
    from oncue.control.generation.generating import Generating


@dataclass(slots=True)
class Desk:
    """Serves one attempt; every write carries its fence."""

    store: Store
    work: Work
    bodies: Bodies
    report: Callable[[EventDraft], None]
    asker: Asker
    models: RunModels
    loop: asyncio.AbstractEventLoop
    is_comment_read: bool = False
    generations: int = 0
    generating: Generating | None = None
    pending: set[Future[object]] = field(default_factory=set)
    cancelled: bool = False
    folder: Path | None = None
    logger: logging.Logger | None = None

    def load_memo(self, name: str) -> bytes | None:
        """What was kept under a name, or None."""
        with self.store.read() as reader:
            return reader.load_memo(self.work.attempt.key, name)

    def keep_memo(self, name: str, body: bytes) -> None:
        """Keep a result under the attempt's fence; durable on return."""
        attempt = self.work.attempt

        def record(tx: Transaction) -> None:
            check_is_ours(tx, attempt)
            tx.put_memo(attempt.key, name, body)

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
            self.folder = scratch_path(Path(self.store.folder), self.work.attempt)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        return self.folder

    def is_cancelled(self) -> bool:
        """Whether the attempt should end."""
        return self.cancelled

    def ask(self, asking: Asking, *, configured: object = None) -> object:
        """The recorded answer to a question, or ``Suspended``."""
        return self.asker.ask(asking, configured=configured)

    def read_comments(self) -> tuple[GivenComment, ...]:
        """The comments this attempt is given; the record says that they were read."""
        self.is_comment_read = self.is_comment_read or bool(self.work.comments)
        return self.work.comments

    def has_model(self) -> bool:
        """Whether a model can be called."""
        return self.models.clients.is_usable()

    def generate(self, wish: DraftWish) -> object:
        """A draft; the calling thread waits while the event loop calls the model."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            future = asyncio.run_coroutine_threadsafe(self.generate_async(wish), self.loop)
        else:
            raise TypeError("an async step awaits ctx.generate_async(...); ctx.generate would block every other step")
        self.pending.add(future)
        try:
            return future.result()
        finally:
            self.pending.discard(future)

    async def generate_async(self, wish: DraftWish) -> object:
        """A draft."""
        self.read_comments()
        self.generations += 1
        generation = self.generations
        if self.generating is None:
            self.generating = self._make_generating()
        return await self.generating.generate(wish, generation)

    def _make_generating(self) -> Generating:
        from oncue.control.generation.callrecords import CallBook  # noqa: PLC0415 - only steps that call models need pydantic
        from oncue.control.generation.generating import Generating  # noqa: PLC0415

        models, work = self.models, self.work
        comments = tuple(comment.run for comment in work.comments)
        return Generating(
            work=work,
            bodies=self.bodies,
            book=CallBook(models.workspace, models.run, work.attempt, comments, self.bodies),
            clients=models.clients,
            budget=models.budget,
            clock=models.workspace.clock,
            progress=lambda count, tail: self.report_progress(done=count, total=None, message=tail),
        )

    def open_log(self) -> logging.Logger:
        """A logger of this attempt's own, whose lines also go to the process's logging; made on first use."""
        if self.logger is None:
            self.logger = logging.Logger(f"oncue.step.{self.work.step.name}", logging.DEBUG)
            self.logger.parent = logging.getLogger("oncue.step")
            handler = logging.FileHandler(self.scratch_folder() / LOG_FILE, encoding="utf-8", errors="replace")
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            self.logger.addHandler(handler)
        return self.logger

    def keep_log(self, result: Result) -> Result:
        """The result with what was logged, where the body kept no log itself."""
        if self.logger is None or self.folder is None:
            return result
        for handler in self.logger.handlers:
            handler.close()
        if result.log is not None:
            return result
        return replace(result, log=self.store.blobs.put_file(self.folder / LOG_FILE)[0])

    def close(self) -> None:
        """Remove what the attempt needed only while it ran."""
        self.cancelled = True
        for future in list(self.pending):
            future.cancel()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
