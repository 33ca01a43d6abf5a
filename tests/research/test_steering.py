"""A comment becomes wishes for retrieval, and wishes change a query by simple laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.workflows.research.steering import Query, steer, steer_from_comment

WORDS = st.lists(st.sampled_from("heat frost charge cell cycle".split()), max_size=3).map(tuple)
QUERIES = st.builds(Query, terms=WORDS, added=WORDS, required=WORDS, excluded=WORDS)


@pytest.mark.parametrize(
    ("comment", "added", "required", "excluded"),
    [
        ("", (), (), ()),
        ("look at tracebacks", ("look", "tracebacks"), (), ()),
        ("+generator -async", (), ("generator",), ("async",)),
        ("require: heat, cold cells", (), ("heat", "cold cells"), ()),
        ("exclude: pdb and debugger. Winter", ("winter",), (), ("pdb", "debugger")),
        ('+"nested scopes" closures', ("closures",), ("nested scopes",), ()),
        ("add: yield from; without: coroutines", ("yield from",), (), ("coroutines",)),
        ("well-known post-mortem", ("known", "post", "mortem"), (), ()),
        ("+heat -heat", (), (), ("heat",)),
        ("Please focus on the __exit__ method", ("focus", "exit"), (), ()),
    ],
)
def test_comments_are_read_as_documented(
    comment: str, added: tuple[str, ...], required: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    assert steer_from_comment(comment) == Query(added=added, required=required, excluded=excluded)


@given(QUERIES)
def test_an_empty_comment_removes_only_what_is_excluded_anyway(query: Query) -> None:
    steered = steer(query, Query())

    assert set(steered.wanted()) == set(query.wanted()) - set(query.excluded)


@given(QUERIES, QUERIES)
def test_steering_twice_is_steering_once(query: Query, wishes: Query) -> None:
    assert steer(steer(query, wishes), wishes) == steer(query, wishes)


@given(QUERIES, QUERIES)
def test_what_is_excluded_is_never_wanted(query: Query, wishes: Query) -> None:
    steered = steer(query, wishes)

    assert not set(steered.wanted()) & set(steered.excluded)
    assert set(wishes.excluded) <= set(steered.excluded)


@given(st.text(max_size=80))
def test_any_comment_can_be_read(comment: str) -> None:
    assert steer_from_comment(comment) == steer_from_comment(comment)
