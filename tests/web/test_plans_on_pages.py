"""What a plan says on its page before it is started: how much runs, step by step, and what it may cost."""

import re
from pathlib import Path

import pytest

from oncue.control.jobs import create_job
from tests.web.guided import new_study
from tests.web.hosting import Host
from tests.web.test_words_on_pages import plan_of, words_in

WIDE = """
from oncue import Workflow

wide = Workflow("wide", phases=["one"], params={"count": 15})

@wide.step(phase="one")
def parts(params):
    return list(range(params.count))

@wide.step(phase="one", each="parts")
def work(item):
    return item

@wide.step(phase="one")
def total(work):
    return len(work)
"""


@pytest.fixture
def wide(host: Host, folder: Path) -> str:
    """A job with a fan-out; not run yet."""
    (folder / "wide_words.py").write_text(WIDE, encoding="utf-8")
    return create_job(host.workspace, "wide_words:wide", params={}, folder=folder).id


def test_a_plan_counts_the_instances_that_there_were_last(host: Host, wide: str) -> None:
    before = words_in(plan_of(host, wide, scope="all"))
    host.run(wide)
    after = words_in(plan_of(host, wide, scope="all"))

    assert "Run 1 would execute 3 or more" in before
    assert "3 or more execute" in before
    assert "Run 2 would execute about 17" in after
    assert "about 17 execute" in after
    assert "if there are 15 instances of work again" in after


def test_a_plan_lists_steps_and_folds_their_instances(host: Host, wide: str) -> None:
    host.run(wide)

    page = words_in(plan_of(host, wide, scope="from", step="work"))

    assert "would execute 16" in page
    assert re.search(r"work 15 instances .*work\[1\] .* and 3 more .*total", page)
    assert "work[13]" not in page


def test_a_plan_that_calls_a_model_says_what_it_costs_or_that_nobody_knows(host: Host, folder: Path) -> None:
    job = new_study(host.workspace, folder)

    first = words_in(plan_of(host, job, scope="all"))
    host.run(job)
    second = words_in(plan_of(host, job, scope="all"))
    commented = words_in(plan_of(host, job, scope="all", comment="be brief"))

    assert "What it costs and how long it takes is unknown: some of it never ran" in first
    assert "$" in second.partition("Executes")[0]
    assert "without what the comment adds" in commented
    assert "without what the comment adds" not in second


def test_a_limit_below_what_it_cost_before_is_warned_of(host: Host, folder: Path) -> None:
    job = new_study(host.workspace, folder)
    host.run(job)

    tight = host.preflight(job, scope="all", budget={"usd": 0.000001})
    wide = host.preflight(job, scope="all", budget={"usd": 100.0, "tokens": 100_000})
    tokens = host.preflight(job, scope="all", budget={"tokens": 1})

    assert [one["code"] for one in tight["warnings"]] == ["limit_below_estimate"]
    assert "would halt on its way: it cost" in tight["warnings"][0]["message"]
    assert tight["ready"]
    assert wide["warnings"] == []
    assert "limit of 1 tokens" in tokens["warnings"][0]["message"]
