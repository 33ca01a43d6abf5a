"""Sentences: where they end, and which of them may be quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.workflows.research.documents import unwrap
from oncue.workflows.research.sentences import is_dangling, is_quotable, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One ends here. Two ends there.", ["One ends here.", "Two ends there."]),
        ("A slash, e.g. Unix, i.e. POSIX. Next.", ["A slash, e.g. Unix, i.e. POSIX.", "Next."]),
        ("Below 0 °C. The rest.", ["Below 0 °C.", "The rest."]),
        ("By J. K. Rowling. She wrote.", ["By J. K. Rowling.", "She wrote."]),
        ("Version 3.11.4 is out. It works.", ["Version 3.11.4 is out.", "It works."]),
        ("It is on the stack.  [1]\nThe next.", ["It is on the stack.", "The next."]),
        ('It raises "TypeError". "None" is fine.', ['It raises "TypeError".', '"None" is fine.']),
        ("(A note. It has two.) After it.", ["(A note. It has two.)", "After it."]),
        ("The form `a. B` is code. Yes.", ["The form `a. B` is code.", "Yes."]),
        ("Use os.path.join. It joins.", ["Use os.path.join.", "It joins."]),
        ("Apples, pears, etc. The next.", ["Apples, pears, etc.", "The next."]),
        ("", []),
        ("  no stop", ["no stop"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    assert [unwrap(text[span.start : span.end]) for span in split_sentences(text)] == sentences


@given(st.text(alphabet="aB .!?()[]\"'1\n`*"))
def test_spans_are_ordered_disjoint_and_trimmed(text: str) -> None:
    spans = split_sentences(text)

    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end for end, span in zip(ends, spans, strict=False))
    assert all(text[span.start : span.end] == text[span.start : span.end].strip() for span in spans)


@given(st.text(alphabet="aB .!?\n"))
def test_no_word_is_lost_between_sentences(text: str) -> None:
    kept = "".join(text[span.start : span.end] for span in split_sentences(text))

    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "is_item", "quotable"),
    [
        ("The handler is searched for in the surrounding code.", False, True),
        ("Chargers must stop when the cell is too cold", True, True),
        ("Chargers must stop when the cell is too cold", False, False),
        ("Too short to say anything.", False, False),
        ("For example, the following code is what you would write:", False, False),
        ("Changed in version 3.8: Prior to 3.8 this was illegal in a clause.", False, False),
        ("See also the description of the statement in the section above.", False, False),
        ("lower case fragments of a list are not full sentences,", True, False),
        ('try_stmt ::= "try" ":" suite ("except" [expression]) "finally".', False, False),
        ('The list includes "division", "generators", "nested_scopes" and "with_statement".', False, False),
        ("The equivalent of the call to the function above is", True, False),
        ("The name of the class, function, method or generator instance.", False, False),
        ("An opening bracket (that never closes is a sign of a fragment.", False, False),
    ],
)
def test_only_full_sentences_may_be_quoted(text: str, is_item: bool, quotable: bool) -> None:
    assert is_quotable(text, is_item=is_item) is quotable


@pytest.mark.parametrize(
    ("text", "dangling"),
    [
        ("This means that it fails.", True),
        ("Otherwise, it fails.", True),
        ("(A remark.)", True),
        ("Items are kept.", False),
        ("Thistles grow.", False),
    ],
)
def test_sentences_that_lean_on_the_one_before_are_known(text: str, dangling: bool) -> None:
    assert is_dangling(text) is dangling
