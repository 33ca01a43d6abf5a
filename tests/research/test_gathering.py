"""A corpus is gathered from a folder or from CPython, in stable order, with exact locations and honest problems."""

from pathlib import Path
from pydoc_data.topics import topics

import pytest
from pydantic import TypeAdapter

from oncue.workflows.research.documents import Corpus, CorpusError, Unit, each_passage, unwrap
from oncue.workflows.research.gathering import gather, slugs
from tests.research.samples import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("corpus") / "documents")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return gather(str(folder))


def test_documents_have_ids_titles_and_kinds(corpus: Corpus) -> None:
    assert [(document.id, document.title, document.kind) for document in corpus.documents] == [
        ("faq-html", "Questions about batteries", "html"),
        ("guides-handbook-md", "Battery handbook", "markdown"),
        ("notes-rst", "Field notes", "text"),
        ("study-pdf", "Ageing of cells in hot climates", "pdf"),
    ]


def test_unreadable_files_are_reported_and_the_rest_is_read(corpus: Corpus) -> None:
    reasons = {problem.path: problem.reason for problem in corpus.problems}

    assert list(reasons) == ["broken.pdf", "latin.txt"]
    assert reasons["broken.pdf"].startswith("the PDF cannot be parsed")
    assert reasons["latin.txt"] == "not UTF-8 text: byte 0xfc at offset 2"
    assert corpus.ignored == 2


@pytest.mark.parametrize(
    ("words", "place", "headings"),
    [
        ("A battery in a house is cycled once a day", "faq.html, lines 7–8", ("Questions about batteries",)),
        ("Never charge a frozen battery", "faq.html, line 11", ("Questions about batteries", "Safety")),
        (
            "Cells that are stored for more",
            "guides/handbook.md, line 13",
            ("Battery handbook", "Storage in winter"),
        ),
        ("Heat is the main cause of ageing", "guides/handbook.md, lines 8–9", ("Battery handbook",)),
        ("All four had been charged", "notes.rst, lines 4–5", ("Field notes",)),
        ("Batteries that were cooled lost half", "study.pdf, page 2", ()),
    ],
)
def test_sentences_know_where_they_stand(corpus: Corpus, words: str, place: str, headings: tuple[str, ...]) -> None:
    found = [
        passage.locate(span)
        for passage in each_passage(corpus)
        for span in passage.sentences
        if passage.quote(span).startswith(words)
    ]

    assert [(str(location), location.headings) for location in found] == [(place, headings)]


def test_code_tables_menus_and_footers_are_not_read(corpus: Corpus) -> None:
    text = " ".join(passage.text for passage in each_passage(corpus))

    for word in ("never be quoted", "says nothing", "menu", "tax", "Never quoted", "literal block", "::="):
        assert word not in text


def test_every_sentence_of_the_python_docs_stands_in_the_lines_it_names() -> None:
    for passage in each_passage(gather("python-docs")):
        name = passage.location.source.split('"')[1]
        lines = topics[name].split("\n")
        for span in passage.sentences:
            place = passage.locate(span)
            assert passage.quote(span) in unwrap("\n".join(lines[place.first - 1 : place.last]))
            assert passage.location.unit is Unit.LINE


def test_no_sentence_of_the_python_docs_is_grammar_or_code() -> None:
    sentences = [passage.quote(span) for passage in each_passage(gather("python-docs")) for span in passage.sentences]

    assert len(sentences) > 2000
    assert not [text for text in sentences if "::=" in text or ">>>" in text or "+---" in text]


def test_the_same_folder_gives_the_same_bytes(folder: Path, corpus: Corpus) -> None:
    adapter = TypeAdapter(Corpus)

    assert adapter.dump_json(gather(str(folder))) == adapter.dump_json(corpus)
    assert adapter.validate_json(adapter.dump_json(corpus)) == corpus


def test_a_changed_document_changes_its_hash_and_keeps_its_id(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nThe first version of a sentence is here.\n")
    before = gather(str(tmp_path)).documents[0]
    (tmp_path / "a.md").write_text("# A\n\nThe second version of a sentence is here.\n")
    after = gather(str(tmp_path)).documents[0]

    assert (before.id, before.passages[0].id) == (after.id, after.passages[0].id)
    assert before.content_hash != after.content_hash
    assert before.passages[0].content_hash != after.passages[0].content_hash


def test_a_missing_folder_names_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        gather(str(tmp_path / "nowhere"))

    assert "nowhere" in caught.value.message
    assert "python-docs" in caught.value.message
    assert ".pdf" in caught.value.hint


def test_a_folder_without_readable_documents_says_how_many_it_has(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    (tmp_path / "empty.md").write_text("")

    with pytest.raises(CorpusError, match=r"1 unreadable, 1 of other kinds.*empty\.md"):
        gather(str(tmp_path))


def test_slugs_are_distinct_and_do_not_depend_on_order() -> None:
    names = ["a b.md", "a-b.md", "c.txt", "ü.md"]

    assert slugs(names) == slugs(names[::-1])
    assert len(set(slugs(names).values())) == 4
    assert slugs(names)["c.txt"] == "c-txt"
