"""The shipped command as a person runs it: a process of its own, in a folder of its own."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "oncue")
_OWN = ("ONCUE_WORKSPACE", "ONCUE_JOB", "ONCUE_ACTOR", "ONCUE_DEBUG", "ONCUE_MODEL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error of a command that was given ``--json``."""
        return json.loads(self.err)["error"]


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder in which the command is run."""

    folder: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of the command: this process's, without what is set for Oncue."""
        kept = {name: value for name, value in os.environ.items() if name not in _OWN}
        return {**kept, "ONCUE_ACTOR": "ada", "COLUMNS": "160", **variables}

    def run(self, *arguments: str, **variables: str) -> Answer:
        """Run the command to its end."""
        return self._run([*COMMAND, *arguments], variables)

    def run_unprivileged(self, *arguments: str) -> Answer:
        """Run the command to its end, as somebody to whom the modes of files apply: not to the superuser."""
        without = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        return self._run([*without, *COMMAND, *arguments], {})

    def _run(self, command: list[str], variables: Mapping[str, str]) -> Answer:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run the command and go on at once."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, *arguments: str) -> Any:
        """The JSON of a command that must succeed."""
        answer = self.run(*arguments, "--json")
        assert answer.code == 0, answer
        return answer.json

    def get_with(self, variables: Mapping[str, str], *arguments: str) -> Any:
        """The same, with variables in the environment."""
        answer = self.run(*arguments, "--json", **variables)
        assert answer.code == 0, answer
        return answer.json

    def create(self, workflow: str, *params: str) -> str:
        """A new job's id."""
        given = [part for text in params for part in ("--param", text)]
        return str(self.get("job", "create", workflow, *given)["job_id"])

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def calls(self) -> list[str]:
        """Which steps were executed since the last time this was asked; steps note themselves in ``calls.log``."""
        log = self.folder / "calls.log"
        lines = log.read_text(encoding="utf-8").split() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def pipe(self, name: str) -> Path:
        """A named pipe: whoever opens it waits for the other side, so that nobody needs to sleep."""
        path = self.folder / name
        os.mkfifo(path)
        return path

    def rows(self) -> dict[str, list[Any]]:
        """Everything that the database holds, table by table."""
        database = self.folder / ".oncue" / "oncue.db"
        if not database.exists():
            return {}
        connection = sqlite3.connect(database)
        try:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
            return {table: connection.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2').fetchall() for table in tables
                    if table != "alembic_version"}  # fmt: skip
        finally:
            connection.close()


def states(job: Any) -> dict[str, str]:
    """Step → state, of what ``job show --json`` prints."""
    return {step["id"]: step["state"] for step in job["steps"]}


def runs_of(job: Any) -> dict[str, int | None]:
    """Step → the run that made its current output, of what ``job show --json`` prints."""
    return {step["id"]: step["run"] for step in job["steps"]}
