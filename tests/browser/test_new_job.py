"""A job is made from a page: from an empty workspace to a running job without a command line."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor, visiting
from tests.browser.test_access_for_all import violations
from tests.web.hosting import Host

SURVEY = """
name: survey
summary: Counts what is in a region.
params:
  region: {type: string, required: true, help: Two letters.}
  depth: {type: integer, default: 2, help: How far to look.}
  loud: false
steps:
  - id: count
    run: echo {{ params.region }} {{ params.depth }}
"""


@pytest.fixture(autouse=True)
def survey(folder: Path) -> None:
    (folder / "survey.yaml").write_text(SURVEY, encoding="utf-8")
    (folder / "broken.yaml").write_text("steps:\n  - id: a\n    run: [1]\n", encoding="utf-8")


def test_a_new_job_is_made_and_run_from_an_empty_workspace(visitor: Visitor) -> None:
    page = visitor.go("/")
    visitor.shoot("jobs none yet")
    page.click(".empty a:has-text('New job')")
    page.click("#offers a:has-text('survey')")
    page.fill("#param-region", "eu")
    page.fill("#param-depth", "7")
    page.click("button:has-text('Create job')")

    expect(page.locator("#step-count .state")).to_have_text("missing")
    page.click("#run")
    expect(page.locator("#plan h2")).to_contain_text("Run 1 would execute 1")
    page.click("#plan [data-start]")

    expect(page.locator("#step-count .state")).to_have_text("fresh")


def test_what_was_written_stays_when_a_parameter_cannot_be_taken(chromium: Browser, host: Host) -> None:
    with visiting(chromium, host) as somebody:
        page = somebody.go("/new?workflow=survey.yaml")
        page.fill("#param-region", "eu")
        page.fill("#param-depth", "deep")
        page.click("button:has-text('Create job')")

        expect(page.locator("[role=alert].wrong")).to_contain_text("Nothing was made")
        expect(page.locator("#param-region")).to_have_value("eu")
        expect(page.locator("#param-depth")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#param-depth-help")).to_contain_text("must be an integer")
        somebody.shoot("new job wrong")


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_the_pages_of_a_new_job_violate_nothing_that_axe_knows(
    chromium: Browser, host: Host, size: str, scheme: Literal["light", "dark"]
) -> None:
    found: dict[str, list[str]] = {}
    with visiting(chromium, host, size=size, scheme=scheme, bypass_csp=True) as somebody:
        for what, path in (("choose", "/new"), ("form", "/new?workflow=survey.yaml"), ("research", "/new?workflow=research")):
            page = somebody.go(path)
            somebody.shoot(f"new job {what}")
            found[what] = violations(page)

            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what

    assert found == {"choose": [], "form": [], "research": []}
