"""Running from the pages: the panel shows the plan, and its one button starts exactly that, once."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Visitor, press_run
from tests.web.hosting import Host


def request_of(host: Host, job: str, number: int) -> Any:
    """What a run was asked for, as it was stored."""
    with host.workspace.store.read() as reader:
        run = reader.load_run(job, number)  # type: ignore[arg-type]
        assert run is not None
        return dict(run.request)


def test_a_job_is_run_from_its_page_and_the_board_follows(visitor: Visitor, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    expect(page.locator("#step-report .state")).to_have_text("missing")

    page.click("#run")
    expect(page.locator("#plan h2")).to_contain_text("Run 1 would execute 6")
    visitor.shoot("panel first run")
    page.click("#plan [data-start]")

    expect(page.locator("#step-report .state")).to_have_text("fresh")
    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    expect(page.locator("#step-finding .meta")).to_contain_text("6 fresh")
    visitor.shoot("board done")


def test_every_option_of_the_panel_arrives_complete(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")

    page.click("#step-finding button:has-text('Rerun')")
    expect(page.locator("#comment")).to_be_focused()
    expect(page.locator(".chip:has(:checked)")).to_have_text("finding fresh")
    page.check("[name=scope][value=only]")
    page.check("[name=downstream][value=rerun]")
    page.fill("#comment", "weigh the land, not the price")
    expect(page.locator(".counter")).to_have_text("29 of 600")
    page.select_option("#kind", "method")
    page.select_option("#context", "clean")
    page.select_option("#answers", "reuse")
    page.fill("#param-region", "us")
    page.select_option("#param-cautious", "true")
    page.fill("#param-weights", '{"cost": 2}')
    page.fill("#reason", "the land counts")
    page.check("[name=refresh]")
    page.click("summary:has-text('Limits')")
    page.fill("#budget-seconds", "60")
    expect(page.locator("#plan h2")).to_contain_text("Run 2 would execute")
    visitor.shoot("panel guided rerun")
    sent = press_run(page)

    assert sent.status == 201
    body = json.loads(sent.request.post_data or "")
    assert body["ui_trigger_source"] == "run_config_panel"
    host.wait(atlas, 2)
    run = host.program.api(f"/jobs/{atlas}/runs/2")
    assert request_of(host, atlas, 2) == {
        "scope": "only",
        "steps": ["finding"],
        "context": "clean",
        "downstream": "rerun",
        "params": {"region": "us", "cautious": True, "weights": {"cost": 2}},
        "budget": {"seconds": 60.0},
        "refresh": True,
        "answers": "reuse",
        "comment": {"text": "weigh the land, not the price", "kind": "method"},
    }
    assert (run["trigger"]["actor"], run["trigger"]["reason"]) == ("ada", "the land counts")
    assert run["trigger"]["source"] == "run_config_panel"


def test_run_is_disabled_until_the_plan_is_ready(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    start = page.locator("#plan [data-start]")
    expect(start).to_be_enabled()

    page.fill("#param-depth", "many")

    expect(page.locator("#plan .blocker[data-code=invalid_param]")).to_contain_text("must be an integer")
    expect(start).to_be_disabled()
    page.check("[name=scope][value=only]")
    page.fill("#param-depth", "3")
    expect(page.locator("#plan .blocker[data-code=invalid_fields]")).to_contain_text("Choose at least one step.")
    page.check(".chip [value=report]")
    expect(page.locator("#plan .blocker[data-code=missing_input]")).to_be_visible()
    visitor.shoot("panel blocked")
    assert host.program.api(f"/jobs/{atlas}/runs")["runs"] == []


def test_a_changed_job_shows_the_new_plan_instead_of_starting(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    expect(page.locator("#plan h2")).to_contain_text("Run 1")

    host.run(atlas)
    page.click("#plan [data-start]")

    expect(page.locator("#plan [data-code=plan_changed]")).to_contain_text("nothing was started")
    expect(page.locator("#plan h2")).to_contain_text("Run 2")
    expect(page.locator("#plan [data-start]")).to_be_focused()
    visitor.shoot("panel changed")
    assert len(host.program.api(f"/jobs/{atlas}/runs")["runs"]) == 1
    visitor.troubles[:] = [text for text in visitor.troubles if "409" not in text]


def test_a_double_click_starts_one_run(visitor: Visitor, host: Host, atlas: str) -> None:
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")

    page.dblclick("#plan [data-start]")

    expect(page.locator("#job-head .top .state")).to_have_text("completed")
    assert len(host.program.api(f"/jobs/{atlas}/runs")["runs"]) == 1


def test_a_secret_in_the_comment_is_refused_before_anything_starts(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#step-report button:has-text('Rerun')")

    page.fill("#comment", "use the key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD")

    expect(page.locator("#plan .blocker[data-code=invalid_comment]")).to_be_visible()
    expect(page.locator("#plan")).not_to_contain_text("sk-proj")
    expect(page.locator("#plan [data-start]")).to_be_disabled()


def test_a_failed_step_says_why_on_its_card(visitor: Visitor, host: Host, atlas: str, folder: Path) -> None:
    (folder / "broken.txt").write_text("tidal", encoding="utf-8")
    host.run(atlas)

    page = visitor.go(f"/jobs/{atlas}")

    expect(page.locator("#step-finding .line .state").first).to_have_text("failed")
    expect(page.locator("#notes")).to_contain_text("no data on Tidal")
    visitor.shoot("board failed")
