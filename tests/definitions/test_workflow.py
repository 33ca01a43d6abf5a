"""A workflow declared in Python: what it says as data, and what its steps get and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oncue import Output, Param, Params, RetryPolicy, StepContext, StepFailed, Workflow
from oncue.core.definition import ParamDefinition, ParamType
from oncue.core.model import SourceKind
from tests.definitions.desk import make_call, output, run_body


@dataclass(frozen=True)
class Page:
    url: str
    words: int = 0


weekly = Workflow(
    "weekly",
    phases=["gather", "write"],
    params={"region": "eu", "limit": Param(int, default=10, help="how many", choices=[10, 20])},
    summary="What happened this week",
)


@weekly.step(phase="gather", source=True, retries=2, timeout_seconds=600)
def pages(params: Params) -> list[Page]:
    """Read the pages.

    All of them.
    """
    return [Page(f"https://{params.region}/{number}") for number in range(2)]


@weekly.step(phase="gather", each="pages", key="url")
async def summary(item: Page, ctx: StepContext) -> str:
    return f"{ctx.key}: {item.words} words"


@weekly.step(phase="write", deliverable=True)
def report(summary: dict[str, str], pages: Any, params: Params) -> str:
    return f"{params.limit} {sorted(summary)} {pages[0]['url']}"


def test_a_workflow_is_plain_data_in_the_order_of_declaration() -> None:
    definition = weekly.definition

    assert definition.name == "weekly"
    assert definition.phases == ("gather", "write")
    assert definition.summary == "What happened this week"
    assert [step.name for step in definition.steps] == ["pages", "summary", "report"]
    assert [step.needs for step in definition.steps] == [(), (), ("summary", "pages")]
    assert [step.each for step in definition.steps] == [None, "pages", None]
    assert [step.phase for step in definition.steps] == ["gather", "gather", "write"]
    assert definition.params == (
        ParamDefinition(name="region", type=ParamType.STRING, default="eu"),
        ParamDefinition(name="limit", type=ParamType.INTEGER, default=10, help="how many", choices=(10, 20)),
    )


def test_options_of_a_step_are_kept() -> None:
    first, second, third = weekly.definition.steps

    assert first.is_source
    assert not second.is_source
    assert first.retry == RetryPolicy(retries=2, backoff_seconds=1.0)
    assert first.timeout_seconds == 600
    assert first.summary == "Read the pages."
    assert third.is_deliverable
    assert first.reads is None
    assert set(weekly.definition.files) == {str(Path(__file__).resolve())}


def test_a_loaded_workflow_names_where_it_can_be_imported_from() -> None:
    source = weekly.load().source

    assert source.kind is SourceKind.PYTHON
    assert source.ref.endswith("test_workflow:weekly")


def test_a_step_gets_what_its_parameters_name_and_returns_plain_json(tmp_path: Path) -> None:
    loaded = weekly.load()

    found = run_body(loaded, make_call(loaded, "pages", folder=tmp_path))
    call = make_call(
        loaded,
        "report",
        folder=tmp_path,
        inputs={"pages": output(found.value), "summary": {"a": output("x"), "b": output("y")}},
    )

    assert found.value == [{"url": "https://eu/0", "words": 0}, {"url": "https://eu/1", "words": 0}]
    assert run_body(loaded, call).value == "10 ['a', 'b'] https://eu/0"
    assert call.params.names_read == {"limit"}


def test_the_element_of_a_fan_out_arrives_as_item_in_its_declared_type(tmp_path: Path) -> None:
    loaded = weekly.load()
    call = make_call(loaded, "summary", folder=tmp_path, item={"url": "u", "words": 3}, key="u")

    assert run_body(loaded, call).value == "u: 3 words"


def test_instances_are_named_by_the_declared_key() -> None:
    elements = [{"url": "b", "words": 1}, {"url": "a", "words": 2}]

    assert weekly.load().name_instances("summary", elements) == {"b": elements[0], "a": elements[1]}


def test_two_elements_of_one_key_are_refused_with_step_and_key() -> None:
    with pytest.raises(StepFailed, match=r"'summary': two elements .* key 'a', .* position 2") as caught:
        weekly.load().name_instances("summary", [{"url": "a"}, {"url": "a"}])

    assert caught.value.code == "duplicate_key"


def fan_in(annotation: object) -> Workflow:
    flow = Workflow("fan-in")

    @flow.step
    def parts() -> list[int]:
        return [1, 2]

    @flow.step(each="parts")
    def double(item: int) -> int:
        return 2 * item

    def total(double: Any) -> Any:
        return double

    total.__annotations__ = {"double": annotation} if annotation else {}
    flow.step(total)
    return flow


@pytest.mark.parametrize(
    ("annotation", "received"),
    [
        (None, [2, 4]),
        (list[int], [2, 4]),
        (tuple[int, ...], [2, 4]),
        (dict[str, int], {"1": 2, "2": 4}),
        (Mapping[str, int], {"1": 2, "2": 4}),
        (dict, {"1": 2, "2": 4}),
        (Any, [2, 4]),
    ],
)
def test_a_fan_out_arrives_as_a_list_or_by_key_where_it_is_annotated_so(
    annotation: object, received: object, tmp_path: Path
) -> None:
    loaded = fan_in(annotation).load()
    call = make_call(loaded, "total", folder=tmp_path, inputs={"double": {"1": output(2), "2": output(4)}})

    assert run_body(loaded, call).value == received


def test_a_step_that_asks_for_an_output_gets_it_with_its_files(tmp_path: Path) -> None:
    flow = Workflow("files")

    @flow.step
    def source() -> int:
        return 1

    @flow.step
    def reader(source: Output) -> str:
        return source.address

    loaded = flow.load()
    given = output(1)

    call = make_call(loaded, "reader", folder=tmp_path, inputs={"source": given})

    assert run_body(loaded, call).value == given.address


def test_files_written_through_the_context_are_part_of_the_output(tmp_path: Path) -> None:
    flow = Workflow("files")

    @flow.step
    def plot(ctx: StepContext) -> None:
        (ctx.files / "deep").mkdir()
        (ctx.files / "deep" / "plot.svg").write_text("<svg/>")

    loaded = flow.load()
    result = run_body(loaded, make_call(loaded, "plot", folder=tmp_path / "scratch"))

    assert {name: path.read_text() for name, path in result.files.items()} == {"deep/plot.svg": "<svg/>"}


def test_the_decorated_function_stays_an_ordinary_function() -> None:
    assert report({"k": "v"}, [{"url": "u"}], Params({"limit": 1})) == "1 ['k'] u"
