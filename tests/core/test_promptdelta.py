"""The delta between two prompts: exact, whole, and blind to what is no change."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.core.canonical import content_hash
from oncue.core.model import AttemptKey, ContentHash, JobId, StepId
from oncue.core.modelcalls import ModelCall, SectionRef
from oncue.core.promptdelta import Change, Slot, compare_refs, compare_sections, diff_texts, pair_calls, slots_of
from oncue.core.prompts import Purpose, SectionName

NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
LINES = st.lists(st.sampled_from(["", "a", "b", "year 2023", "year 2024", "@@ -1 +1 @@", "--- a", "+++ b"]), max_size=12)
TEXTS = st.one_of(LINES.map("\n".join), st.text(max_size=40))


def refs(**texts: str) -> tuple[SectionRef, ...]:
    return tuple(SectionRef(name=SectionName(name), hash=content_hash(text.encode())) for name, text in texts.items())


def texts_of(*groups: dict[str, str]) -> dict[ContentHash, str]:
    return {content_hash(text.encode()): text for group in groups for text in group.values()}


def a_call(number: int, *, generation: int = 1, purpose: Purpose = Purpose.GENERATE, tries: int = 1, **texts: str) -> ModelCall:
    return ModelCall(
        key=AttemptKey(job_id=JobId("solar"), run=1, step=StepId("draft")),
        number=number,
        generation=generation,
        purpose=purpose,
        tries=tries,
        model="openai:small",
        url="http://127.0.0.1/v1",
        sections=refs(**texts),
        prompt=f"fp1:{number}",
        payload=content_hash(b"payload"),
        sent_at=NOON,
    )


def apply(diff: str, before: str) -> str:
    """What a unified diff makes of a text."""
    old = before.split("\n") if before else []
    new: list[str] = []
    at = 0
    lines = diff.split("\n")[2:] if diff else []
    for line in lines:
        hunk = HUNK.fullmatch(line) if not line.startswith((" ", "+", "-")) else None
        if hunk is not None:
            start = int(hunk[1]) - (0 if hunk[2] == "0" else 1)
            new += old[at:start]
            at = start
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            assert old[at] == line[1:]
            new += [line[1:]] if line.startswith(" ") else []
            at += 1
    return "\n".join([*new, *old[at:]])


@given(before=TEXTS, after=TEXTS)
def test_a_diff_applied_to_the_text_before_gives_the_text_after(before: str, after: str) -> None:
    diff = diff_texts(before, after)

    assert apply(diff, before) == after
    assert (diff == "") == (before == after)


def test_a_diff_of_long_texts_is_not_cut() -> None:
    before = "\n".join(f"line {number}" for number in range(2000))
    after = before.replace("line ", "row ")

    diff = diff_texts(before, after)

    assert sum(line.startswith("-line ") for line in diff.split("\n")) == 2000
    assert sum(line.startswith("+row ") for line in diff.split("\n")) == 2000


@pytest.mark.parametrize("separator", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_end_a_line_of_a_diff(separator: str) -> None:
    diff = diff_texts(f"one{separator}two", f"one{separator}three")

    assert diff.split("\n")[3:] == [f"-one{separator}two", f"+one{separator}three"]


def test_every_section_is_the_same_changed_added_or_removed() -> None:
    before = {"rules": "be brief", "context": "a table", "previous": "a draft", "closing": "the end"}
    after = {"rules": "be brief", "context": "another table", "comment": "> use 2024", "closing": "the end"}
    known = texts_of(before, after)

    found = compare_sections(refs(**before), refs(**after), known.get)

    assert [(delta.name.value, delta.change) for delta in found] == [
        ("rules", Change.SAME),
        ("context", Change.CHANGED),
        ("previous", Change.REMOVED),
        ("comment", Change.ADDED),
        ("closing", Change.SAME),
    ]
    assert [delta.diff and delta.diff.split("\n")[2:] for delta in found] == [
        "",
        ["@@ -1 +1 @@", "-a table", "+another table"],
        ["@@ -1 +0,0 @@", "-a draft"],
        ["@@ -0,0 +1 @@", "+> use 2024"],
        "",
    ]


def test_sections_stand_in_the_order_of_a_prompt_whatever_the_order_they_are_given_in() -> None:
    before = refs(closing="the end", rules="be brief")
    after = refs(comment="> x", request="write", rules="be brief", closing="the end")

    assert list(compare_refs(before, after)) == [
        SectionName.RULES,
        SectionName.REQUEST,
        SectionName.COMMENT,
        SectionName.CLOSING,
    ]


def test_a_text_that_is_gone_leaves_the_hashes_and_no_diff() -> None:
    before, after = refs(request="write"), refs(request="write more")

    found = compare_sections(before, after, lambda _: None)

    assert [(delta.change, delta.before, delta.after, delta.diff) for delta in found] == [
        (Change.CHANGED, before[0].hash, after[0].hash, None)
    ]


def test_calls_are_matched_by_purpose_generation_and_place() -> None:
    mend = Purpose.FIX_ERROR
    before = [a_call(1), a_call(2, purpose=mend), a_call(3, generation=2)]
    after = [a_call(1), a_call(2, purpose=mend), a_call(3, purpose=mend), a_call(4, purpose=Purpose.SELF_CORRECT)]

    found = pair_calls(before, after)

    assert [(pair.slot, pair.before and pair.before.number, pair.after and pair.after.number) for pair in found] == [
        (Slot(generation=1, purpose=Purpose.GENERATE), 1, 1),
        (Slot(generation=1, purpose=mend), 2, 2),
        (Slot(generation=1, purpose=mend, place=2), None, 3),
        (Slot(generation=1, purpose=Purpose.SELF_CORRECT), None, 4),
        (Slot(generation=2, purpose=Purpose.GENERATE), 3, None),
    ]


def test_a_prompt_that_was_sent_again_is_one_call() -> None:
    calls = [a_call(1), a_call(2, tries=2), a_call(3, purpose=Purpose.FIX_ERROR), a_call(4, purpose=Purpose.FIX_ERROR, tries=2)]

    found = slots_of(calls)

    assert {(slot.purpose, slot.place): call.number for slot, call in found.items()} == {
        (Purpose.GENERATE, 1): 2,
        (Purpose.FIX_ERROR, 1): 4,
    }


def test_a_pair_says_whether_the_prompts_are_the_same() -> None:
    before = [a_call(1, request="write"), a_call(2, generation=2, request="sum up"), a_call(3, generation=3, request="old")]
    after = [a_call(1, request="write"), a_call(2, generation=2, request="sum it up"), a_call(3, generation=4, request="new")]

    found = pair_calls(before, after)

    assert [pair.change for pair in found] == [Change.SAME, Change.CHANGED, Change.ADDED, Change.REMOVED]
