"""What a model writes is taken only where every statement rests on evidence that it was given."""

import pytest

from oncue.workflows.research.claims import Claim, Draft, Statement, find_faults, read_claims
from oncue.workflows.research.exhibits import exhibit
from oncue.workflows.research.gathering import gather
from oncue.workflows.research.quotations import Quotation, each_quotation

EVIDENCE = {
    "e1": "Heat is the main cause of ageing, and it doubles every ten degrees.",
    "e2": "Cells age in the cold, too.",
}


def draft(text: str, *evidence: str) -> Draft:
    return Draft(statements=(Statement(text=text, evidence=evidence),))


@pytest.fixture(scope="module")
def sentences() -> list[Quotation]:
    document = gather("python-docs").documents[0]
    return list(each_quotation(document.passages, document.title))[:6]


@pytest.mark.parametrize(
    "good",
    [
        draft("Heat ages cells most.", "e1"),
        draft("Both matter.", "e1", "e2"),
        draft("The handbook says “Heat is the main cause of ageing” of them.", "e1"),
        draft('It is the so-called "ten degree rule" of ageing.', "e1"),
    ],
)
def test_a_draft_that_rests_on_its_evidence_is_taken(good: Draft) -> None:
    assert find_faults(good, EVIDENCE) is None


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (Draft(statements=()), "There is no statement."),
        (draft("Heat ages cells."), "Statement 1 names no evidence."),
        (draft("Heat ages cells.", "e1", "e7"), "Statement 1 names evidence that was not given: e7. Given were: e1, e2."),
        (draft("  ", "e1"), "Statement 1 is empty."),
        (draft("Heat ages cells [1].", "e1"), "Statement 1 has references in its text."),
        (draft("Heat ages cells (e1, e2).", "e1"), "Statement 1 has references in its text."),
        (
            draft("It says “heat is no cause of ageing”.", "e1"),
            "Statement 1 quotes words that its evidence does not have",
        ),
        (draft('It says "Cells age in the cold" too.', "e1"), "Statement 1 quotes words that its evidence does not have"),
    ],
)
def test_a_draft_that_does_not_goes_back_with_its_fault(bad: Draft, fault: str) -> None:
    found = find_faults(bad, EVIDENCE)

    assert found is not None
    assert fault in found


def test_every_fault_of_every_statement_is_named() -> None:
    both = Draft(statements=(*draft("One [1].").statements, *draft("Two.", "e9").statements))

    assert [line.split(" ", 3)[:2] for line in (find_faults(both, EVIDENCE) or "").split("\n")] == [
        ["Statement", "1"],
        ["Statement", "1"],
        ["Statement", "2"],
    ]


def test_claims_stand_on_one_line_and_name_places() -> None:
    written = Draft(statements=(Statement(text=" Heat\n> ages\ncells. ", evidence=("e2", "e1", "e2")),))

    assert read_claims(written, ["e1", "e2"]) == (Claim(text="Heat > ages cells.", evidence=(1, 2)),)


def test_an_exhibit_numbers_each_sentence_once_under_its_source(sentences: list[Quotation]) -> None:
    shown = exhibit([*sentences, sentences[0]])

    text = shown.show(sentences)

    assert list(shown.texts) == [f"e{n}" for n in range(1, len(sentences) + 1)]
    assert (shown.unseen, shown.note()) == (0, {})
    assert all(f"{id_}: {sentence}" in text.split("\n") for id_, sentence in shown.texts.items())
    assert text.startswith("From ")


def test_what_has_no_room_in_a_prompt_is_left_out_whole_and_counted(sentences: list[Quotation]) -> None:
    limit = sum(len(sentence.text) for sentence in sentences[:2])

    shown = exhibit(sentences, limit=limit)
    least = exhibit(sentences, limit=1)

    assert [*shown.texts.values()] == [sentence.text for sentence in sentences[:2]]
    assert shown.note() == {"left out": f"{len(sentences) - 2} further sentences, for the size of this prompt."}
    assert sentences[2].text not in shown.show(sentences)
    assert (len(least.sentences), least.unseen) == (1, len(sentences) - 1)
