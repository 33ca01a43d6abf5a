"""``python -m benchmarks [--quick] [NAME …]``: measure, print a table, write JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.execution import measure_shape
from benchmarks.figure import Figure
from benchmarks.footprint import measure_disk, measure_memory
from benchmarks.guidance import measure_guidance
from benchmarks.machine import describe_machine
from benchmarks.pages import measure_pages
from benchmarks.planning import measure_planning
from benchmarks.processes import ROOT
from benchmarks.report import render_table, write_results
from benchmarks.reruns import measure_reruns
from benchmarks.resuming import measure_resume
from benchmarks.screens import measure_screens
from benchmarks.settings import Settings, quick
from benchmarks.starting import measure_starts

MEASUREMENTS: dict[str, Callable[[Settings], Iterator[Figure]]] = {
    "chain": lambda settings: measure_shape(settings, "chain"),
    "fanout": lambda settings: measure_shape(settings, "fanout"),
    "rerun": measure_reruns,
    "plan": measure_planning,
    "resume": measure_resume,
    "start": measure_starts,
    "disk": measure_disk,
    "memory": measure_memory,
    "guidance": measure_guidance,
    "pages": measure_pages,
    "screens": measure_screens,
}


def main() -> None:
    """Measure what is asked for, everything if nothing is."""
    options = _parser().parse_args()
    settings = quick(options.folder) if options.quick else _settings(options)
    settings.folder.mkdir(parents=True, exist_ok=True)
    machine = describe_machine(settings.folder)
    figures: list[Figure] = []
    for name in options.names or MEASUREMENTS:
        found = list(MEASUREMENTS[name](settings))
        figures += found
        print(render_table(found) + "\n", flush=True)
    write_results(options.output, figures, machine=machine, date=options.date or datetime.now(UTC).date().isoformat())


def _settings(options: argparse.Namespace) -> Settings:
    below = options.floor_below / 1000 if options.floor_below else float("inf")
    return Settings(folder=options.folder, rounds=options.rounds, floor_below=below)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Oncue against the floor of this machine."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*MEASUREMENTS, []], help=", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, the figures mean nothing")
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is measured (5)")
    parser.add_argument("--floor-below", type=float, metavar="MS", help="repeat a job while the floor around it is above this")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "latest.json", help="the JSON file")
    parser.add_argument("--date", default="", help="what the results say of when they were measured (today)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".benchmarks", help="a folder on the disk to be measured")
    return parser


if __name__ == "__main__":
    main()
