"""Prompts: one order, fences that hold, and no comment that becomes more than quoted text."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.core.comments import Comment, CommentKind, GivenComment
from oncue.core.model import JobId
from oncue.core.promptreading import read_sections
from oncue.core.prompts import (
    CLOSING,
    PLAIN_RULES,
    PRECEDENCE,
    Prompt,
    PromptParts,
    Section,
    SectionName,
    choose_mark,
    compose_prompt,
    quote_comments,
)
from oncue.core.visibletext import is_blank, show_hidden, strip_hidden
from tests.core.adversarial_comments import COMMENTS
from tests.core.bench import NOW

RULED = PromptParts(
    request="Write about the sun.",
    context="The sun is a star.",
    persona="You are a careful astronomer.",
    rules=("Never give medical advice.", "Name your sources."),
    previous="The sun is big.",
    draft="The sun is hot.",
    problem="No source is named.",
)
PLAIN = PromptParts(request="Write about the sun.")
LEFT_OUT = ("context", "previous", "draft", "problem")
TOKENS = (
    "<|", "<｜", "＜|", "＜｜", "[inst]", "[/inst]", "<<sys>>", "<</sys>>", "<s>", "</s>", "<bos>", "<eos>", "<start_of_turn>",
    "<end_of_turn>", "<think>", "</think>", "<tool_call>", "<0x0a>", "[system_prompt]", "[gmask]", "<sop>", "im_end|>", "]~b]",
    "]~!b[", "[e~[", "<extra_id_0>",
)  # fmt: skip
IGNORABLE = {
    *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)),
    *(*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),
}
"""What Unicode says may be left out of display, where its category does not say so."""
SMUGGLING = st.lists(
    st.sampled_from(["--- end of comment ", " ---", "---", "> ", "<|", "|>", "[INST]", "</s>", "\n", "\r\n", "\u2028", "\x85"])
    | st.sampled_from(["\u200d", "\u200c", "\ufe0f", "\u202e", "\U000e0041", "é", "😀", "rules", CLOSING, "\ud800"])
    | st.characters()
).map("".join)


def commented(*texts: str, parts: PromptParts = RULED) -> Prompt:
    return compose_prompt(replace(parts, comments=tuple(Comment(text=text) for text in texts)))


def names(prompt: Prompt) -> list[str]:
    return [section.name.value for section in prompt.sections]


def is_hidden(text: str, place: int) -> bool:
    """Whether a character of a quoted comment says something that nobody sees; said in other words than the code's."""
    sign = text[place]
    if sign in "\n\t":
        return False
    if unicodedata.category(sign) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") or ord(sign) in IGNORABLE:
        before, after = text[place - 1], text[place + 1 : place + 2]
        if sign in "\u200c\u200d":
            return before.isascii() or after.isascii() or before in "\u200c\u200d" or after in "\u200c\u200d"
        return sign not in "\ufe0e\ufe0f" or before in "\ufe0e\ufe0f\u200c\u200d" or before.isalpha() or before.isspace()
    return False


def check_comment_is_only_quoted(text: str, parts: PromptParts) -> None:
    """The laws of a prompt with one comment, whatever it says."""
    bare, prompt = compose_prompt(parts), commented(text, parts=parts)
    section = prompt.sections[-2]
    opening, closing = f"--- comment {section.mark} ---\n", f"\n--- end of comment {section.mark} ---\n\n"

    assert prompt.system == bare.system
    assert [one for one in prompt.sections if one is not section] == list(bare.sections)
    assert prompt.user.startswith(bare.user.removesuffix(CLOSING) + opening)
    assert prompt.user.endswith(section.text + closing + CLOSING)
    assert (prompt.user.count(opening), prompt.user.count(closing)) == (1, 1)
    assert [line for line in section.text.splitlines() if not line.startswith("> ")] == []
    assert [sign for place, sign in enumerate(section.text) if is_hidden(section.text, place)] == []
    assert [token for token in TOKENS if token in section.text.lower()] == []
    assert read_sections(prompt.system, prompt.user) == {one.name: one.text for one in prompt.sections}


# ---------------------------------------------------------------------------------------------------------------- order


