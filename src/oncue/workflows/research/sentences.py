"""Cut technical prose into sentences, and tell which of them can stand as a quotation.

Rules rather than a model: the text is documentation, where the hard cases are abbreviations, version numbers, code in
quotes or backticks, and parentheses that hold sentences of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oncue.workflows.research.documents import Span, unwrap

_END = re.compile(r"[.!?…]+[\"'”’»)\]*_`]*(?=\s|$)")
_NEXT = re.compile(r"\s+(?:\[\d+\]\s*)*(?=[\"'“‘«(\[*_`$<]*[A-Z0-9ÀÖØ-Þ]|[\"“`*_][\w@(\[{%.<\-+*~^|&:=!])")
_REFERENCE = re.compile(r"\s*(?:\[\d+\]\s*)+")
_WORD = re.compile(r"[^\W\d_]+")
_LEAD = re.compile(r"[\"'“‘«(\[*_`]*[A-Z0-9À-Þ\"'“‘`*_]")
_NOTICE = re.compile(
    r"(?:see also\b|see (?:the )?section\b|new in version\b|changed in version\b|deprecated since\b|added in version\b"
    r"|source code:|copyright\b|all rights reserved|raises an auditing event|for full details\b|for example:)",
    re.IGNORECASE,
)
_VERBLESS = re.compile(r"[\"'“*_(]*(?:the|an?|its|any|all)\b", re.IGNORECASE)
_MAYBE_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|can|may|must|shall|should|will|would|could|might|cannot|do|did"
    r"|[a-z]{2,}(?<!s)(?<!’)s|[a-z]{2,}ed)\b"
)
_POINTER = re.compile(r"^see\b|\bsee (?:the )?(?:FAQ|appendix|figure|table)\b|\b(?:can|may) be found in\b", re.IGNORECASE)
_CLOSED = re.compile(r"[.!?…][\"'”’»)\]*_`]*$")
_DANGLING = re.compile(
    r"\(|(?:this|these|those|that|it|its|they|their|such|otherwise|however|therefore|thus|hence|also|but|and|or|then|so"
    r"|similarly|likewise|instead|moreover|furthermore|in (?:this|that|these|either|such) |any (?:remaining|other)"
    r"|the (?:same|latter|former|following|first|second|third|last|next|other|resulting|remaining|above|previous)"
    r"|for (?:example|instance)|if (?:so|not|this|it|they)|when (?:this|it|they)|note that|again|as (?:such|a result)"
    r"|all other|some additional|both|each such|here|there|he|she|his|her|one of|another|currently|previously)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"(`+)[^`]+\1")
_LITERAL = re.compile(r"\"[^\"]*\"|`[^`]*`")
_CLOSERS = {"(": ")", "[": "]"}
_QUOTES = (('"', '"'), ("“", "”"), ("`", "`"))

ABBREVIATIONS = frozenset(
    "e.g i.e etc vs cf al approx resp incl excl viz fig figs eq sec sect no nos vol pp p ed eds dr mr mrs ms prof st inc ltd "
    "corp dept est ca op cit par rev".split()
)
"""Words before a full stop that do not end a sentence; compared in lower case without the stop."""

MIN_WORDS = 6
MAX_WORDS = 70


def split_sentences(text: str) -> tuple[Span, ...]:
    """Spans of the sentences of one block of prose, in order, without surrounding white space or footnote marks.

    Every character that is not white space or a footnote mark between sentences belongs to exactly one span.
    """
    spans: list[Span] = []
    start = _skip(text, 0)
    for end, following in _boundaries(text):
        if end > start:
            spans.append(Span(start=start, end=end))
            start = following
    rest = len(text.rstrip())
    if rest > start:
        spans.append(Span(start=start, end=rest))
    return tuple(spans)


def is_quotable(text: str, *, is_item: bool = False) -> bool:
    """Whether a sentence says something by itself: a full sentence of ``MIN_WORDS`` to ``MAX_WORDS`` words.

    Version notices, cross references, names without a verb (*The name of the module.*), lists of names, lines that only
    introduce an example, and unbalanced fragments are not. A list item (``is_item``) may lack its full stop.
    """
    line = unwrap(text)
    words = _WORD.findall(line)
    if not MIN_WORDS <= len(words) <= MAX_WORDS or not _LEAD.match(line):
        return False
    if _NOTICE.match(line.lstrip("*_\"'“(")) or _POINTER.search(line):
        return False
    if _VERBLESS.match(line) and not _MAYBE_VERB.search(line):
        return False
    if not _CLOSED.search(line) and not (is_item and _ends_as_item(line)):
        return False
    literals = sum(len(literal) for literal in _LITERAL.findall(line))
    letters = sum(len(word) for word in words)
    return literals <= len(line) / 2 and letters >= 0.6 * len(line.replace(" ", "")) and _is_balanced(line)


def is_dangling(text: str) -> bool:
    """Whether a sentence leans on the one before it (*This*, *It*, *Otherwise*, a leading parenthesis)."""
    return bool(_DANGLING.match(text.lstrip()))


def _ends_as_item(line: str) -> bool:
    last = line.rsplit(maxsplit=1)[-1].lower()
    return line[0].isupper() and line[-1] not in ",;:" and last not in ("is", "are", "as", "the", "a", "of", "to", "and", "or")


def _boundaries(text: str) -> Iterator[tuple[int, int]]:
    """Pairs (end of a sentence, start of the next)."""
    closed = _closing_depths(text)
    for match in _END.finditer(text):
        if closed[match.end() - 1] or _is_abbreviation(text, match.start()):
            continue
        following = _NEXT.match(text, match.end())
        if following or not text[match.end() :].strip():
            yield match.end(), _skip(text, match.end())


def _skip(text: str, offset: int) -> int:
    """The next offset that is neither white space nor a footnote mark that follows a sentence."""
    mark = _REFERENCE.match(text, offset) if offset else None
    if mark:
        offset = mark.end()
    while offset < len(text) and text[offset].isspace():
        offset += 1
    return offset


def _closing_depths(text: str) -> list[bool]:
    """For each offset, whether it lies inside backticks, or a pair of brackets, that close in this text."""
    inside = [False] * len(text)
    for code in _CODE.finditer(text):
        inside[code.start() : code.end() - 1] = [True] * (len(code.group()) - 1)
    stack: list[int] = []
    for offset, char in enumerate(text):
        if char in _CLOSERS:
            stack.append(offset)
        elif stack and char == _CLOSERS[text[stack[-1]]]:
            opening = stack.pop()
            if not stack:
                inside[opening:offset] = [True] * (offset - opening)
    return inside


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at an offset belongs to the word before it: an abbreviation or an initial."""
    if text[stop : stop + 2] in ("..", ".…") or text[stop] != ".":
        return False
    begin = stop
    while begin and (text[begin - 1].isalnum() or text[begin - 1] == "."):
        begin -= 1
    word = text[begin:stop].lower()
    if word in ABBREVIATIONS:
        return word not in ("etc", "no", "al") or not _starts_sentence(text, stop + 1)
    is_initial = len(word) == 1 and text[begin].isupper() and word != "i" and text[begin - 1 : begin] != "°"
    return is_initial and not _starts_sentence(text, stop + 1)


def _starts_sentence(text: str, offset: int) -> bool:
    return bool(re.match(r"\s+(?:The|This|It|In|If|A|An|These|Each|When|For|We|You|All|There)\b", text[offset:]))


def _is_balanced(line: str) -> bool:
    if any(line.count(opening) != line.count(closing) for opening, closing in _CLOSERS.items()):
        return False
    return all(
        line.count(opening) % 2 == 0 if opening == closing else line.count(opening) == line.count(closing)
        for opening, closing in _QUOTES
    )
