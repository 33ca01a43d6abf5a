"""Claims: sentences that a language model wrote, each with the evidence it rests on; and what is wrong with a draft.

The model names evidence by ids (``e1``, ``e2``, …). A draft is taken only where every statement names some, all of them are
known, and whatever it puts between quotation marks stands in the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oncue.workflows.research.documents import unwrap

_NUMBER = re.compile(r"\[[\d\s,;–-]+\]|\[e\d+\]|\(e\d+(?:, ?e\d+)*\)")
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]+)[\"“”]")
_QUOTATION_WORDS = 4
"""Fewer words between quotation marks are a name, not a quotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence or two, and the places (from 1) of the sentences of evidence that they rest on."""

    text: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One or two sentences of the answer, and the ids of all the evidence they rest on, such as e1."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer: its statements in the order in which they are read."""

    statements: tuple[Statement, ...]


def evidence_id(place: int) -> str:
    """What a prompt calls the sentence at a place (from 1)."""
    return f"e{place}"


def find_faults(draft: Draft, evidence: Mapping[str, str]) -> str | None:
    """What is wrong with a draft, in words for its writer; None where nothing is. ``evidence`` is id → sentence."""
    if not draft.statements:
        return "There is no statement. Where the evidence does not answer, say so, and name the evidence that comes nearest."
    faults = [
        f"Statement {place} {fault}"
        for place, statement in enumerate(draft.statements, 1)
        for fault in _faults(statement, evidence)
    ]
    return "\n".join(faults) or None


def read_claims(draft: Draft, ids: Sequence[str]) -> tuple[Claim, ...]:
    """The claims of a draft without faults; ``ids`` in the order of the evidence."""
    places = {id_: place for place, id_ in enumerate(ids, 1)}
    return tuple(
        Claim(text=unwrap(statement.text), evidence=tuple(sorted({places[id_] for id_ in statement.evidence})))
        for statement in draft.statements
    )


def _faults(statement: Statement, evidence: Mapping[str, str]) -> list[str]:
    text = unwrap(statement.text)
    faults = [] if text else ["is empty."]
    if not statement.evidence:
        faults.append("names no evidence. Every statement rests on at least one piece of it.")
    unknown = [id_ for id_ in statement.evidence if id_ not in evidence]
    if unknown:
        faults.append(f"names evidence that was not given: {', '.join(unknown)}. Given were: {', '.join(evidence)}.")
    if _NUMBER.search(text):
        faults.append("has references in its text. Name evidence in the field for it, never in the text.")
    given = [_plain(evidence[id_]) for id_ in statement.evidence if id_ in evidence]
    for quoted in _QUOTED.findall(text):
        if len(quoted.split()) >= _QUOTATION_WORDS and not any(_plain(quoted) in sentence for sentence in given):
            faults.append(f"quotes words that its evidence does not have: “{quoted}”.")
    return faults


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .,;:")
