"""Folders with workflows in them, and the command to run there."""

from pathlib import Path

import pytest

from tests.acceptance.shipped import Shell

CHAIN = """\
name: chain
params:
  region: us
phases: [gather, refine, publish]
steps:
  - {id: fetch, phase: gather, run: "echo fetch >> calls.log; echo data from {{ params.region }}"}
  - {id: clean, phase: gather, run: "echo clean >> calls.log; tr a-z A-Z < $ONCUE_INPUTS/fetch/stdout"}
  - {id: count, phase: refine, run: "echo count >> calls.log; wc -c < $ONCUE_INPUTS/clean/stdout"}
  - {id: report, phase: publish, run: "echo report >> calls.log; cat $ONCUE_INPUTS/count/stdout $(ls suffix.txt || true)"}
"""

AGENT = '''\
"""A research agent in miniature: five phases, one step per planned question."""

from pathlib import Path

from oncue import Params, StepContext, Workflow

LOG = Path("calls.log")
agent = Workflow(
    "agent",
    phases=["collect", "goals", "synthesis", "execute", "report"],
    params={"style": "brief", "topics": ["sun", "wind", "sea"]},
)


def note(name: str) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{name}\\n")


@agent.step(phase="collect", source=True)
def abstract() -> dict[str, str]:
    note("abstract")
    extra = Path("world.txt").read_text(encoding="utf-8") if Path("world.txt").exists() else "calm"
    return {"weather": extra}


@agent.step(phase="goals")
def goals(abstract: dict[str, str]) -> list[str]:
    note("goals")
    return ["understand " + abstract["weather"]]


@agent.step(phase="synthesis")
def synthesis(goals: list[str]) -> str:
    note("synthesis")
    hint = Path("synthesis.txt").read_text(encoding="utf-8") if Path("synthesis.txt").exists() else ""
    return f"{goals[0]} {hint}".strip()


@agent.step(phase="synthesis")
def plan(synthesis: str, params: Params) -> list[dict[str, str]]:
    note("plan")
    return [{"id": topic, "question": f"{synthesis} of {topic}?"} for topic in params.topics]


@agent.step(phase="execute", each="plan", key="id")
def finding(item: dict[str, str], ctx: StepContext) -> dict[str, str]:
    note(f"finding[{item['id']}]")
    ctx.progress(1, 1, "read")
    notes = Path(f"{item['id']}.txt")
    return {"answer": notes.read_text(encoding="utf-8") if notes.exists() else f"{item['question']} yes"}


@agent.step(phase="report", deliverable=True)
def report(finding: dict[str, dict[str, str]], synthesis: str, params: Params) -> str:
    note("report")
    return f"{params.style}: {synthesis}: " + "; ".join(found["answer"] for found in finding.values())
'''


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty folder."""
    return Shell(tmp_path)


@pytest.fixture
def chain(shell: Shell) -> str:
    """A job of the four shell steps fetch → clean → count → report; not run yet."""
    shell.write("chain.yaml", CHAIN)
    return shell.create("chain.yaml")


@pytest.fixture
def done(shell: Shell, chain: str) -> str:
    """The same job, run once."""
    assert shell.run("job", "run", chain).code == 0
    assert shell.calls() == ["fetch", "clean", "count", "report"]
    return chain


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, str]:
    """A chain that was run once, shared by tests that change nothing of it."""
    shell = Shell(tmp_path_factory.mktemp("standing"))
    shell.write("chain.yaml", CHAIN)
    job = shell.create("chain.yaml")
    assert shell.run("job", "run", job).code == 0
    shell.calls()
    return shell, job


@pytest.fixture
def agent(shell: Shell) -> str:
    """A job of the research agent in Python; not run yet."""
    shell.write("flows.py", AGENT)
    return shell.create("flows:agent")


@pytest.fixture
def researched(shell: Shell, agent: str) -> str:
    """The same job, run once."""
    assert shell.run("job", "run", agent).code == 0
    shell.calls()
    return agent
