"""On a telephone: what somebody looks for is on the screen, whole, and tables and drawings keep to its width."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from tests.browser.conftest import SIZES, visiting
from tests.support.chromium import PATIENCE_MS
from tests.web.hosting import Host

LINES = """all => all.map(e => {
  const range = document.createRange();
  range.selectNodeContents(e.firstChild);
  return range.getClientRects().length;
})"""
"""In how many lines the text of every element stands."""
PAPER = """\
name: paper
steps:
  - id: tone
    ask: {type: tone, message: "Which **tone**?", options: [dry, kind], timeout: 0.2, on_timeout: default, default: dry}
  - id: paper
    deliverable: true
    outputs: [paper.md, chart.svg, rows.csv]
    run: |
      cd "$ONCUE_OUTPUTS"
      {
      echo "| year | a long column of words that needs room | mm | the last column of this table | and another |"
      echo "|---|---|---:|---|---|"
      for y in 2019 2020; do echo "| $y | words on $y and what fell | 1234 | incomprehensibilities | so |"; done
      echo
      echo '![chart](chart.svg) and ![the rows](rows.csv)'
      } > paper.md
      echo '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>' > chart.svg
      echo a,b > rows.csv
"""


@pytest.fixture
def paper(workspace: Workspace, folder: Path, host: Host) -> str:
    """A job that asked, was not answered in time, and wrote a paper."""
    (folder / "paper.yaml").write_text(PAPER, encoding="utf-8")
    job = create_job(workspace, "paper.yaml", params={}, folder=folder).id
    host.run(job)
    return job


def is_within(page: Page, selector: str) -> bool:
    """Whether every such element stands within the width of the screen."""
    sides = page.locator(selector).evaluate_all("all => all.map(e => e.getBoundingClientRect()).map(r => [r.left, r.right])")
    return bool(sides) and all(left >= 0 and right <= SIZES["narrow"]["width"] for left, right in sides)


def test_the_open_tab_the_decisions_and_the_timeline_are_on_a_narrow_screen(chromium: Browser, host: Host, paper: str) -> None:
    with visiting(chromium, host, size="narrow") as visitor:
        page = visitor.go(f"/jobs/{paper}/results")
        assert is_within(page, ".tabs a")
        page = visitor.go(f"/jobs/{paper}/decisions")
        assert is_within(page, "#decisions tbody td:visible")
        page = visitor.go(f"/jobs/{paper}/timeline")
        assert is_within(page, "#timeline rect")
        visitor.shoot("narrow timeline")


def test_a_table_of_a_text_scrolls_in_its_own_box_and_breaks_no_word(chromium: Browser, host: Host, paper: str) -> None:
    with visiting(chromium, host, size="narrow") as visitor:
        page = visitor.go(f"/jobs/{paper}/results")
        page.locator(".prose img").wait_for(timeout=PATIENCE_MS)

        years = page.locator(".prose td:first-child").evaluate_all(LINES)
        sides = page.locator(".prose td:nth-child(3)").evaluate_all("all => all.map(e => getComputedStyle(e).textAlign)")
        scrolls = page.locator(".prose .scroll").evaluate("e => e.scrollWidth > e.clientWidth")
        words = page.locator(".prose td:nth-child(4)").evaluate_all(LINES)

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (scrolls, years, words, set(sides)) == (True, [1, 1], [1, 1], {"end"})
        assert page.locator(".prose img").evaluate("e => e.complete && e.naturalWidth") == 40
        expect(page.locator(".prose").get_by_role("link", name="the rows")).to_have_attribute(
            "href", "/api/v1/jobs/" + paper + "/steps/paper/file?run=1&name=rows.csv"
        )


def test_names_in_a_plan_break_in_no_word(chromium: Browser, host: Host, atlas: str) -> None:
    with visiting(chromium, host) as visitor:
        page = visitor.go(f"/jobs/{atlas}")
        page.click("#run")
        names = page.locator(".plan section li > :first-child")
        expect(names.first).to_be_visible()

        lines = names.evaluate_all(LINES)

        assert set(lines) == {1}
        visitor.shoot("plan with whole names")
