"""Citations: how a quoted sentence is written in the report, and the proof that it stands in its source.

A quotation is a line ``> sentence [7]``; the number leads to a reference with its exact location. The check reads the
Markdown itself, so that a sentence that was altered, added, or moved under another number is found, wherever that happened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from oncue.workflows.research.documents import Corpus, Passage, hash_text, passages_by_id
from oncue.workflows.research.quotations import Quotation

_LINE = re.compile(r"^> (?P<text>.*\S) \[(?P<number>\d+)\]$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPECIAL = re.compile(r"\\|`|(?<!\s)\*|\*(?!\s)|\](?=\()|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)|_+")
_LEADING = re.compile(r"^(?:[#+\-=>*|]|\[(?=[^\]]*\]:)|\d+(?=[.)]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The source behind a number of the report."""

    number: int
    quotation: Quotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A Markdown report and the references its numbers lead to, in order, from 1."""

    title: str
    markdown: str
    references: tuple[Reference, ...]


class Fault(StrEnum):
    """What can be wrong with a citation."""

    UNCITED = "uncited"
    """A quoted line without a number."""
    UNKNOWN_NUMBER = "unknown_number"
    """A number without a reference."""
    UNUSED = "unused"
    """A reference that no quoted line leads to."""
    REPEATED = "repeated"
    """A number on more than one quoted line."""
    ALTERED = "altered"
    """The words in the report are not the words in the source."""
    NO_PASSAGE = "no_passage"
    """The passage is not in the corpus."""
    SOURCE_CHANGED = "source_changed"
    """The passage has changed since it was quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationProblem:
    """One failed citation; ``number`` is 0 where the line has none."""

    fault: Fault
    number: int
    message: str


class CitationError(Exception):
    """The report has citations that fail: at least one sentence is not proved by its source."""

    def __init__(self, problems: tuple[CitationProblem, ...]) -> None:
        first = problems[0]
        self.message = f"{len(problems)} of the report's citations fail; the first: {first.message}"
        self.hint = "gather the documents again and rerun the findings, so that report and corpus belong together"
        self.problems = problems
        super().__init__(self.message)


def prove_citations(report: Report, corpus: Corpus) -> None:
    """Raise ``CitationError`` unless every quoted sentence stands word for word in its passage."""
    problems = check_citations(report, corpus)
    if problems:
        raise CitationError(problems)


def check_citations(report: Report, corpus: Corpus) -> tuple[CitationProblem, ...]:
    """Everything that is wrong with the citations of a report, in the order of the report; empty if they hold."""
    passages = passages_by_id(corpus)
    references = {reference.number: reference.quotation for reference in report.references}
    lines = list(_quoted_lines(report.markdown))
    problems = [problem for text, number in lines for problem in _check_line(text, number, references)]
    for number, quotation in references.items():
        problems.extend(_check_source(number, quotation, passages))
    counts = Counter(number for _, number in lines)
    problems.extend(
        _problem(Fault.UNUSED if not counts[number] else Fault.REPEATED, number, "is on {} quoted lines", counts[number])
        for number in references
        if counts[number] != 1
    )
    return tuple(problems)


def cite(quotation: Quotation, number: int) -> str:
    """The line of a quotation in the report."""
    return f"> {escape(quotation.text)} [{number}]"


def escape(text: str) -> str:
    """One line of text as Markdown that renders to exactly this text."""

    def guard(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] != "_":
            return "\\" + found
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        return found if before.isalnum() and after.isalnum() else "\\_" * len(found)

    escaped = _SPECIAL.sub(guard, text)
    lead = _LEADING.match(escaped)
    if lead and lead.group().isdigit():
        return f"{lead.group()}\\{escaped[lead.end() :]}"
    return f"\\{escaped}" if lead else escaped


def unescape(markdown: str) -> str:
    """The text behind an escaped line."""
    return _ESCAPED.sub(r"\1", markdown)


def _quoted_lines(markdown: str) -> Iterator[tuple[str, int]]:
    """Text and number of every line of a block quotation; number 0 where there is none."""
    for line in markdown.split("\n"):
        if line.rstrip() != ">" and line.startswith(">"):
            match = _LINE.match(line)
            yield (unescape(match["text"]), int(match["number"])) if match else (line.removeprefix(">").strip(), 0)


def _check_line(text: str, number: int, references: Mapping[int, Quotation]) -> Iterator[CitationProblem]:
    if number == 0:
        yield _problem(Fault.UNCITED, 0, "stands without a number: “{}”", text)
    elif number not in references:
        yield _problem(Fault.UNKNOWN_NUMBER, number, "has no reference: “{}”", text)
    elif references[number].text != text:
        yield _problem(
            Fault.ALTERED, number, "reads “{}” in the report but “{}” in its reference", text, references[number].text
        )


def _check_source(number: int, quotation: Quotation, passages: Mapping[str, Passage]) -> Iterator[CitationProblem]:
    passage = passages.get(quotation.passage)
    if passage is None:
        yield _problem(Fault.NO_PASSAGE, number, "cites passage {}, which is not in the corpus", quotation.passage)
    elif hash_text(passage.text) != quotation.passage_hash:
        yield _problem(Fault.SOURCE_CHANGED, number, "cites {}, which has changed", quotation.location)
    elif passage.quote(quotation.span) != quotation.text or passage.locate(quotation.span) != quotation.location:
        yield _problem(Fault.ALTERED, number, "cites words or a place that {} does not have", quotation.passage)


def _problem(fault: Fault, number: int, message: str, *facts: object) -> CitationProblem:
    subject = f"[{number}]" if number else "a quoted line"
    return CitationProblem(fault=fault, number=number, message=f"{subject} {message.format(*facts)}")
