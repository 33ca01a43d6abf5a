"""An agent looks and recommends through the shipped ``oncue mcp``, in a process of its own, and can start nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mcp import Client, StdioServerParameters

from oncue.core.model import JobId
from oncue.mcp.toolviews import MAX_LISTED
from oncue.wiring import open_workspace
from tests.acceptance.shipped import Shell
from tests.export.questions import MODE, decided, store_questions
from tests.export.questions import ask as ask_as

T = TypeVar("T")
TOOLS = {
    "list_jobs", "show_job", "list_runs", "show_run", "list_decisions", "show_trace", "read_artifact", "plan_run",
    "recommend_run",
}  # fmt: skip
CHAIN = """\
name: chain
params:
  region: us
steps:
  - {id: fetch, run: "echo data from {{ params.region }}"}
  - {id: count, run: "wc -c < $ONCUE_INPUTS/fetch/stdout"}
"""
LOUD = """\
import sys
from oncue import Workflow
if "mcp" in sys.argv:
    print("this goes nowhere near the wire")
loud = Workflow("loud")
@loud.step
def one() -> list[int]:
    return list(range(3000))
@loud.step
def words(one) -> str:
    return "äöüß€😀" * 20
"""
BROKEN = """\
from oncue import Workflow
broken = Workflow("broken")
@broken.step
def one() -> list[int]:
    return [0, 1, 2]
@broken.step(each="one")
def part(item):
    if item == 1:
        raise ValueError("broken")
    return item
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    (tmp_path / "loud.py").write_text(LOUD, encoding="utf-8")
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    return Shell(tmp_path)


@pytest.fixture
def job(shell: Shell) -> str:
    """A job that was run once."""
    id_: str = shell.get("job", "create", "chain.yaml")["job_id"]
    assert shell.run("job", "run", id_).code == 0
    return id_


def talk(shell: Shell, talking: Callable[[Client], Awaitable[T]]) -> T:
    """What an agent and the command say to each other, over its standard input and output."""

    async def run() -> T:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "oncue", "mcp"], env=shell.environment(), cwd=str(shell.folder)
        )
        async with Client(server, read_timeout_seconds=60) as client:
            return await talking(client)

    return asyncio.run(run())


def ask(shell: Shell, *calls: tuple[str, dict[str, object]]) -> list[Any]:
    """The results of some calls: a document, or the text of an error."""

    async def talking(client: Client) -> list[Any]:
        found = []
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            found.append(result.content[0].text if result.is_error else result.structured_content)  # type: ignore[union-attr]
        return found

    return talk(shell, talking)


def rows(shell: Shell) -> dict[str, int]:
    """How many rows there are of what authorizes or executes."""
    with sqlite3.connect(shell.folder / ".oncue" / "oncue.db") as database:
        tables = ("run", "trigger", "attempt", "acceptance", "question", "job")
        found = {table: database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}
    database.close()
    return found


@pytest.mark.usefixtures("job")
def test_the_tools_are_a_closed_list_of_which_all_but_one_only_look(shell: Shell) -> None:
    async def talking(client: Client) -> list[Any]:
        return list((await client.list_tools()).tools)

    tools = talk(shell, talking)

    assert {tool.name for tool in tools} == TOOLS
    assert {tool.name for tool in tools if not tool.annotations.read_only_hint} == {"recommend_run"}
    assert all(tool.description for tool in tools)


@pytest.mark.proves("S1-17")
def test_an_agent_looks_at_everything_and_nothing_changes(shell: Shell, job: str) -> None:
    before = rows(shell)

    jobs, shown, runs, run, decisions, trace, artifact, plan = ask(
        shell,
        ("list_jobs", {}),
        ("show_job", {"job": job[:5]}),
        ("list_runs", {"job": job}),
        ("show_run", {"job": job, "number": 1}),
        ("list_decisions", {"job": job}),
        ("show_trace", {"job": job}),
        ("read_artifact", {"job": job, "step": "fetch", "file": "stdout"}),
        ("plan_run", {"job": job, "request": {"scope": "from", "steps": ["1"], "params": {"region": "eu"}}}),
    )

    assert [one["job_id"] for one in jobs["jobs"]] == [job]
    assert [step["id"] for step in shown["steps"]] == ["fetch", "count"]
    assert [one["number"] for one in runs["runs"]] == [1]
    assert (run["status"], run["trigger"]["actor"]) == ("succeeded", "ada")
    assert decisions["decisions"] == []
    assert trace["attempts"] == []
    assert artifact["text"] == "data from us\n"
    assert plan["ready"] is True
    assert rows(shell) == before


def test_an_agent_sees_the_latest_decisions_and_how_many_there_are(shell: Shell, job: str) -> None:
    workspace = open_workspace(shell.folder / ".oncue", create=False)
    store_questions(workspace, JobId(job), *(ask_as(number, MODE, decided(number, "ONCE")) for number in range(1, 6)))
    store_questions(workspace, JobId(job), ask_as(6, MODE))
    workspace.store.close()

    two, all_, none = ask(
        shell,
        ("list_decisions", {"job": job, "limit": 2}),
        ("list_decisions", {"job": job}),
        ("list_decisions", {"job": job, "run": 1, "limit": 1}),
    )

    assert [one["occurrence"] for one in two["decisions"]] == [4, 5]
    assert (two["found"], two["waiting"]) == (5, 1)
    assert [one["occurrence"] for one in all_["decisions"]] == [1, 2, 3, 4, 5]
    assert [one["occurrence"] for one in none["decisions"]] == [5]


