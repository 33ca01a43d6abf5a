"""The definition hash of a Python step changes with what it does, and with nothing else."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue import StepContext, Workflow
from oncue.definitions.step_source import describe_code, normalized_text

PLAIN = """def report(pages, params):
    text = "a"
    if pages:
        return text
    return None
"""


@pytest.mark.parametrize(
    "same",
    [
        "@flow.step(phase='x', timeout_seconds=5)\n" + PLAIN,
        "@flow.step(\n    key=lambda item: 'def',\n)\n@other  # def\n" + PLAIN,
        PLAIN.replace("\n    if", "  # a comment\n\n\n    # another\n    if"),
        PLAIN.replace(":\n", ":   \n").replace('"a"\n', '"a"\t\n'),
        "".join(f"        {line}\n" for line in PLAIN.splitlines()),
    ],
)
def test_what_stands_around_the_code_does_not_count(same: str) -> None:
    assert normalized_text(same) == normalized_text(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace('"a"', '"b"'),
        PLAIN.replace('"a"', '"a#b"'),
        PLAIN.replace('"a"', '"""a\n\n"""'),
        PLAIN.replace("def", "async def"),
        PLAIN.replace("return None", "    return None"),
        PLAIN.replace("pages,", "pages: list,"),
    ],
)
def test_what_the_code_says_counts(other: str) -> None:
    assert normalized_text(other) != normalized_text(PLAIN)


def test_white_space_within_a_string_is_content() -> None:
    first = 'def a():\n    """x\n\n      # y   \n    """\n'

    assert normalized_text(first) == first.rstrip("\n")
    assert normalized_text(first) != normalized_text(first.replace("y   ", "y"))


def test_the_text_of_a_hash_in_a_string_is_kept() -> None:
    assert normalized_text("def a():\n    return '# x'  # y\n") == "def a():\n    return '# x'"


@given(st.lists(st.sampled_from(["", "   ", "# c", "    # d", "\t# e"]), max_size=4), st.integers(0, 4))
def test_blank_lines_and_comments_anywhere_do_not_count(extra: list[str], where: int) -> None:
    lines = PLAIN.splitlines()
    lines[where + 1 : where + 1] = extra

    assert normalized_text("\n".join(lines) + "\n") == normalized_text(PLAIN)


def step_hash(function: Callable[..., Any], **options: Any) -> str:
    flow = Workflow("w", phases=["one", "two"])

    @flow.step
    def pages() -> list[str]:
        return []

    flow.step(id="step", **options)(function)
    return flow.definition.steps[-1].hash


def work(item: Any, pages: Any) -> Any:
    return item, pages


@pytest.mark.parametrize(
    ("options", "is_same"),
    [
        ({"phase": "two", "retries": 3, "timeout_seconds": 9, "deliverable": True, "source": True}, True),
        ({"keep_history": True}, True),
        ({"version": "2"}, False),
        ({"key": "name"}, False),
        ({"key": lambda item: item}, False),
    ],
)
def test_of_the_options_only_those_that_change_the_output_count(options: dict[str, Any], is_same: bool) -> None:
    assert (step_hash(work, each="pages", **options) == step_hash(work, each="pages")) is is_same


FIRST = lambda item: item["a"]  # noqa: E731
SAME = lambda item: (item  # noqa: E731
    ["a"])  # fmt: skip
OTHER = lambda item: item["b"]  # noqa: E731


def test_a_key_function_counts_by_its_text() -> None:
    def named(item: Any) -> str:
        return str(item["a"])

    first = step_hash(work, each="pages", key=FIRST)

    assert step_hash(work, each="pages", key=SAME) == first
    assert step_hash(work, each="pages", key=OTHER) != first
    assert step_hash(work, each="pages", key=named) != first


def test_a_decorated_step_is_known_by_the_function_within() -> None:
    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def around(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return around

    assert step_hash(logged(work), each="pages") == step_hash(work, each="pages")


def from_text(text: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec(compile(text, "<session>", "exec"), namespace)
    found: Callable[..., Any] = namespace["f"]
    return found


def test_without_source_the_byte_code_and_its_constants_count() -> None:
    first = describe_code(from_text("def f():\n    return [x + 1 for x in (1, 2)]"))

    assert "code" in first
    assert first == describe_code(from_text("\n\ndef f():  # moved\n    return [x + 1 for x in (1, 2)]"))
    assert first != describe_code(from_text("def f():\n    return [x + 1 for x in (1, 3)]"))
    assert first != describe_code(from_text("def f():\n    return [x + 2 for x in (1, 2)]"))


def test_a_persona_and_rules_count_only_where_they_stand_above_a_prompt() -> None:
    def hashes(**said: Any) -> list[str]:
        flow = Workflow("w", **said)

        @flow.step
        def pages() -> list[str]:
            return []

        @flow.step
        def report(pages: Any, ctx: StepContext) -> Any:
            return ctx.generate(str(pages))

        @flow.step
        def asked(report: Any, ctx: StepContext) -> Any:
            return ctx.ask("go", str(report))

        return [step.hash for step in flow.definition.steps]

    plain = hashes()

    assert hashes(persona="", rules=[]) == plain
    assert [hashes(persona="p")[::2], hashes(rules="r")[::2]] == [plain[::2]] * 2
    assert len({hashes(persona="p")[1], hashes(rules="r")[1], hashes(rules="p")[1], plain[1]}) == 4
