"""What a running attempt may ask of the product: the other side of ``StepContext``."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from oncue.control.asking import Asker
from oncue.control.bodies import Bodies
from oncue.control.work import Result, Work
from oncue.core.canonical import content_hash
from oncue.core.events import EventDraft, EventType
from oncue.core.ports import Store, Transaction
from oncue.core.questions import Asking
from oncue.errors import WriteRefused

LOG_FILE = "log.txt"


@dataclass(slots=True)
class Desk:
    """Serves one attempt; every write carries its fence."""

    store: Store
    work: Work
    bodies: Bodies
    report: Callable[[EventDraft], None]
    asker: Asker
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
            current = tx.load_attempt(attempt.key)
            if current is None or current.fence != attempt.fence or current.state is not attempt.state:
                raise WriteRefused(f"the attempt of {attempt.key.step} is not this worker's any more")
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
            key = self.work.attempt.key
            name = f"{key.run}-{content_hash(key.step.encode())[7:19]}-{key.number}-{self.work.attempt.fence}"
            self.folder = Path(self.store.folder) / "jobs" / key.job_id / "scratch" / name
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        return self.folder

    def is_cancelled(self) -> bool:
        """Whether the attempt should end."""
        return self.cancelled

    def ask(self, asking: Asking, *, configured: object = None) -> object:
        """The recorded answer to a question, or ``Suspended``."""
        return self.asker.ask(asking, configured=configured)

    def open_log(self) -> logging.Logger:
        """A logger of this attempt's own, whose lines also go to the process's logging; made on first use."""
        if self.logger is None:
            self.logger = logging.Logger(f"oncue.step.{self.work.step.name}", logging.DEBUG)
            self.logger.parent = logging.getLogger("oncue.step")
            handler = logging.FileHandler(self.scratch_folder() / LOG_FILE, encoding="utf-8")
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
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
