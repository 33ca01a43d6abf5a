"""The workflow that the browser tests look at: phases, a fan-out, questions of every kind, a report, files, a failure."""

ATLAS = '''\
"""An atlas of energy sources, in miniature."""

import base64
from pathlib import Path

from oncue import Workflow

atlas = Workflow(
    "atlas",
    phases=["Collect", "Plan", "Findings", "Report"],
    params={"region": "eu", "depth": 2, "cautious": False, "weights": {"cost": 1}, "note": "", "wait": 0},
)
HERE = Path(__file__).parent
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def world(name: str, default: str = "") -> str:
    path = HERE / name
    return path.read_text(encoding="utf-8") if path.exists() else default


@atlas.step(phase="Collect", source=True)
def sources(params) -> list[dict]:
    """Fetch the list of energy sources of a region."""
    names = world("sources.txt", "solar wind tidal hydro geothermal biogas").split()
    return [{"id": name, "name": name.title(), "share": round(7.3 * n, 1)} for n, name in enumerate(names, 1)]


@atlas.step(phase="Collect")
def catalogue(sources: list[dict], params, ctx) -> dict:
    """Clean the list and keep it as a table."""
    ctx.log.info("%d sources in %s", len(sources), params.region)
    (ctx.files / "table.csv").write_text("name,share\\n" + "".join(f"{s['name']},{s['share']}\\n" for s in sources))
    (ctx.files / "chart.png").write_bytes(base64.b64decode(PIXEL))
    return {"region": params.region, "sources": len(sources)}


@atlas.step(phase="Plan")
def goals(catalogue: dict, ctx) -> list[str]:
    """Ask which goals count, where ``ask.txt`` is there."""
    if not (HERE / "ask.txt").exists():
        return ["cost", "land"]
    return ctx.ask(
        "goals",
        f"Which goals shall the atlas of {catalogue['region']} serve?",
        kind="choices",
        options=[
            {"id": "cost", "label": "Low cost", "help": "what a megawatt hour costs in the end"},
            {"id": "land", "label": "Little land"},
            {"id": "jobs", "label": "Many jobs"},
        ],
        default=["cost"],
        timeout_seconds=float(world("ask.txt") or 600),
        on_timeout="default",
    )


@atlas.step(phase="Findings", each="sources")
def finding(item: dict, goals: list[str], params, ctx) -> str:
    """Weigh one source against the goals."""
    if item["id"] == world("broken.txt"):
        raise ValueError(f"no data on {item['name']}")
    return f"**{item['name']}** covers {item['share']} % and serves {', '.join(goals)}. {ctx.comment or ''}".strip()


@atlas.step(phase="Findings")
def ranking(finding: dict[str, str], params) -> list[str]:
    """Order the findings."""
    return sorted(finding)


@atlas.step(phase="Report", deliverable=True)
def report(ranking: list[str], finding: dict[str, str], catalogue: dict, params) -> str:
    """Write the report that people read."""
    body = "\\n".join(f"- {finding[name]}" for name in ranking)
    table = "| source | rank |\\n| --- | --- |\\n" + "\\n".join(f"| {name} | {n} |" for n, name in enumerate(ranking, 1))
    head = f"# Energy in {params.region}\\n\\n{catalogue['sources']} sources were weighed.\\n\\n## Findings\\n\\n"
    return f"{head}{body}\\n\\n{table}\\n"
'''

INTERVIEW = '''\
"""One question of every kind."""

from oncue import Workflow

interview = Workflow("interview", phases=["Ask"])
MODES = [{"id": "once", "label": "Once"}, {"id": "deep", "label": "Deep loop"}]
PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Full name", "description": "as on the card"},
        "age": {"type": "integer", "title": "Age", "maximum": 120},
        "member": {"type": "boolean", "title": "Member"},
    },
}


@interview.step(phase="Ask")
def everything(ctx) -> dict:
    return {
        "number": ctx.ask("amount", "How much?", kind="number"),
        "confirm": ctx.ask("continue", "Go on?", kind="confirm"),
        "text": ctx.ask("words", "In your own words?", kind="text"),
        "choice": ctx.ask("run_mode", "Which mode?", options=MODES),
        "form": ctx.ask("person", "Who are you?", schema=PERSON),
    }
'''

HOSTILE = '''\
"""A workflow that puts hostile strings wherever a workflow can put a string."""

import json

from oncue import Workflow

STRINGS = json.loads(r"""CORPUS""")
hostile = Workflow("hostile", phases=["<script>evil()</script>", "Rest"], params={"note": "", "say": ""})


@hostile.step(phase="<script>evil()</script>")
def names(params) -> list[dict]:
    return [{"id": text, "text": text} for text in STRINGS]


@hostile.step(phase="Rest", each="names")
def each(item: dict, ctx) -> str:
    """<img src=x onerror=evil()>"""
    ctx.log.info(item["text"])
    return "# " + item["text"] + "\\n\\n" + (ctx.comment or "")


@hostile.step(phase="Rest", deliverable=True)
def files(each: dict[str, str], ctx) -> dict:
    for number, text in enumerate(STRINGS):
        name = "".join(mark for mark in text if mark.isprintable() and mark not in "/:")[:80] or "x"
        (ctx.files / f"{number} {name}.md").write_text(text)
        (ctx.files / f"{number} {name}.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>evil()</script></svg>")
    return {text: text for text in STRINGS} | {"rows": [{text: text} for text in STRINGS]}


@hostile.step(phase="Rest")
def asks(files: dict, ctx) -> str:
    text = " ".join(STRINGS)
    return ctx.ask(STRINGS[0], text, options=[{"id": one, "label": one, "help": one} for one in STRINGS], note=text)


@hostile.step(phase="Rest")
def fails(asks: str) -> str:
    raise ValueError(" ".join(STRINGS))
'''

WIDE = '''\
"""One fan-out, as wide as one likes."""

from oncue import Workflow

wide = Workflow("wide", phases=["Split", "Join"], params={"count": 10})


@wide.step(phase="Split", source=True)
def parts(params) -> list[int]:
    return list(range(params.count))


@wide.step(phase="Split", each="parts")
async def each(item: int) -> int:
    return item * 2


@wide.step(phase="Join")
def total(each: dict[str, int]) -> int:
    return sum(each.values())
'''

SLOW = '''\
"""Steps that say what they do, until somebody writes into their pipes."""

from pathlib import Path

from oncue import Workflow

slow = Workflow("slow", phases=["Work"])
HERE = Path(__file__).parent


@slow.step(phase="Work")
def think(ctx) -> str:
    ctx.log.info("reading the first source")
    ctx.progress(1, total=3, message="sources read")
    (HERE / "gate").read_text()
    ctx.log.info("reading the second source")
    (HERE / "gate").read_text()
    return "done"
'''

HELD = """\
name: held
steps:
  - {id: loud, run: "echo preparing; cat gate; echo ready; cat gate"}
"""

PRINTING = """\
name: printing
steps:
  - {id: greet, run: "echo hello there"}
  - {id: report, deliverable: true, run: "cat $ONCUE_INPUTS/greet/stdout; printf '# A title\\\\n\\\\n- one\\\\n'"}
  - {id: several, outputs: [notes, blob], run: "echo kept > $ONCUE_OUTPUTS/notes; head -c 20 /dev/zero > $ONCUE_OUTPUTS/blob"}
"""
