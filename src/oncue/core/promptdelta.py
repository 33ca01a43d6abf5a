"""How the prompts of one attempt differ from those of another: section by section, with unified diffs.

Calls are matched by what they are for: the same purpose, in the same ``ctx.generate`` of the step, at the same place among the
calls of that purpose. A prompt that was sent again (after a rate limit, say) is one call here. Nothing is ever cut.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from oncue.core.model import ContentHash
from oncue.core.modelcalls import ModelCall, SectionRef
from oncue.core.prompts import SECTION_ORDER, Purpose, SectionName

CONTEXT_LINES = 3
"""How many equal lines a diff shows around a change."""


class Change(StrEnum):
    """What became of a section, or of a whole call."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDelta:
    """One section then and now. ``diff`` is a unified diff of its text; None where a text is not stored any more."""

    name: SectionName
    change: Change
    before: ContentHash | None = None
    after: ContentHash | None = None
    diff: str | None = ""

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "name": self.name.value,
            "change": self.change.value,
            "before": self.before,
            "after": self.after,
            "diff": self.diff,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What a call is for: by this it is found again in another run. ``place`` counts from 1."""

    generation: int
    purpose: Purpose
    place: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPair:
    """A call and the one it stands for in the other attempt; one of both may be missing."""

    slot: Slot
    before: ModelCall | None = None
    after: ModelCall | None = None

    @property
    def change(self) -> Change:
        """Whether the prompts are the same."""
        return _change(_fingerprint(self.before), _fingerprint(self.after))


TextOf = Callable[[ContentHash], str | None]


def pair_calls(before: Iterable[ModelCall], after: Iterable[ModelCall]) -> tuple[CallPair, ...]:
    """Match the calls of two attempts, each given by number; in the order of the later one, then what only the earlier had."""
    then, now = slots_of(before), slots_of(after)
    return tuple(CallPair(slot=slot, before=then.get(slot), after=now.get(slot)) for slot in dict.fromkeys([*now, *then]))


def slots_of(calls: Iterable[ModelCall]) -> dict[Slot, ModelCall]:
    """The calls of one attempt by what they are for; of a prompt that was sent again, the last time it was sent."""
    found: dict[Slot, ModelCall] = {}
    counts: dict[tuple[int, Purpose], int] = {}
    for call in calls:
        kind = (call.generation, call.purpose)
        if call.tries == 1 or kind not in counts:
            counts[kind] = counts.get(kind, 0) + 1
        found[Slot(generation=call.generation, purpose=call.purpose, place=counts[kind])] = call
    return found


def compare_refs(before: Sequence[SectionRef], after: Sequence[SectionRef]) -> dict[SectionName, Change]:
    """What became of each section, by the hashes alone, in the order of a prompt."""
    return {name: _change(was, now) for name, was, now in _aligned(before, after)}


def compare_sections(before: Sequence[SectionRef], after: Sequence[SectionRef], text_of: TextOf) -> tuple[SectionDelta, ...]:
    """What became of each section, with the diffs of those that changed; ``text_of`` gives None where a text is gone."""
    return tuple(_delta(name, was, now, text_of=text_of) for name, was, now in _aligned(before, after))


def diff_texts(before: str, after: str, *, names: tuple[str, str] = ("before", "after")) -> str:
    """A unified diff of two texts, empty where they are equal.

    Lines end at line feeds only, so that no other separator in a text is lost. A text that is empty has no line at all.
    """
    lines = difflib.unified_diff(_lines(before), _lines(after), *names, lineterm="", n=CONTEXT_LINES)
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _aligned(
    before: Sequence[SectionRef], after: Sequence[SectionRef]
) -> list[tuple[SectionName, ContentHash | None, ContentHash | None]]:
    then = {ref.name: ref.hash for ref in before}
    now = {ref.name: ref.hash for ref in after}
    names = sorted({*then, *now}, key=SECTION_ORDER.__getitem__)
    return [(name, then.get(name), now.get(name)) for name in names]


def _delta(name: SectionName, was: ContentHash | None, now: ContentHash | None, *, text_of: TextOf) -> SectionDelta:
    change = _change(was, now)
    diff: str | None = ""
    if change is not Change.SAME:
        old, new = ("" if address is None else text_of(address) for address in (was, now))
        diff = None if old is None or new is None else diff_texts(old, new, names=_names(name, was, now))
    return SectionDelta(name=name, change=change, before=was, after=now, diff=diff)


def _names(name: SectionName, was: ContentHash | None, now: ContentHash | None) -> tuple[str, str]:
    """What stands at the top of a diff: the section and the beginning of its hash; nothing is what Git calls it."""
    old, new = (f"{name.value} {address[7:19]}" if address else "/dev/null" for address in (was, now))
    return old, new


def _change(was: str | None, now: str | None) -> Change:
    if was == now:
        return Change.SAME
    if was is None:
        return Change.ADDED
    return Change.REMOVED if now is None else Change.CHANGED


def _fingerprint(call: ModelCall | None) -> str | None:
    """What makes prompts equal: their sections. Another model that is asked the same is no other prompt."""
    return None if call is None else "\n".join(f"{ref.name.value} {ref.hash}" for ref in call.sections)
