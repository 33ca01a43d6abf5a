"""The command as a test runs it: a process of its own, in a folder of its own, with a model of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 120.0


class CommandFailed(AssertionError):
    """A command that should have succeeded did not; the message is what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """Runs ``oncue`` in a folder, where it finds workflows.

    ``workspace`` is where jobs are kept (left out, ``.oncue`` in the folder), ``model`` what ``ONCUE_MODEL`` is set to.
    ``environment`` is added to that of this process, from which everything that is set for Oncue itself is left out.
    """

    folder: Path
    workspace: Path | None = None
    model: str = ""
    actor: str = "test"
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ONCUE_")}
        named = {"ONCUE_ACTOR": self.actor, "ONCUE_MODEL": self.model, "ONCUE_WORKSPACE": str(self.workspace or "")}
        own = {name: value for name, value in named.items() if value}
        return subprocess.run(
            [sys.executable, "-m", "oncue", *words],
            cwd=self.folder,
            env={**inherited, **own, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def text(self, *words: str) -> str:
        """What a command prints.

        Raises:
            CommandFailed: it did not succeed.
        """
        done = self.run(*words)
        if done.returncode:
            raise CommandFailed(f"oncue {' '.join(words)} ended with {done.returncode}:\n{done.stderr or done.stdout}")
        return done.stdout

    def json(self, *words: str) -> Any:
        """The same with ``--json``, read."""
        return json.loads(self.text(*words, "--json"))

    def create(self, workflow: str, **params: object) -> str:
        """A new job; its id."""
        given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
        return str(self.json("job", "create", workflow, *given)["job_id"])
