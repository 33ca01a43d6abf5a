"""Small stories that went wrong once, told to the same machine and the same model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from oncue.control.jobs import create_job
from tests.properties.machine import PlanningMachine
from tests.properties.model import Ask
from tests.properties.world import Spec


class Story(PlanningMachine):
    """A machine that is driven by hand; everything is checked after every line."""

    def count(self, what: str) -> None:
        """There is nothing to count."""

    def begin(self, *specs: Spec, **lists: list[tuple[str, int]]) -> None:
        self.world.specs = {spec.name: spec for spec in specs}
        self.world.lists = lists
        self.job = create_job(self.workspace, "world", params={}, folder=self.folder).id
        self.then("all")

    def then(self, scope: str, *steps: str, phase: str | None = None, rerun: bool = False) -> None:
        self.ask(Ask(scope, steps, phase, rerun))
        self.check()

    def edited(self, name: str, **changes: object) -> None:
        self.world.specs[name] = replace(self.world.specs[name], **changes)  # type: ignore[arg-type]
        self.check()

    def check(self) -> None:
        self.outputs_stand_as_the_model_says()
        self.readers_see_the_values_of_the_model()
        self.no_earlier_run_ever_changes()


@pytest.fixture(params=[1, 3], ids=["one at a time", "three at once"])
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    story = Story()
    story.world.max_parallel = request.param
    yield story
    story.teardown()


PAGES = Spec("pages", "one", is_list=True)
SUMMARY = Spec("summary", "one", each="pages")
REPORT = Spec("report", "two", needs=("summary",))


def test_an_empty_list_and_the_collection_of_its_instances_are_two_things(story: Story) -> None:
    story.begin(PAGES, SUMMARY, REPORT, Spec("index", "two", needs=("pages",)))
    story.then("only", "index")
    story.world.lists["pages"] = [("a", 1)]
    story.then("only", "pages", "report")
    story.then("resume")


def test_elements_that_are_named_anew_are_executed_under_their_new_names(story: Story) -> None:
    story.begin(PAGES, SUMMARY, REPORT, pages=[("a", 0), ("b", 1)])
    story.edited("summary", key="other")
    story.then("resume")
    story.edited("summary", key="id")
    story.then("from", "summary")


def test_a_list_that_grows_leaves_what_reuses_the_old_instances_alone(story: Story) -> None:
    story.begin(PAGES, SUMMARY, REPORT, pages=[("a", 0)])
    story.world.lists["pages"] = [("a", 0), ("b", 1)]
    story.then("only", "pages", "report")
    story.then("resume")


def test_an_instance_that_is_missing_fails_what_needs_all_of_them(story: Story) -> None:
    story.begin(PAGES, SUMMARY, REPORT, pages=[("a", 0)])
    story.world.lists["pages"] = [("a", 0), ("b", 1)]
    story.then("only", "pages", "summary[a]", "report")
    story.then("resume")


def test_what_is_behind_a_kept_source_sees_that_it_became_stale(story: Story) -> None:
    fetch = Spec("fetch", "one", needs=("query",), is_source=True)
    story.begin(Spec("query", "one"), fetch, Spec("other", "one"), Spec("report", "two", needs=("fetch", "other")))
    for number in range(3):
        story.world.numbers["query"] = number
        story.then("phase", phase="one", rerun=True)


def test_a_fan_out_over_nothing_rests_on_its_list(story: Story) -> None:
    story.begin(PAGES, SUMMARY, REPORT)
    story.edited("pages", version=2)
    story.then("resume")


def test_an_instance_consumes_its_element_and_the_whole_list(story: Story) -> None:
    rank = Spec("rank", "one", needs=("pages", "summary"), each="summary")
    story.begin(PAGES, SUMMARY, rank, replace(REPORT, needs=("rank",)), pages=[("a", 0), ("b", 1)])
    story.world.lists["pages"] = [("b", 1), ("c", 0)]
    story.then("only", "pages", rerun=True)
    story.edited("pages", version=3)
