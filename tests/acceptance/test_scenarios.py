"""The three scenarios that a person can read and run."""

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.shipped import COMMAND, Shell
from tests.support.repository import ROOT


@pytest.mark.proves("S4-28", "S4-29", "S4-30", "S4-31")
def test_the_scenarios_of_reruns_hold(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "scripts" / "scenarios.sh"), *COMMAND],
        cwd=tmp_path,
        env=Shell(tmp_path).environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("== Scenario")][2:]
    assert done.stdout.endswith("All three scenarios are as they should be.\n")
