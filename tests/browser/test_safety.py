"""No text that people, models, files or logs bring along becomes script or markup, wherever a page shows it."""

import json
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import Page, expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import Visitor
from tests.browser.flows import HOSTILE
from tests.web.hosting import Host

CORPUS = (
    "<script>evil()</script>",
    "<img src=x onerror=evil()>",
    '"><svg onload=evil()>',
    "' onmouseover='evil()",
    "</textarea><script>evil()</script>",
    "</title></pre><script>evil()</script>",
    "[click](javascript:evil())",
    "![x](https://evil.example/pixel.png)",
    "<a href=javascript:evil()>x</a>",
    "<button hx-get=/evil hx-trigger=load>x</button>",
    "<div data-live=jobs hx-get=/evil hx-trigger=live></div>",
    "{{ 7*7 }}{% include 'x' %}${7*7}",
    "<iframe srcdoc='<script>parent.evil()</script>'></iframe>",
    "<form action=/evil><input name=token></form>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=0;url=/evil>",
    "<style>body{display:none}</style>",
    "javascript:evil()//",
    "&lt;script&gt;evil()&lt;/script&gt;",
    "<x-y><oncue-left data-deadline=evil></oncue-left>",
    "\u202egnp.exe",
    "<!--><script>evil()</script>-->",
    "]]><script>evil()</script>",
    "`</code><script>evil()</script>`",
    "| <script>evil()</script> |\n| --- |\n| <img src=x onerror=evil()> |",
)


class Watch:
    """Notices everything that only an injection could have caused."""

    def __init__(self, page: Page) -> None:
        self.caught: list[str] = []
        page.on("dialog", lambda dialog: self.caught.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self._look(request.url))

    def _look(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.hostname != "127.0.0.1" or parts.path.endswith("/evil"):
            self.caught.append(url)


def markup(page: Page) -> list[str]:
    """Elements and attributes in the page that none of our templates writes."""
    return list(
        page.evaluate(
            """() => {
              const found = [];
              for (const one of document.querySelectorAll("*")) {
                for (const name of one.getAttributeNames()) if (name.startsWith("on")) found.push(`${one.tagName} ${name}`);
                if (one.matches("iframe, base, style, x-y, script:not([src]), meta[http-equiv], form[action='/evil']"))
                  found.push(one.outerHTML);
                if (/^javascript:/i.test(one.getAttribute("href") || "")) found.push(one.outerHTML);
              }
              return found;
            }"""
        )
    )


def test_hostile_text_stays_text_on_every_page(visitor: Visitor, host: Host, workspace: Workspace, folder: Path) -> None:
    text = " ".join(CORPUS)
    (folder / "hostile_flow.py").write_text(HOSTILE.replace("CORPUS", json.dumps(CORPUS)), encoding="utf-8")
    params = {"note": text[:900], "say": CORPUS[2]}
    job = create_job(workspace, "hostile_flow:hostile", params=params, folder=folder).id
    order = {"rerun_comment": text[:590]}
    cue = {**host.cue(job, **order), "reason": text[:590], "ui_trigger_metadata": {"page": CORPUS[0]}}
    assert host.program.post(f"/api/v1/jobs/{job}/runs", {**order, **cue}).status == 201
    assert host.wait(job, 1, "waiting", "failed")["status"] == "waiting", host.program.api(f"/jobs/{job}/runs/1")["error"]
    watch = Watch(visitor.page)
    instance = quote(f"each[{CORPUS[0]}]", safe="")
    pages = [
        "/",
        "/?search=" + quote(CORPUS[2]),
        "/inbox",
        f"/jobs/{job}",
        f"/jobs/{job}?unfold=each&search=" + quote("<"),
        f"/jobs/{job}/graph",
        f"/jobs/{job}/timeline",
        f"/jobs/{job}/runs",
        f"/jobs/{job}/runs/1",
        f"/jobs/{job}/comments",
        f"/jobs/{job}/step?name={instance}",
        f"/jobs/{job}/step?name=files",
        f"/jobs/{job}/step?name=names",
        f"/jobs/{job}/step?name=each&search=" + quote(CORPUS[3]),
        f"/jobs/{job}/results",
    ]
    found: dict[str, list[str]] = {}
    page = visitor.page
    for path in pages:
        visitor.go(path)
        if page.locator("#trace").count():
            page.locator("#trace[data-live]").wait_for(state="attached")
        found[path] = markup(page)
    page.goto(f"{host.origin}/jobs/{job}/step?name={instance}")
    page.get_by_role("button", name="log").click()
    expect(page.locator("#ask pre")).to_contain_text(CORPUS[0])
    found["log"] = markup(page)
    visitor.go(f"/jobs/{job}")
    page.click("#step-each button:has-text('Rerun')")
    expect(page.locator("#plan h2")).to_be_visible()
    page.fill("#comment", CORPUS[4])
    page.fill("#param-say", CORPUS[1])
    expect(page.locator("#plan-params")).to_contain_text(CORPUS[1])
    found["panel"] = markup(page)
    page.keyboard.press("Escape")
    page.locator(".question").get_by_label(CORPUS[0]).first.check()
    page.locator(".question").get_by_role("button", name="Answer").click()
    expect(page.locator("#said")).to_contain_text(CORPUS[0])
    host.wait(job, 1)
    for path in (f"/jobs/{job}", f"/jobs/{job}/decisions", f"/jobs/{job}/step?name=fails", f"/jobs/{job}/runs/1"):
        found[f"{path} after"] = markup(visitor.go(path))
    visitor.shoot("hostile")

    assert {path: what for path, what in found.items() if what} == {}
    assert watch.caught == []


def test_a_viewer_finds_no_button_that_acts(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    visitor.context.route(
        "**/*",
        lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer viewer-token"}),
    )

    page = visitor.page
    page.goto(f"{host.origin}/jobs/{atlas}")

    expect(page.locator("#step-report .state")).to_have_text("fresh")
    expect(page.locator("button:has-text('Rerun'), #run, button:has-text('Stop')")).to_have_count(0)
    answer = page.request.post(f"{host.origin}/jobs/{atlas}/stop", headers={"Authorization": "Bearer viewer-token"})
    assert answer.status == 403
