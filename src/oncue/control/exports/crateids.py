"""The entities of a crate and how they name each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

Entity = dict[str, Any]
Ref = dict[str, str]


def local(*parts: object) -> str:
    """The id of something that is no file: ``#run/1``, ``#step/report``."""
    return "#" + "/".join(quote(str(part), safe="") for part in parts)


def file_ref(path: str) -> Ref:
    """A reference to a file of the archive: its path as a relative URL."""
    return {"@id": quote(path, safe="/")}


def refs(found: Iterable[Ref]) -> Ref | list[Ref]:
    """References as a property has them: one stands alone, several are a list; each but once."""
    unique = list({ref["@id"]: ref for ref in found}.values())
    return unique[0] if len(unique) == 1 else unique


class Entities:
    """The entities of one crate in the order in which they were described; the first description of an id counts."""

    def __init__(self) -> None:
        self._known: dict[str, Entity] = {}
        self._examples: dict[str, list[Ref]] = {}

    def add(self, entity: Entity) -> Ref:
        """Describe an entity, and refer to it."""
        self._known.setdefault(entity["@id"], entity)
        example_of = entity.get("exampleOfWork")
        if example_of:
            self._examples.setdefault(example_of["@id"], []).append({"@id": entity["@id"]})
        return {"@id": entity["@id"]}

    def examples(self, of: str) -> list[Ref]:
        """What was described so far as an example of something."""
        return self._examples.get(of, [])

    def __iter__(self) -> Iterator[Entity]:
        return iter(self._known.values())