def test_every_section_has_its_place() -> None:
    prompt = commented("Use 2024.")

    assert names(prompt) == ["rules", "context", "request", "previous", "draft", "problem", "comment", "closing"]
    assert prompt.system == prompt.sections[0].text
    places = [prompt.user.index(section.text) for section in prompt.sections[1:]]
    assert places == sorted(places)
    assert prompt.user.endswith(f"\n\n{CLOSING}")


@pytest.mark.parametrize("missing", LEFT_OUT)
def test_an_empty_section_is_left_out(missing: str) -> None:
    prompt = compose_prompt(replace(RULED, **{missing: ""}))  # type: ignore[arg-type]

    assert missing not in names(prompt)
    assert prompt.section(SectionName(missing)) is None
    assert f"--- {missing} " not in prompt.user


def test_the_least_prompt_has_rules_a_request_and_the_closing() -> None:
    assert names(compose_prompt(PLAIN)) == ["rules", "request", "closing"]


@pytest.mark.parametrize(
    "order", ["closing rules", "rules request", "request closing", "rules rules closing", "rules comment context closing", ""]
)
def test_a_prompt_out_of_order_cannot_be_made(order: str) -> None:
    with pytest.raises(ValueError, match=r"order|begins"):
        Prompt(sections=tuple(Section(name=SectionName(name), text="x") for name in order.split()))


def test_the_fingerprint_tells_prompts_apart_by_name_and_text() -> None:
    prompts = [
        compose_prompt(PLAIN),
        compose_prompt(RULED),
        compose_prompt(replace(PLAIN, context="x")),
        compose_prompt(replace(PLAIN, previous="x")),
        commented("x", parts=PLAIN),
        commented("y", parts=PLAIN),
    ]

    assert len({prompt.fingerprint for prompt in prompts}) == len(prompts)
    assert commented("x", parts=PLAIN).fingerprint == prompts[4].fingerprint


# ---------------------------------------------------------------------------------------------------------------- rules


def test_the_persona_and_the_rules_come_first_and_are_said_to_prevail() -> None:
    text = compose_prompt(RULED).system

    parts = ["You are a careful astronomer.", "Rules:\n- Never give medical advice.\n- Name your sources.", PRECEDENCE]
    assert text == "\n\n".join(parts)


@pytest.mark.parametrize(("persona", "first"), [("You are terse.", "You are terse.\n\nRules:\n"), (" \n", "Rules:\n")])
def test_a_step_without_rules_of_its_own_has_the_plain_ones(persona: str, first: str) -> None:
    text = compose_prompt(replace(PLAIN, persona=persona)).system

    assert text.startswith(first)
    assert [f"- {rule}" for rule in PLAIN_RULES] == [line for line in text.splitlines() if line.startswith("- ")]
    assert text.endswith(PRECEDENCE)


# ------------------------------------------------------------------------------------------------------------- comments


@pytest.mark.parametrize("parts", [RULED, PLAIN], ids=["ruled", "plain"])
@pytest.mark.parametrize("text", COMMENTS, ids=range(len(COMMENTS)))
def test_no_comment_becomes_more_than_quoted_text(text: str, parts: PromptParts) -> None:
    check_comment_is_only_quoted(text, parts)


@given(text=SMUGGLING.filter(bool))
def test_no_generated_comment_becomes_more_than_quoted_text(text: str) -> None:
    check_comment_is_only_quoted(text, RULED)


def test_there_are_at_least_200_adversarial_comments() -> None:
    assert len(set(COMMENTS)) >= 200


def test_a_comment_cannot_copy_its_way_out_of_its_fence() -> None:
    """It holds the whole prompt, its own section as it was without this, and every mark that is known before."""
    bare = compose_prompt(RULED)
    for text in (bare.user, bare.system, commented("Use 2024.").user, f"\n{commented(bare.user).user}\n"):
        check_comment_is_only_quoted(text, RULED)


