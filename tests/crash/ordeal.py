"""Jobs that are killed again and again: processes come, die at random points, and others carry on."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from oncue.clock import SystemClock
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.core.model import ContentHash, JobId, StepId
from oncue.core.ports import Store
from oncue.definitions.loading import WorkflowLoader
from oncue.store import open_store
from oncue.wiring import new_id
from tests.crash.effects import read_effects, read_rows
from tests.crash.laws import (
    History,
    check_bodies,
    check_effects,
    check_history,
    check_nothing_lost,
    check_success,
    read_history,
)
from tests.support.processes import Child, Nursery, TooSlow, soon
from tests.support.repository import ROOT

MODULES = ("tests.crash.worker", "tests.crash.flows", "oncue.store.postgres", "oncue.engines.embedded")
MOST_MARKS = 30
"""A life of a process is at most so many marks long; a whole job makes 100."""
LONGEST_STAY_MARKS = 8
EARLY_MARKS = 12


@dataclass(slots=True)
class Ordeal:
    """One workspace, the processes that work in it, and what was seen so far."""

    nursery: Nursery
    location: str
    folder: Path
    rng: random.Random
    mark_seconds: float = 0.001
    """How long it takes from one mark to the next, on this machine and in this store."""
    kills: int = 0
    generation: int = 0
    seen: dict[JobId, History] = field(default_factory=dict)

    def spawn(self, *jobs: JobId) -> Child:
        """A process that carries these jobs on."""
        self.generation += 1
        return self.nursery.spawn(
            "tests.crash.worker:carry_on",
            location=self.location,
            folder=str(self.folder),
            jobs=list(jobs),
            generation=self.generation,
        )

    def kill_somewhere(self, child: Child) -> bool:
        """Kill a process at a random point of its work; False when it came to its end before."""
        if self.rng.random() < 0.2:
            return self.kill_sometime(child, marks=EARLY_MARKS)
        for _ in range(self.rng.randrange(1, MOST_MARKS)):
            child.hear()
        return self.kill_sometime(child, marks=LONGEST_STAY_MARKS)

    def kill_sometime(self, child: Child, *, marks: int = MOST_MARKS) -> bool:
        """Kill a process within the time that so many marks take; False when it came to its end before."""
        deadline = soon(self.rng.uniform(0, marks * self.mark_seconds))
        with suppress(TooSlow):
            while child.hear(deadline=deadline) is not None:
                pass
        if "done" not in child.said:
            child.kill()
        if "done" in child.said:
            child.end()
            return False
        assert not [text for text in child.said if text.startswith("error")], child.said
        self.kills += 1
        return True

    def run_unharmed(self, job: JobId) -> dict[StepId, ContentHash]:
        """Execute a job whole, and learn how fast marks follow each other; returns its outputs."""
        child = self.spawn(job)
        child.hear_until("serving")
        begun = time.monotonic()
        assert child.end() == 0, child.said
        self.mark_seconds = (time.monotonic() - begun) / len(child.said)
        return self.check_end(job)

    def create_jobs(self, count: int) -> list[JobId]:
        """New jobs of 50 steps."""
        with self.opened() as store:
            workspace = Workspace(store=store, loader=WorkflowLoader(), clock=SystemClock(), new_id=new_id)
            return [create_job(workspace, "tests.crash.flows:flow", params={}, folder=ROOT).id for _ in range(count)]

    def look(self, *jobs: JobId) -> None:
        """Check what holds at any moment, and that nothing seen before is lost."""
        with self.opened() as store:
            for job in jobs:
                history = read_history(store, job)
                check_history(history)
                if job in self.seen:
                    check_nothing_lost(self.seen[job], history)
                self.seen[job] = history

    def check_end(self, job: JobId, *, expected: dict[StepId, ContentHash] | None = None) -> dict[StepId, ContentHash]:
        """Check everything of a job that came to its end; returns its outputs."""
        self.look(job)
        history = self.seen[job]
        check_success(history)
        effects = read_effects(self.folder / "effects")
        check_effects(history, effects, self._workers())
        with self.opened() as store:
            check_bodies(store, history)
        outputs = history.outputs
        assert expected is None or outputs == expected, "the job ended with other outputs than an uninterrupted one"
        return outputs

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """The store, for as long as nobody works in it."""
        store = open_store(self.location, create=True, folder=self.folder)
        try:
            yield store
        finally:
            store.close()

    def _workers(self) -> dict[str, int]:
        return {worker: int(generation) for generation, worker in read_rows(self.folder / "workers")}
