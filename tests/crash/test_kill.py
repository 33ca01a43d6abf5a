"""Kill -9 at random points: no result lost, none recorded twice, and the same end as without.

Each test kills at least ``KILLS`` times, so that all seeds together come to more than 200 in each store.
"""

import random
from pathlib import Path

import pytest

from tests.crash.effects import append_row, open_log, read_rows
from tests.crash.ordeal import Ordeal
from tests.support.processes import Nursery

KILLS = 26
SEEDS = range(1, 9)
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_job_loses_nothing_repeats_nothing_and_ends_the_same(
    seed: int, location: str, tmp_path: Path, children: Nursery
) -> None:
    ordeal = Ordeal(nursery=children, location=location, folder=tmp_path, rng=random.Random(seed))
    (reference,) = ordeal.create_jobs(1)
    expected = ordeal.run_unharmed(reference)
    assert len(expected) == 50

    while ordeal.kills < KILLS:
        (job,) = ordeal.create_jobs(1)
        while ordeal.kill_somewhere(ordeal.spawn(job)):
            if ordeal.rng.random() < 0.2:
                ordeal.look(job)
        ordeal.check_end(job, expected=expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_processes_that_share_jobs_and_are_killed_lose_nothing_and_repeat_nothing(
    seed: int, location: str, tmp_path: Path, children: Nursery
) -> None:
    ordeal = Ordeal(nursery=children, location=location, folder=tmp_path, rng=random.Random(seed))
    (reference,) = ordeal.create_jobs(1)
    expected = ordeal.run_unharmed(reference)

    while ordeal.kills < KILLS:
        jobs = ordeal.create_jobs(2)
        pair = [ordeal.spawn(*jobs), ordeal.spawn(*reversed(jobs))]
        victim = ordeal.rng.randrange(2)
        while ordeal.kill_sometime(pair[victim]):
            if ordeal.rng.random() < 0.2:  # a power cut: both at once
                pair[1 - victim].kill()
                pair[1 - victim] = ordeal.spawn(*jobs)
            if ordeal.rng.random() < 0.1:
                ordeal.look(*jobs)
            pair[victim] = ordeal.spawn(*jobs)
            victim = ordeal.rng.randrange(2)
        assert [child.end() for child in pair] == [0, 0], [child.said[-3:] for child in pair]
        for job in jobs:
            ordeal.check_end(job, expected=expected)


@pytest.mark.parametrize("torn", ["\n", "\n\t2", "\n\t2\tb\t", "\n\t2\tb\t."])
def test_a_line_that_a_kill_cut_short_hides_no_other(torn: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    append_row(open_log(str(path)), 1, "a")
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    append_row(open_log(str(path)), 3, "c")

    assert [row for row in read_rows(path) if row != ["2", "b"]] == [["1", "a"], ["3", "c"]]
