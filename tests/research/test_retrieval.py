"""Retrieval: BM25 over terms, each text once, steered by required and excluded terms."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncue.workflows.research.documents import Corpus, CorpusError
from oncue.workflows.research.lexicon import Lexicon, connect_fts5, content_words, term_keys
from oncue.workflows.research.retrieval import PassageIndex, mentions
from oncue.workflows.research.steering import Query
from tests.research.samples import corpus_of

WORDS = "heat frost charge cell cycle winter shade cooling".split()
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=6, max_size=12), min_size=1, max_size=6)
TERMS = st.lists(st.sampled_from(WORDS), max_size=2).map(tuple)


def make_corpus(texts: list[list[str]]) -> Corpus:
    return corpus_of(**{f"d{number}": f"The {' of the '.join(words)} is here." for number, words in enumerate(texts)})


@pytest.mark.parametrize(
    ("words", "is_one_term"),
    [
        ("handle handles handled handling", True),
        ("resolve resolved resolving", True),
        ("name names named naming", True),
        ("stop stopped stopping", True),
        ("study studies studied", True),
        ("generator general", False),
        ("generator generate", False),
        ("exception except", False),
        ("exception exceptional", False),
        ("handle handler", False),
    ],
)
def test_inflections_are_one_term_and_derivations_are_not(words: str, is_one_term: bool) -> None:
    assert (len(set(term_keys(words.split()).values())) == 1) is is_one_term


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("How do generators handle exceptions?", ("generators", "handle", "exceptions")),
        ("How does the with statement work?", ("with statement",)),
        ("What does `is` compare?", ("is",)),
        ("How does it work?", ("work",)),
        ("Why?", ("why",)),
    ],
)
def test_questions_give_the_words_that_carry_meaning(question: str, terms: tuple[str, ...]) -> None:
    assert content_words(question) == terms


def test_a_passage_that_answers_more_of_the_question_comes_first() -> None:
    corpus = corpus_of(
        much="Heat heat heat heat heat is what this passage repeats about heat.",
        both="The heat of summer drives the ageing of cells more than cycling does.",
        none="A passage about something else that nobody asked for at all.",
    )

    with PassageIndex(corpus) as index:
        hits = index.search(Query(terms=("heat", "ageing")))

    assert [hit.passage.document for hit in hits] == ["both", "much"]


def test_of_equal_passages_the_one_in_the_shortest_document_is_found() -> None:
    same = "A try statement names the handlers of an exception in its clauses."
    corpus = corpus_of(long=f"{same}\n\nOther\n=====\n\nA second passage makes this document the longer one.", short=same)

    with PassageIndex(corpus) as index:
        assert [hit.passage.document for hit in index.search(Query(terms=("handlers",)))] == ["short"]


@given(TEXTS, TERMS, TERMS, TERMS)
def test_required_terms_are_in_every_hit_and_excluded_ones_in_none(
    texts: list[list[str]], terms: tuple[str, ...], required: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    query = Query(terms=terms, required=required, excluded=excluded)

    with PassageIndex(make_corpus(texts)) as index:
        found = [index.lexicon.keys(hit.passage.text) for hit in index.search(query)]
        assert all(mentions(index.lexicon, keys, term) for keys in found for term in required)
        assert not any(mentions(index.lexicon, keys, term) for keys in found for term in excluded)


@given(TEXTS, TERMS, st.sampled_from(WORDS))
def test_an_added_term_never_loses_a_hit(texts: list[list[str]], terms: tuple[str, ...], more: str) -> None:
    with PassageIndex(make_corpus(texts)) as index:
        before = {hit.passage.id for hit in index.search(Query(terms=terms))}
        after = {hit.passage.id for hit in index.search(Query(terms=terms, added=(more,)))}

    assert before <= after


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_safe_query(term: str, required: str, excluded: str) -> None:
    with PassageIndex(corpus_of(a="A sentence with the usual words in it.")) as index:
        index.search(Query(terms=(term,), required=(required,), excluded=(excluded,)))


def test_phrases_match_in_order_only() -> None:
    shown = Lexicon(["nested scopes in nested functions"])

    assert mentions(shown, shown.keys("the nested scopes"), "nested scope")
    assert not mentions(shown, shown.keys("scopes that are nested"), "nested scopes")


def test_a_python_without_full_text_search_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def execute(self, _statement: str) -> None:
            raise sqlite3.OperationalError("no such module: fts5")

        def close(self) -> None:
            pass

    monkeypatch.setattr(sqlite3, "connect", lambda _name: Plain())

    with pytest.raises(CorpusError, match="FTS5"):
        connect_fts5()
