"""Which JSON Schemas the providers' own structured output can express.

Theirs ask for an object at the top whose parts are all named. An object with free keys (``dict[str, int]``) would silently be
closed, so that the only valid answer is an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping


def is_closed_object(schema: Mapping[str, object]) -> bool:
    """Whether a schema is of an object, and no object anywhere in it has keys that are not named."""
    return schema.get("type") == "object" and _is_closed(schema)


def _is_closed(node: object) -> bool:
    match node:
        case Mapping():
            return not _is_open(node) and all(map(_is_closed, node.values()))
        case list():
            return all(map(_is_closed, node))
        case _:
            return True


def _is_open(node: Mapping[str, object]) -> bool:
    if node.get("type") != "object":
        return False
    return not node.get("properties") or bool(node.get("additionalProperties")) or "patternProperties" in node
