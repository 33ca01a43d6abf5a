"""How much is measured, and where."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floor import time_floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``steps`` is the size of the smaller jobs, ``many`` of the larger; ``folder`` lies on the disk that is measured."""

    folder: Path
    rounds: int = 5
    steps: int = 1_000
    many: int = 10_000
    plans: tuple[int, ...] = (1_000, 10_000, 100_000)
    floor_rows: int = 1_000
    starts: int = 21
    jobs: int = 10_000
    """Jobs in the list of the server that is measured; each has five attempts and five decisions."""
    waiting: int = 2_000
    """How many of them wait for an answer."""
    instances: int = 2_000
    wide_runs: int = 25
    """How often its large job ran, whose fan-out has so many instances."""
    looks: int = 11
    clients: int = 50
    burst: int = 1_000
    watched_steps: int = 20
    floor_below: float = float("inf")
    """Seconds; a floor above it means that the machine is disturbed."""

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder on the file system that is measured; removed afterwards."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            yield Path(name)

    def lets_wait(self, number: int) -> bool:
        """Whether the job of this number waits for an answer."""
        return number % (self.jobs // self.waiting) == 1

    def floor(self) -> float:
        """The floor now, in seconds."""
        with self.scratch() as folder:
            return time_floor(folder, rows=self.floor_rows)


def quick(folder: Path) -> Settings:
    """Sizes that show that everything works; their figures mean nothing."""
    return Settings(
        folder=folder,
        rounds=2,
        steps=20,
        many=60,
        plans=(50, 100),
        floor_rows=20,
        starts=2,
        jobs=30,
        waiting=6,
        instances=40,
        wide_runs=2,
        looks=2,
        clients=3,
        burst=50,
        watched_steps=3,
    )
