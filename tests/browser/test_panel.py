"""The run panel while a person uses it: what others change meanwhile, what stays on screen, and what is kept."""

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_running import request_of
from tests.web.hosting import Host


def run_from(visitor: Visitor, host: Host, job: str, *, number: int) -> None:
    """Press Run and wait for the run."""
    with visitor.page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/runs")):
        visitor.page.click("#plan [data-start]:not([disabled])")
    host.wait(job, number)


def test_run_never_takes_back_what_somebody_else_changed_meanwhile(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    page.fill("#param-depth", "5")
    expect(page.locator("#plan-params")).to_have_text("Parameters: depth 2 → 5")

    host.run(atlas, params={"region": "us", "depth": 3})
    page.click("#plan [data-start]:not([disabled])")

    expect(page.locator("#plan [data-code=plan_changed]")).to_be_visible()
    expect(page.locator("#param-region")).to_have_value("us")
    expect(page.locator("#param-depth")).to_have_value("5")
    expect(page.locator("#plan [data-code=param_moved]")).to_have_text(
        ["region is us by now.", "depth is 3 by now; what you wrote stays."]
    )
    expect(page.locator("#plan-params")).to_have_text("Parameters: depth 3 → 5")
    visitor.shoot("panel parameters moved")
    run_from(visitor, host, atlas, number=3)
    assert request_of(host, atlas, 3)["params"] == {"depth": 5}
    assert host.program.api(f"/jobs/{atlas}/runs/3")["params"]["region"] == "us"
    visitor.troubles[:] = [text for text in visitor.troubles if "409" not in text]


def test_a_parameter_that_was_changed_back_is_not_sent(visitor: Visitor, host: Host, atlas: str) -> None:
    host.run(atlas)
    page = visitor.go(f"/jobs/{atlas}")
    page.click("#run")
    page.fill("#param-note", "mind the land")
    expect(page.locator("#plan-params")).to_have_text("Parameters: note (empty) → mind the land")

    page.fill("#param-note", "")

    expect(page.locator("#plan-params")).to_have_count(0)
    run_from(visitor, host, atlas, number=2)
    assert "params" not in request_of(host, atlas, 2)
