"""What stands above every prompt of a step: who the model is, and what it must keep to.

A workflow says it for all its steps, and a step may add to it. Nothing is taken away: a rule of the workflow holds everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A persona, and rules as hard constraints; both may be empty."""

    text: str = ""
    rules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text or self.rules)

    def joined_by(self, other: Persona) -> Persona:
        """This one with another after it."""
        texts = [text.strip() for text in (self.text, other.text) if text.strip()]
        return Persona(text="\n\n".join(texts), rules=(*self.rules, *other.rules))

    def identity(self) -> dict[str, object]:
        """What makes the definition of a step another one."""
        return {"persona": self.text, "rules": list(self.rules)} if self else {}


def read_persona(text: object, rules: object) -> Persona:
    """What ``persona=`` and ``rules=`` mean; a single rule may be given as a text.

    Raises:
        ValueError: one of them is no text, or a rule is empty.
    """
    listed = [rules] if isinstance(rules, str) else rules
    if not isinstance(text, str):
        raise ValueError(f"persona must be text, not {text!r}")
    if not isinstance(listed, Sequence):
        raise ValueError(f"rules must be a list of texts, not {rules!r}")
    for rule in listed:
        if not isinstance(rule, str) or not rule.strip():
            raise ValueError(f"a rule must be a text that says something, not {rule!r}")
    return Persona(text=text, rules=tuple(listed))
