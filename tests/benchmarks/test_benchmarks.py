"""The benchmarks run and report; what they measure is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.figure import Figure
from benchmarks.report import render_table
from tests.support.repository import ROOT

KEYS = {"name", "unit", "value", "ratio", "ratio_to", "limit", "limit_on", "reached", "samples", "ratios", "note"}


def run_benchmarks(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--quick", "--folder", str(folder / "disk"), "--output", str(folder / "out" / "results.json")]
    command = [sys.executable, "-m", "benchmarks", *options, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "names", [("chain", "plan"), ("fanout", "rerun"), ("resume",), ("disk", "memory"), ("pages",)], ids=" ".join
)
def test_a_quick_run_reports_every_figure_as_a_table_and_as_json(tmp_path: Path, names: tuple[str, ...]) -> None:
    done = run_benchmarks(tmp_path, "--date", "2026-01-02", *names)

    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert results["date"] == "2026-01-02"
    assert {"cpu", "cpus", "platform", "python", "sqlite"} <= set(results["machine"])
    assert str(tmp_path) not in json.dumps(results)
    assert results["figures"]
    for figure in results["figures"]:
        assert set(figure) == KEYS
        assert figure["samples"]
        assert figure["name"] in done.stdout
    assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.proves("S0-27")
def test_comments_mend_what_a_rerun_alone_does_not_and_no_comment_breaks_a_rule(tmp_path: Path) -> None:
    done = run_benchmarks(tmp_path, "guidance")

    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    first, again, commented, twice, hostile, ruled = (figure["value"] for figure in results["figures"])
    assert first == again < commented < twice == 100
    assert (hostile, ruled) == (100, 100)


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run_benchmarks(tmp_path, "chains")

    assert done.returncode == 2
    assert "fanout" in done.stderr


def test_a_ratio_is_the_median_over_rounds_of_a_sample_by_its_own_base() -> None:
    figure = Figure.against("chain", unit="ms", samples=[2.0, 9.0, 4.0], bases=[1.0, 3.0, 1.0], base="floor", limit=3.0)

    assert (figure.value, figure.ratio, figure.is_reached) == (4.0, 3.0, True)


def test_a_figure_that_is_not_reached_says_so_and_an_unmeasured_one_says_neither() -> None:
    slow = Figure(name="slow", unit="ms", samples=(51.0,), limit=50.0)
    unknown = Figure(name="unknown", unit="ms", samples=(), limit=50.0, note="the command is not installed")

    first, second = render_table([slow, unknown]).splitlines()[1:]

    assert first.endswith("NO")
    assert second.endswith("-")
    assert "the command is not installed" in second
