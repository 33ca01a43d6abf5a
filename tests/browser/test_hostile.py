"""Text that is meant to break a page breaks none on a small screen either, and programs get it as data that nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from oncue import wiring
from oncue.control.jobs import create_job
from tests.browser.conftest import Visitor, visiting
from tests.browser.test_safety import Watch, markup
from tests.web.hosting import Host, hosted

LONG = "Donaudampfschifffahrtsgesellschaft" * 12
STRINGS = (
    f"{LONG}<script>evil()</script>",
    "\u202e\u2066gnp.exe\u2069 \u200b\ufeff\u0301\u0301\u0301",
    "<svg><script href='data:text/javascript,evil()'/></svg>",
    "[x](data:text/html,<script>evil()</script>) <javascript:evil()>",
    "{{ constructor.constructor('evil()')() }} {% raw %} ${evil()} <%= evil() %>",
    "\u2028\u2029</script><img src=/evil>",
    f"https://evil.example/{LONG}",
)
FLOW = '''\
"""Strings of all kinds in every place that a workflow can fill."""

import json

from oncue import Workflow

STRINGS = json.loads(r"""CORPUS""")
crooked = Workflow("crooked", phases=["LONG", "Rest"], params={"note": ""})


@crooked.step(phase="LONG")
def parts(params) -> list[dict]:
    """LONG"""
    return [{"id": text[:120], "text": text} for text in STRINGS]


@crooked.step(phase="Rest", each="parts")
def part(item: dict, ctx) -> str:
    ctx.log.info(item["text"])
    table = "| a | b |\\n| --- | --- |\\n| " + item["text"] + " | x |"
    return "\\n\\n".join(["# " + item["text"], table, "`" + item["text"] + "`", ctx.comment or ""])


@crooked.step(phase="Rest", deliverable=True)
def result(part: dict[str, str], ctx) -> str:
    (ctx.files / ("LONG"[:100] + ".txt")).write_text("x")
    return "\\n\\n".join(part.values())


@crooked.step(phase="Rest")
def asks(result: str, ctx) -> str:
    text = " ".join(STRINGS)
    return ctx.ask("LONG"[:100], text[:3000], options=[{"id": one[:200], "label": one, "help": one} for one in STRINGS])


@crooked.step(phase="Rest")
def fails(asks: str) -> str:
    raise ValueError(" ".join(STRINGS))
'''
WIDEST = """() => [...document.querySelectorAll("main *, header *")]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth && !one.closest(".scroll"))
  .slice(0, 4).map((one) => one.tagName + "." + one.className + "#" + one.id).join(" ")"""
READS = (
    "/jobs",
    "/jobs/{job}",
    "/jobs/{job}/steps",
    "/jobs/{job}/attempts?run=1",
    "/jobs/{job}/runs",
    "/jobs/{job}/runs/1",
    "/jobs/{job}/steps/part/output",
    "/jobs/{job}/decisions",
    "/jobs/{job}/events",
    "/questions",
)
PAGES = (
    "/",
    "/inbox",
    "/jobs/{job}",
    "/jobs/{job}?unfold=part",
    "/jobs/{job}/graph",
    "/jobs/{job}/timeline",
    "/jobs/{job}/runs",
    "/jobs/{job}/runs/1",
    "/jobs/{job}/compare?run=1&run=1",
    "/jobs/{job}/decisions",
    "/jobs/{job}/results",
    "/jobs/{job}/step?name=part",
    "/jobs/{job}/step?name=parts",
    "/jobs/{job}/step?name=result",
    "/jobs/{job}/step?name=fails",
)


@pytest.fixture(scope="module")
def crooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A job full of such strings that asks, and another run of it in which everything was answered and a step failed."""
    folder = tmp_path_factory.mktemp("crooked")
    text = FLOW.replace("CORPUS", json.dumps(STRINGS)).replace("LONG", LONG)
    (folder / "crooked_flow.py").write_text(text, encoding="utf-8")
    workspace = wiring.open_workspace(folder / ".oncue", create=True, synchronous="NORMAL")
    job = create_job(workspace, "crooked_flow:crooked", params={"note": " ".join(STRINGS)[:900]}, folder=folder).id
    with hosted(workspace) as host:
        order: dict[str, Any] = {"rerun_comment": STRINGS[0][:500], "reason": STRINGS[0][:500]}
        started = host.program.post(
            f"/api/v1/jobs/{job}/runs", {**order, **host.cue(job, rerun_comment=order["rerun_comment"])}
        )
        assert started.status == 201, started.text
        host.wait(job, 1, "waiting", "failed")
        (question,) = host.program.api("/questions")["questions"]
        answer = {"response": STRINGS[0][:200]}
        assert host.program.post(f"/api/v1/questions/{question['question_id']}/response", answer).status == 200
        host.wait(job, 1)
        again = {"scope": "only", "steps": ["asks"]}
        assert host.program.post(f"/api/v1/jobs/{job}/runs", {**again, **host.cue(job, **again)}).status == 201
        host.wait(job, 2, "waiting")
        yield host, job
    workspace.store.close()


@pytest.mark.parametrize("size", ["narrow", "wide"])
def test_no_string_runs_or_leaves_or_widens_a_page(chromium: Browser, crooked: tuple[Host, str], size: str) -> None:
    host, job = crooked
    with visiting(chromium, host, size=size) as visitor:
        watch = Watch(visitor.page)
        found = {path: look(visitor, path.format(job=job)) for path in PAGES}
        visitor.page.goto(f"{host.origin}/jobs/{job}")
        visitor.page.locator("#run").first.click()
        visitor.page.locator("#plan h2").wait_for()
        found["panel"] = markup(visitor.page)
        visitor.shoot("hostile panel")

    assert [f"{path}: {one}" for path, what in found.items() for one in what] == []
    assert watch.caught == []
    assert visitor.troubles == []


def look(visitor: Visitor, path: str) -> list[str]:
    """What is wrong with a page: foreign markup, or that one has to scroll sideways to read it."""
    page = visitor.go(path)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    visitor.shoot(f"hostile {path.replace(path.split('/')[2], 'job') if path.count('/') > 1 else path}")
    return [*markup(page), *([f"{wide} pixels too wide: {page.evaluate(WIDEST)}"] if wide else [])]


def test_programs_get_such_strings_as_data(crooked: tuple[Host, str]) -> None:
    host, job = crooked

    for path in READS:
        reply = host.program.get(f"/api/v1{path.format(job=job)}")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.headers["x-content-type-options"] == "nosniff"
    told = host.program.api(f"/jobs/{job}/runs/1")
    assert told["trigger"]["reason"] == STRINGS[0][:500]
    log = host.program.get(f"/api/v1/jobs/{job}/steps/{quote(f'part[{STRINGS[2][:120]}]', safe='')}/log")
    assert log.headers["content-type"].startswith("text/plain")
