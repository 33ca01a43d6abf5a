"""Starting is quick because little is imported: what each command must not load. No clock is involved."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.shipped import Shell
from tests.support.repository import PACKAGE, relative

HEAVY = {"alembic", "asyncio", "jinja2", "markdown_it", "pydantic", "psycopg", "rich", "sqlalchemy", "yaml"}
MODELS = {"anthropic", "genai_prices", "httpx2", "openai", "opentelemetry", "pydantic_ai"}
STORES = {"concurrent.futures", "logging", "sqlite3", "subprocess"}

PROBE = """
import sys
from oncue.cli.main import run_command
code = run_command(sys.argv[1:])
print("MODULES", code, *sorted(sys.modules))
"""


def loaded(folder: Path, *command: str) -> tuple[int, set[str]]:
    """The exit code of a command and everything it imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *command],
        cwd=folder,
        env=Shell(folder).environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    _, code, *modules = done.stdout.split("MODULES")[-1].split(" ")
    return int(code), {module.strip() for module in modules}


@pytest.mark.parametrize(
    "command", [("--help",), ("job", "--help"), ("job", "rerun", "--help"), ("config", "set", "--help"), ("--version",)]
)
def test_help_loads_no_library_but_click(tmp_path: Path, command: tuple[str, ...]) -> None:
    code, modules = loaded(tmp_path, *command)

    assert code == 0
    assert modules & (HEAVY | STORES) == set()
    assert {module for module in modules if module.startswith("oncue.") and module.count(".") == 1} <= {
        "oncue.cli",
        "oncue.config",
        "oncue.errors",
    }


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a job that was run once."""
    shell = Shell(tmp_path_factory.mktemp("imports"))
    shell.write("one.yaml", "steps:\n  - {id: a, run: echo 1}\n")
    job = shell.create("one.yaml")
    assert shell.run("job", "run", job).code == 0
    return shell.folder, job


@pytest.mark.parametrize(
    "command",
    [
        ("show", "JOB"),
        ("history", "JOB"),
        ("comments", "JOB"),
        ("why", "JOB", "a"),
        ("artifact", "JOB", "a"),
        ("events", "JOB"),
        ("list",),
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_looking_at_an_unchanged_job_loads_none_of_what_executes(
    standing: tuple[Path, str], *, command: tuple[str, ...], form: tuple[str, ...]
) -> None:
    folder, job = standing
    words = [job if word == "JOB" else word for word in command]

    code, modules = loaded(folder, "job", *words, *form)

    assert code == 0
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "command",
    [
        ("config", "get", "price.m.input"),
        ("config", "list"),
        ("doctor",),
        ("job", "rerun", "JOB", "--plan"),
        ("job", "rerun", "JOB", "--step", "2", "--comment", "shorter", "--max-tokens", "10", "--plan"),
        ("job", "trace", "JOB"),
        ("job", "show", "JOB"),
    ],
    ids=" ".join,
)
def test_only_what_executes_loads_the_libraries_of_models(prompting: tuple[Path, str], command: tuple[str, ...]) -> None:
    folder, job = prompting

    code, modules = loaded(folder, *(job if word == "JOB" else word for word in command))

    assert code == 0
    assert modules & MODELS == set()


@pytest.fixture(scope="module")
def prompting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a job that was not run, one of whose steps calls the model that is set."""
    shell = Shell(tmp_path_factory.mktemp("models"))
    shell.write("ask.yaml", "steps:\n  - {id: a, run: echo 1}\n  - {id: b, prompt: Say it.}\n")
    job = shell.create("ask.yaml")
    assert shell.run("config", "set", "model", "openai:m@http://127.0.0.1:9/v1").code == 0
    assert shell.run("config", "set", "price.m.input", "1").code == 0
    return shell.folder, job


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").rglob("*.py")), ids=relative)
@pytest.mark.proves("S4-21")
def test_commands_reach_the_store_through_use_cases_alone(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    below = {name for name in modules if name.startswith(("oncue.store", "oncue.engines", "oncue.definitions"))}

    assert below <= ({"oncue.store.filelocks", "oncue.store.sqltext"} if path.stem == "doctorchecks" else set())
