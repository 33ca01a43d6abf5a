"""Every field that traces, deltas and plans print is described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.guided import guide, study
from tests.acceptance.shipped import Shell
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "reference" / "traces.md"
ELSEWHERE = {"code", "message", "detail", "draft", "table", "low", "high"}
"""Parts of errors, and names of steps in mappings."""


def fields(value: object) -> Iterator[str]:
    """Every key within a JSON value, but those of OpenTelemetry's names and of decisions."""
    if isinstance(value, list):
        for part in value:
            yield from fields(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            if key not in ("attributes", "answers"):
                yield from fields(part)


def test_every_field_is_described(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    job = study(shell)
    words = ("job", "rerun", job, "--only", "--step", "draft", "--comment", "use lmfit", "--plan")
    prompts = shell.get(*words)["plan"]["prompts"]
    guide(shell, job, "use lmfit")
    trace, delta = shell.get("job", "trace", job, "draft", "--payload"), shell.get("job", "delta", job, "draft")
    described = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))

    printed = {*fields(trace), *fields(delta), *fields(prompts)} - ELSEWHERE

    assert printed - described == set()
    assert {"prompts", "prompts_left_out"} <= set(shell.get(*words)["plan"])
