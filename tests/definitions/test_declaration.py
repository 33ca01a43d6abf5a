"""What cannot be declared in Python is refused where it stands: file, line, field, and what is near."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oncue import Param, Params, RetryPolicy, StepContext, Workflow
from oncue.errors import DefinitionError


class Opaque:
    """A type that pydantic knows nothing of."""


def declare(function: Callable[..., Any], **options: Any) -> Workflow:
    """A workflow with a list, a text and this one step."""
    flow = Workflow("w", phases=["one", "two"])

    @flow.step(phase="one")
    def pages() -> list[str]:
        return ["a"]

    @flow.step(phase="one")
    def title() -> str:
        return "t"

    flow.step(**options)(function)
    return flow


def unknown(pagse: Any) -> None: ...
def special(parms: Any) -> None: ...
def no_item() -> None: ...
def stray_item(item: Any) -> None: ...
def stars(*pages: Any) -> None: ...
def double_stars(**pages: Any) -> None: ...
def positional(pages: Any, /) -> None: ...
def default(pages: Any = ()) -> None: ...
def generator() -> Iterator[int]:
    yield 1


def iterator() -> Iterator[int]:
    return iter(())


def itself(itself: Any) -> None: ...
def opaque(pages: Opaque) -> None: ...
def opaque_result() -> list[Opaque]:
    return []


def not_a_type(pages: 5) -> None: ...  # type: ignore[valid-type]
def broken(pages: "list[") -> None: ...  # type: ignore[valid-type] # noqa: F722
def wrong_params(params: dict[str, int]) -> None: ...
def wrong_context(ctx: int) -> None: ...
def item_of(item: Any) -> None: ...
def plain() -> None: ...


async def async_generator() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("function", "options", "field", "message"),
    [
        (no_item, {"each": "pages"}, "", "takes the element as its parameter 'item'"),
        (stray_item, {}, ".item", "only a step with each= has an 'item'"),
        (stars, {}, ".pages", "no * parameters"),
        (double_stars, {}, ".pages", "no * parameters"),
        (positional, {}, ".pages", "no positional-only parameters"),
        (default, {}, ".pages", "inputs have no defaults"),
        (generator, {}, "", "cannot be a generator"),
        (async_generator, {}, "", "cannot be a generator"),
        (iterator, {}, ".return", "cannot return an iterator"),
        (itself, {}, "", "a step cannot consume its own output"),
        (item_of, {"each": "item_of"}, "", "a step cannot consume its own output"),
        (opaque, {}, ".pages", "values of Opaque cannot be validated"),
        (opaque_result, {}, ".return", "cannot be validated"),
        (not_a_type, {}, ".pages", "values of 5 cannot be validated"),
        (broken, {}, "", "an annotation is not a type"),
        (wrong_params, {}, ".params", "params is annotated as oncue.Params"),
        (wrong_context, {}, ".ctx", "ctx is annotated as oncue.StepContext"),
        (plain, {"phase": "tow"}, "", "no phase 'tow' (did you mean two"),
        (plain, {"key": "id"}, "", "key= names the elements of a fan-out and needs each="),
        (plain, {"timeout_seconds": 0}, "", "timeout_seconds must be above 0, not 0"),
        (plain, {"retries": -1}, "", "cannot be negative"),
        (plain, {"version": 2}, "", "version must be text, not 2"),
    ],
)
def test_what_one_step_says_wrong_is_refused_at_its_declaration(
    function: Callable[..., Any], options: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        declare(function, **options)

    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == (__file__, function.__code__.co_firstlineno)
    assert caught.value.field == f"steps.{function.__name__}{field}"


@pytest.mark.parametrize(
    ("function", "options", "field", "message"),
    [
        (unknown, {}, ".pagse", "'pagse' is neither a step nor params, ctx or item (did you mean pages"),
        (special, {}, ".parms", "(did you mean params"),
        (item_of, {"each": "pags"}, "", "each='pags' is not a step (did you mean pages"),
        (item_of, {"each": "title"}, "", "each='title' must return a list"),
    ],
)
def test_what_only_the_whole_shows_is_refused_when_it_is_finished(
    function: Callable[..., Any], options: dict[str, Any], field: str, message: str
) -> None:
    flow = declare(function, **options)

    with pytest.raises(DefinitionError) as caught:
        _ = flow.definition

    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == (__file__, function.__code__.co_firstlineno)
    assert caught.value.field == f"steps.{function.__name__}{field}"


@pytest.mark.parametrize("name", ["params", "ctx", "item", "1a", "-a", "a b", "a[b]", "ä", "a" * 121])
def test_an_id_that_cannot_name_a_step_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="cannot name a step"):
        declare(plain, id=name)


def test_a_second_step_of_an_id_is_refused_with_the_place_of_the_first() -> None:
    with pytest.raises(DefinitionError, match=r"step 'pages' is declared twice, first at .*test_declaration\.py:\d+"):
        declare(plain, id="pages")


def test_a_cycle_is_refused_with_its_path() -> None:
    flow = Workflow("w")

    @flow.step
    def first(third: Any) -> None: ...

    @flow.step
    def second(first: Any) -> None: ...

    @flow.step
    def third(second: Any) -> None: ...

    with pytest.raises(DefinitionError) as caught:
        _ = flow.definition

    assert "first → third → second → first" in caught.value.message
    assert (caught.value.file, caught.value.field) == (__file__, "steps.first")
    assert caught.value.line == first.__code__.co_firstlineno


def test_a_fan_out_over_a_fan_out_brings_its_keys() -> None:
    flow = declare(item_of, each="pages")

    @flow.step(each="item_of", key="id")
    def again(item: Any) -> None: ...

    with pytest.raises(DefinitionError, match="key= has no use here"):
        _ = flow.definition


def test_a_fan_out_over_a_fan_out_needs_no_key_function() -> None:
    flow = declare(item_of, each="pages")

    @flow.step(each="item_of")
    def again(item: Any) -> None: ...

    assert set(flow.load().keys) == {"item_of"}


def test_steps_may_be_declared_before_what_they_consume() -> None:
    flow = Workflow("w")

    @flow.step
    def report(pages: Any) -> None: ...

    @flow.step
    def pages() -> None: ...

    assert [step.name for step in flow.definition.steps] == ["report", "pages"]


def test_a_type_that_is_defined_further_down_is_found_when_the_workflow_is_finished() -> None:
    flow = Workflow("w")

    @flow.step
    def late() -> "list[Later]":
        return []

    class Later(Opaque): ...

    with pytest.raises(DefinitionError, match="'Later', which is not known when the step runs") as caught:
        _ = flow.definition
    assert "TYPE_CHECKING" in caught.value.hint


def test_a_class_of_the_enclosing_function_is_known() -> None:
    @dataclass
    class Local:
        id: str

    flow = Workflow("w")

    @flow.step
    def rows() -> "list[Local]":
        return [Local("a")]

    assert flow.definition.steps[0].name == "rows"


def test_an_empty_workflow_is_refused() -> None:
    with pytest.raises(DefinitionError, match="workflow 'w' has no steps"):
        _ = Workflow("w").definition


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"name": ""}, "name", "is no name"),
        ({"name": "a\nb"}, "name", "is no name"),
        ({"phases": ["a", "a"]}, "phases", "named twice"),
        ({"phases": ["a", " "]}, "phases", "is no name"),
        ({"max_parallel": 0}, "max_parallel", "at least 1, not 0"),
        ({"params": {"a-b": 1}}, "params.a-b", "cannot name a parameter"),
        ({"params": {"a": object()}}, "params.a", "must be plain JSON"),
        ({"params": {"a": Param(int, default="x")}}, "params.a", "must be an integer, not the text 'x'"),
        ({"params": {"a": Param(int, default=3, choices=[1, 2])}}, "params.a", "is not one of 1, 2"),
        ({"params": {"a": Param(int, choices=["x"])}}, "params.a", "must be an integer, not the text 'x'"),
        ({"params": {"a": Param(Opaque)}}, "params.a", "is no type of a parameter"),
        ({"params": {"a": 1, "A": 2}}, "params", "would both be ONCUE_PARAM_A"),
    ],
)
def test_what_a_workflow_says_wrong_is_refused_with_its_field(options: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        Workflow(**{"name": "w", **options})

    assert (caught.value.file, caught.value.field) == (__file__, field)
    assert caught.value.line > 0


def test_phases_are_taken_over_from_the_step_before() -> None:
    flow = Workflow("w", phases=["one", "two"])
    names = []
    for number, phase in enumerate([None, "two", None, "one", None]):
        flow.step(phase=phase, id=f"s{number}")(lambda: None)
        names.append(f"s{number}")

    assert [step.phase for step in flow.definition.steps] == ["one", "two", "two", "one", "one"]
    assert Workflow("w").phases == ("main",)


def test_a_retry_policy_may_be_given_whole() -> None:
    policy = RetryPolicy(retries=5, factor=1.0)

    assert declare(plain, retries=policy).definition.steps[-1].retry is policy
    assert declare(plain, retries=3, backoff_seconds=9).definition.steps[-1].retry == RetryPolicy(retries=3, backoff_seconds=9)


def test_parameters_and_context_may_be_annotated_or_not() -> None:
    def annotated(params: Params, ctx: StepContext, pages: list[str]) -> None: ...

    def bare(params, ctx, pages): ...  # type: ignore[no-untyped-def]

    for function in (annotated, bare):
        assert declare(function).definition.steps[-1].needs == ("pages",)


def test_the_files_are_those_of_the_module_and_of_every_step() -> None:
    from tests.definitions.desk import output

    flow = declare(plain)
    flow.step(id="elsewhere")(_without_parameters(output))

    assert set(flow.definition.files) == {__file__, str(Path(output.__code__.co_filename))}


def _without_parameters(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose code stands in the file of another."""
    namespace: dict[str, Any] = {}
    exec(compile("def elsewhere():\n    return 1\n", function.__code__.co_filename, "exec"), namespace)
    found: Callable[..., Any] = namespace["elsewhere"]
    return found
