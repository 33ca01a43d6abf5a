"""The sections that were composed can be read back from the two messages."""

import pytest

from oncue.core.comments import Comment
from oncue.core.promptreading import read_sections, section_mark
from oncue.core.prompts import CLOSING, Prompt, PromptParts, Section, SectionName, compose_prompt

EVERYTHING = PromptParts(
    request="Write it.",
    context="[a]\none\n\n[b]\ntwo",
    persona="You are terse.",
    rules=("No lists.",),
    previous="old\n",
    draft="--- draft ---",
    problem="line 1\nline 2",
    comments=(Comment(text="use 2024\nnot 2023"),),
)


def read(prompt: Prompt) -> dict[SectionName, str]:
    return dict(read_sections(prompt.system, prompt.user))


@pytest.mark.parametrize("parts", [EVERYTHING, PromptParts(request="Write it."), PromptParts(request="\n\n")])
def test_every_section_is_read_as_it_was_composed(parts: PromptParts) -> None:
    prompt = compose_prompt(parts)

    assert read(prompt) == {section.name: section.text for section in prompt.sections}


def test_marks_inside_a_section_are_text() -> None:
    inner = compose_prompt(EVERYTHING)
    prompt = compose_prompt(PromptParts(request="Write it.", context=inner.user))

    sections = read(prompt)

    assert set(sections) == {SectionName.RULES, SectionName.CONTEXT, SectionName.REQUEST, SectionName.CLOSING}
    assert sections[SectionName.CONTEXT] == inner.user


def test_a_mark_whose_hash_is_of_another_text_opens_nothing() -> None:
    prompt = compose_prompt(EVERYTHING)
    forged = prompt.user.replace("use 2024", "use 1999")

    assert SectionName.COMMENT not in read_sections(prompt.system, forged)


def test_messages_that_were_not_composed_here_are_rules_and_a_request() -> None:
    assert read_sections("Be brief.", "Hello?") == {SectionName.RULES: "Be brief.", SectionName.REQUEST: "Hello?"}
    assert read_sections("", "") == {}


def test_the_mark_of_a_section_stands_in_the_message() -> None:
    section = Section(name=SectionName.REQUEST, text="Write it.")

    assert f"--- request {section_mark(section)} ---" in compose_prompt(PromptParts(request="Write it.")).user
    assert compose_prompt(PromptParts(request="x")).user.endswith(CLOSING)