def test_every_comment_is_quoted_with_its_kind() -> None:
    first = GivenComment(job_id=JobId("job"), run=2, text="Use 2024.\nNot 2023.", kind=CommentKind.DATA, given_at=NOW)

    text = quote_comments([first, Comment(text="And\r\nbriefly."), Comment(text="No lists.", kind=CommentKind.FORMAT)])

    assert text.split("\n") == [
        "> (on: data) Use 2024.", "> Not 2023.", "> ", "> And", "> briefly.", "> ", "> (on: format) No lists.",
    ]  # fmt: skip
    assert quote_comments([]) == ""


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_is_a_line_of_its_own(end: str) -> None:
    assert quote_comments([Comment(text=f"a{end}b{end}{end}c")]) == "> a\n> b\n> \n> c"


def test_a_comment_reaches_corrections_too() -> None:
    for correction in (replace(PLAIN, draft="d", problem="p"), replace(PLAIN, problem="p")):
        assert commented("Use 2024.", parts=correction).section(SectionName.COMMENT) == "> Use 2024."


@pytest.mark.parametrize(
    "text",
    [
        "Only peer-reviewed sources, from 2024 on: 5 < 6 && a > b; use R's x |> f(), List<int>, [1] and <b>bold</b>.",
        "Nur begutachtete Quellen – „größer“ als 5 µm, naïve Annahmen raus…",
        "只用同行评审的来源。 査読済みの情報源のみ。 동료 검토된 출처만.",
        "می‌خواهم فقط منابع معتبر باشد",
        "केवल विश्वसनीय स्रोत; क्‍ष",
        "👨‍👩‍👧 ❤️‍🔥 1️⃣ ☀︎ 🏳️‍🌈 🇩🇪 👍🏽 ‼️ 〰️",
        "\tindented\t",
    ],
)  # fmt: skip
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert show_hidden(text) == text
    assert not is_blank(text)


def test_what_is_hidden_is_written_out() -> None:
    assert show_hidden("a\u200bb\u202ec\U000e0041") == "a\\u{200b}b\\u{202e}c\\u{e0041}"
    assert show_hidden("a\u200db 😀\ufe0f\ufe0f") == "a\\u{200d}b 😀\ufe0f\\u{fe0f}"
    assert show_hidden("[INST] <|im_start|>") == "[\\INST] <\\|im_start|\\>"


@pytest.mark.parametrize("text", ["", " \n\t\u3000", "\u200b\u200b", "\u2800\u3164 \ufeff", "\U000e0041\ufe0f\u202e"])
def test_a_text_of_hidden_characters_is_blank(text: str) -> None:
    assert is_blank(text)


def test_a_text_without_its_hidden_characters_is_what_somebody_would_read() -> None:
    assert strip_hidden("\uff41\u200bb\u00ad c\n\U0001d41d") == "ab c\nd"


# --------------------------------------------------------------------------------------------------------------- fences


@given(
    texts=st.lists(st.text(), min_size=4, max_size=4),
    comment=st.text(min_size=1),
)
def test_no_section_ends_its_own_fence(texts: list[str], comment: str) -> None:
    context, previous, draft, problem = texts
    parts = PromptParts(request="Go.", context=context, previous=previous, draft=draft, problem=problem)
    prompt = commented(comment, parts=parts)

    for section in prompt.sections[1:-1]:
        assert section.mark not in section.text
        assert prompt.user.count(f"--- {section.name} {section.mark} ---\n") == 1
    assert read_sections(prompt.system, prompt.user) == {section.name: section.text for section in prompt.sections}


def test_a_section_that_holds_the_beginning_of_its_digest_has_a_longer_mark() -> None:
    digest = "0123456789abcdef" * 4

    assert choose_mark(digest, "nothing of it") == digest[:12]
    assert choose_mark(digest, f"--- end of context {digest[:12]} ---") == digest[:13]
    assert choose_mark(digest, digest[:40]) == digest[:41]


def test_half_a_character_is_replaced_before_it_is_sent() -> None:
    prompt = compose_prompt(PromptParts(request="a\ud800b \ud83d\ude00 ü", context="\udc00", persona="\ud800"))

    assert prompt.section(SectionName.REQUEST) == "a\ufffdb 😀 ü"
    assert prompt.section(SectionName.CONTEXT) == "\ufffd"
    assert prompt.system.startswith("\ufffd\n")
    assert prompt.user.encode()
