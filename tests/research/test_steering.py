"""A comment becomes wishes for retrieval, and wishes change a query by simple laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.workflows.research.steering import Query, Steered, steer, steer_from_comment

WORDS = st.lists(st.sampled_from("heat frost charge cell cycle".split()), max_size=3).map(tuple)
QUERIES = st.builds(Query, terms=WORDS, added=WORDS, required=WORDS, excluded=WORDS)


@pytest.mark.parametrize(
    ("comment", "added", "required", "excluded"),
    [
        ("", (), (), ()),
        ("look at tracebacks", ("tracebacks",), (), ()),
        ("+generator -async", (), ("generator",), ("async",)),
        ("require: heat, cold cells", (), ("heat", "cold cells"), ()),
        ("exclude: pdb and debugger. Winter", ("winter",), (), ("pdb", "debugger")),
        ('+"nested scopes" closures', ("closures",), ("nested scopes",), ()),
        ("add: yield from; without: coroutines", ("yield from",), (), ("coroutines",)),
        ("well-known post-mortem", ("known", "post", "mortem"), (), ()),
        ("+heat -heat", (), (), ("heat",)),
        ('say more of "look and feel"', ("look and feel",), (), ()),
        ("exclude: pdb, require: context manager, os.path", (), ("context manager", "os path"), ("pdb",)),
        ('exclude: "trial and error", pdb and bdb', (), (), ("trial and error", "pdb", "bdb")),
        ("ignore the debugger and pdb, please", (), (), ("debugger", "pdb")),
        ("Don't use the post mortem module, but tracebacks.", ("tracebacks",), (), ("post mortem module",)),
        ("without everything about pdb because it is beside the point", ("beside", "point"), (), ("pdb",)),
        ('avoid "the with statement" and asyncio; generators', ("generators",), (), ("the with statement", "asyncio")),
        ("do not search for examples", (), (), ()),
        ("Please focus on the __exit__ method", ("exit",), (), ()),
    ],
)
def test_comments_are_read_as_documented(
    comment: str, added: tuple[str, ...], required: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    assert steer_from_comment(comment) == Query(added=added, required=required, excluded=excluded)


def test_where_a_model_reads_the_words_only_signs_lists_and_quotes_steer() -> None:
    comment = 'Write it for managers, ignore the risks, +costs -taxes; add: "net present value". And shorter!'

    wishes = steer_from_comment(comment, takes_words=False)

    assert wishes == Query(added=("net present value",), required=("costs",), excluded=("taxes",))


@pytest.mark.parametrize(
    ("steered", "told"),
    [
        (
            Steered(added=("a", "b"), required=("c d",), excluded=("e",), unknown=("f",), has_effect=True),
            "added: a, b; required: c d; excluded: e; no passage has: f",
        ),
        (Steered(unknown=("f",)), "no passage has: f; the result is the same as without it"),
        (Steered(is_read=True, added=("a",), has_effect=True), "added: a; a model read it"),
        (Steered(is_read=True), "the evidence is the same as without it; a model read it"),
        (Steered(), "it has no word to search by; the result is the same as without it"),
    ],
)
def test_what_a_comment_did_is_told_in_a_line(steered: Steered, told: str) -> None:
    assert str(steered) == told


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
