"""The sections of a prompt, read back from the two messages that a model is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oncue.core.canonical import content_hash
from oncue.core.prompts import Section, SectionName

_OPENING = re.compile(r"^--- (?P<name>[a-z]+) (?P<hash>[0-9a-f]{12,64}) ---\n", re.MULTILINE)


def read_sections(system: str, user: str) -> Mapping[SectionName, str]:
    """The text of each section that is there.

    The hash in a mark tells where a section's text begins below its introduction. Messages that were not composed here have
    the section ``rules`` (the system message) and, where they hold no marks, ``request`` (all of the user's message).
    """
    found = {SectionName.RULES: system} if system else {}
    place = 0
    while opening := _OPENING.search(user, place):
        closing = f"\n--- end of {opening['name']} {opening['hash']} ---"
        end = user.find(closing, opening.end() - 1)
        text = _find_text(user[opening.end() : end], opening["hash"]) if end >= 0 else None
        if text is None or opening["name"] not in set(SectionName):
            place = opening.end()
            continue
        found[SectionName(opening["name"])] = text
        place = end + len(closing)
    rest = user[place:].strip()
    if rest:
        found[SectionName.CLOSING if place else SectionName.REQUEST] = rest
    return found


def section_mark(section: Section) -> str:
    """The part of a section's hash that its marks carry."""
    return section.mark


def _find_text(inside: str, mark: str) -> str | None:
    """What is between two marks, without the introduction where there is one."""
    for text in (inside, inside.partition("\n")[2]):
        if content_hash(text.encode()).partition(":")[2].startswith(mark):
            return text
    return None