@pytest.mark.proves("S1-15", "S1-52", "S1-54")
def test_an_agent_recommends_and_a_person_sees_it_and_nothing_was_started(shell: Shell, job: str) -> None:
    before = rows(shell)
    request: dict[str, object] = {"scope": "from", "steps": ["2"], "params": {"region": "eu"}, "budget": {"seconds": 60}}

    (given,) = ask(shell, ("recommend_run", {"job": job, "request": request, "rationale": "the region moved"}))

    assert rows(shell) == before
    (listed,) = shell.get("job", "recommendations", job)["recommendations"]
    assert listed == {name: value for name, value in given.items() if name != "note"}
    assert listed["author"] == "the agent of ada"
    assert listed["recommended_run_config"] == {
        "scope": "from",
        "steps": ["count"],
        "params": {"region": "eu"},
        "budget": {"seconds": 60.0},
    }
    text = shell.run("job", "recommendations", job).out
    assert listed["recommendation_id"] in text
    assert "the region moved" in text
    assert any(event["type"] == "recommendation_given" for event in shell.get("job", "events", job)["events"])


@pytest.mark.parametrize(
    "name",
    [
        "start_run",
        "run",
        "rerun_job",
        "cancel_run",
        "answer_question",
        "accept_output",
        "stop_job",
        "create_job",
        "mint_trigger",
    ],
)
def test_a_tool_that_acts_does_not_exist(shell: Shell, job: str, name: str) -> None:
    before = rows(shell)

    async def talking(client: Client) -> bool:
        try:
            return (await client.call_tool(name, {"job": job})).is_error
        except Exception:
            return True

    assert talk(shell, talking) is True
    assert rows(shell) == before


def test_errors_say_what_is_wrong_and_what_to_do(shell: Shell, job: str) -> None:
    none, step, request, long, secret = ask(
        shell,
        ("show_job", {"job": "nothing"}),
        ("read_artifact", {"job": job, "step": "nothing"}),
        ("plan_run", {"job": job, "request": {"scope": "only"}}),
        ("recommend_run", {"job": job, "request": {"comment": "x" * 601}, "rationale": "why"}),
        ("recommend_run", {"job": job, "request": {}, "rationale": "use sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"}),
    )

    assert "unknown_job" in none
    assert "unknown_step" in step
    assert "step" in request
    assert "invalid_comment" in long
    assert "secret_in_rationale" in secret
    assert "sk-proj" not in secret
    assert shell.get("job", "recommendations", job)["recommendations"] == []


def read_in_pieces(shell: Shell, step: str, *, limit: int) -> Any:
    """The output of a step of a job that is run for it, put together from pieces of so many bytes."""
    id_ = shell.get("job", "create", "loud:loud")["job_id"]
    assert shell.run("job", "run", id_).code == 0

    async def talking(client: Client) -> str:
        text = ""
        offset: int | None = 0
        while offset is not None:
            wish = {"job": id_, "step": step, "offset": offset, "limit": limit}
            piece = (await client.call_tool("read_artifact", wish)).structured_content
            assert piece is not None
            text, offset = text + piece["text"], piece["next_offset"]
        return text

    return json.loads(talk(shell, talking))


def test_what_is_long_comes_in_pieces_that_make_the_whole(shell: Shell) -> None:
    assert read_in_pieces(shell, "one", limit=5000) == list(range(3000))


def test_no_piece_ends_within_a_character(shell: Shell) -> None:
    assert read_in_pieces(shell, "words", limit=7) == "äöüß€😀" * 20


def test_of_a_fan_out_the_instances_that_have_an_output_are_named(shell: Shell) -> None:
    id_ = shell.get("job", "create", "broken:broken")["job_id"]
    assert shell.run("job", "run", id_).code == 1

    (named,) = ask(shell, ("read_artifact", {"job": id_, "step": "part"}))

    assert "part[2]" not in named["instances"]
    assert named["count"] == len(named["instances"]) > 0
    assert set(named["instances"]) <= {"part[1]", "part[3]"}


def test_a_long_list_says_how_much_was_left_out() -> None:
    from oncue.mcp.toolviews import bounded

    cut = bounded({"steps": list(range(MAX_LISTED + 7)), "runs": [1]})

    assert (len(cut["steps"]), cut["left_out"]) == (MAX_LISTED, {"steps": 7})  # type: ignore[arg-type]
    assert bounded({"runs": [1]}) == {"runs": [1]}


def test_without_a_workspace_the_command_says_so(tmp_path: Path) -> None:
    said = Shell(tmp_path).run("mcp")

    assert (said.code, said.out) == (4, "")
    assert "oncue job create" in said.err or "workspace" in said.err
    assert os.listdir(tmp_path) == []


def test_without_the_extra_the_command_says_how_to_install_it(tmp_path: Path) -> None:
    without = "import sys; sys.modules['mcp'] = None; from oncue.cli.main import main; main(['mcp'])"

    said = subprocess.run(
        [sys.executable, "-c", without], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert (said.returncode, said.stdout) == (1, "")
    assert "pip install 'oncue[mcp]'" in said.stderr
    assert "Traceback" not in said.stderr
