"""From the fields of a page to values, and from values to what a page shows."""

from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

import pytest

from oncue.control.steps.outputs import Output, StoredFile
from oncue.control.views.artifactview import ArtifactView
from oncue.control.views.requestwords import describe_override, describe_request, describe_scope, describe_source
from oncue.core.model import ArtifactKind, AttemptKey, ContentHash, JobId, StepId
from oncue.core.promptdelta import diff_texts
from oncue.core.questions import Asking, InvalidAnswer, Option, Question, QuestionId, QuestionKind
from oncue.core.questionwords import describe_response
from oncue.core.recommendations import find_overrides
from oncue.errors import InvalidParam
from oncue.web.answerform import form_fields, read_answer_form
from oncue.web.markdown import render_markdown
from oncue.web.pages.outputblocks import ALL_PREVIEW_BYTES, MAX_ROWS, MAX_TEXT, BlockKind, show_files, show_value
from oncue.web.pages.panelform import read_body
from oncue.web.promptwords import split_diff
from oncue.web.refusals import InvalidFields
from oncue.web.rendering import show_code_spans, show_duration, show_size

PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "member": {"type": "boolean"},
        "level": {"enum": [1, 2, "many"]},
        "tags": {"type": "array"},
        "mails": {"type": "array", "items": {"type": "string"}},
    },
}


def test_people_read_a_diff_without_the_marks_of_programs() -> None:
    new = diff_texts("", "one\ntwo", names=("/dev/null", "section 0123456789ab"))
    far = diff_texts("\n".join("abcdefghijklmnop"), "\n".join("Abcdefghijklmnop") + "\nq")

    assert [(line.kind, line.text) for line in split_diff(new)] == [("plus", "+one"), ("plus", "+two")]
    assert [line.text for line in split_diff(far)] == ["-a", "+A", " b", " c", " d", "…", " n", " o", " p", "+q"]
    assert split_diff("") == []


def test_what_was_asked_is_said_in_words() -> None:
    request = {
        "scope": "only",
        "steps": ["draft"],
        "downstream": "mark_stale",
        "context": "clean",
        "budget": {"seconds": 90.0, "usd": 2},
        "refresh": True,
        "definition": "original",
        "answers": "reuse",
        "keep_comments": True,
        "params": {"x": 1},
    }
    told = {"scope": "only", "steps": ["draft", "plan"], "comment": {"text": "shorter"}, "params": {"depth": 2}}
    used = {"scope": "all", "comment": {"text": "longer"}, "params": {"depth": 3}, "budget": {"calls": 4}}

    assert dict(describe_request(request)) == {
        "what": "only draft",
        "what builds on it": "becomes stale",
        "context": "nothing from before",
        "limits": "90 s, $2.00",
        "sources": "fetched again",
        "workflow": "as it was when the job last ran",
        "questions": "answered as before, where they are the same",
        "earlier comments": "kept",
    }
    assert describe_source("run_config_panel") == "the run panel"
    assert [(one.name, one.recommended, one.used) for one in map(describe_override, find_overrides(told, used))] == [
        ("limit in calls", "not said", "4 model calls"),
        ("comment", "shorter", "longer"),
        ("parameter depth", "2", "3"),
        ("what", "some steps only", "everything"),
        ("steps", "draft, plan", "not said"),
    ]


def asking(kind: QuestionKind, **facts: object) -> Asking:
    return Asking(type="t", message="?", kind=kind, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "fields", "answer"),
    [
        (QuestionKind.NUMBER, [("answer", "2.5")], 2.5),
        (QuestionKind.NUMBER, [("answer", "3")], 3),
        (QuestionKind.NUMBER, [("answer", " -9007199254740993 ")], -9007199254740993),
        (QuestionKind.NUMBER, [("answer", "1e3")], 1000.0),
        (QuestionKind.CONFIRM, [("answer", "no")], False),
        (QuestionKind.TEXT, [("answer", "two\r\nlines")], "two\nlines"),
        (QuestionKind.CHOICES, [("answer", "a"), ("answer", "b")], ["a", "b"]),
        (QuestionKind.CHOICES, [], []),
        (QuestionKind.CHOICE, [("answer", "a")], "a"),
    ],
)
def test_the_fields_of_a_question_are_read_by_its_kind(
    kind: QuestionKind, fields: list[tuple[str, str]], answer: object
) -> None:
    options = (Option(id="a", label="A"), Option(id="b", label="B"))

    assert read_answer_form(asking(kind, options=options), fields) == answer


def test_a_form_is_read_by_the_types_of_its_schema() -> None:
    fields = [
        ("field.name", "Ada"),
        ("field.age", "9007199254740993"),
        ("field.member", "yes"),
        ("field.level", "2"),
        ("field.tags", '["x"]'),
        ("field.mails", " a@b.c\r\n\r\nd@e.f\r\n"),
    ]

    answer = read_answer_form(asking(QuestionKind.FORM, schema=PERSON), fields)

    assert answer == {
        "name": "Ada",
        "age": 9007199254740993,
        "member": True,
        "level": 2,
        "tags": ["x"],
        "mails": ["a@b.c", "d@e.f"],
    }
    assert read_answer_form(asking(QuestionKind.FORM, schema=PERSON), [("field.name", "")]) == {"name": ""}
    assert [field.options for field in form_fields(asking(QuestionKind.FORM, schema=PERSON))][3] == ("1", "2", "many")


@pytest.mark.parametrize(
    ("kind", "fields", "match"),
    [
        (QuestionKind.CHOICE, [], "nothing was"),
        (QuestionKind.NUMBER, [("answer", "many")], "number"),
        (QuestionKind.NUMBER, [("answer", "1_000")], "number"),
        (QuestionKind.FORM, [("field.name", "Ada"), ("field.age", "old")], "'old' is not a number"),
        (QuestionKind.FORM, [("field.name", "Ada"), ("field.tags", "[")], "not JSON"),
    ],
)
def test_fields_that_cannot_be_meant_are_refused(kind: QuestionKind, fields: list[tuple[str, str]], match: str) -> None:
    with pytest.raises(InvalidAnswer, match=match):
        read_answer_form(asking(kind, schema=PERSON if kind is QuestionKind.FORM else None), fields)


def test_the_fields_of_the_panel_become_the_body_of_a_run() -> None:
    fields = [
        *[("scope", "only"), ("step", "a"), ("step", "b"), ("phase", "one"), ("downstream", "rerun"), ("context", "clean")],
        *[("param.region", "us"), ("budget.seconds", "60"), ("budget.tokens", ""), ("answers", "reuse")],
        *[("comment", "shorter\r\nplease"), ("kind", "data"), ("keep_comments", "yes"), ("refresh", "yes")],
    ]

    assert read_body(fields, dict) == {
        "scope": "only",
        "steps": ["a", "b"],
        "downstream": "rerun",
        "context": "clean",
        "params": {"region": "us"},
        "budget": {"seconds": 60.0},
        "answers": "reuse",
        "rerun_comment": "shorter\nplease",
        "comment_kind": "data",
        "keep_comments": True,
        "refresh": True,
    }


@pytest.mark.parametrize("scope", ["all", "resume"])
def test_what_a_scope_does_not_take_is_left_out(scope: str) -> None:
    fields = [("scope", scope), ("step", "a"), ("phase", "one"), ("downstream", "rerun"), ("kind", "data")]

    assert read_body(fields, dict) == {"scope": scope}


def test_wrong_limits_and_parameters_are_refused() -> None:
    def refuse(texts: object) -> dict[str, object]:
        raise InvalidParam(str(texts))

    with pytest.raises(InvalidFields) as refused:
        read_body([("budget.calls", "2.5"), ("budget.usd", "-1"), ("budget.tokens", "7"), ("budget.seconds", "inf")], dict)
    assert refused.value.fields == {
        "budget.seconds": "Seconds must be a number above 0.",
        "budget.usd": "US dollars must be a number above 0.",
        "budget.calls": "Model calls must be a whole number above 0.",
    }
    with pytest.raises(InvalidParam):
        read_body([("param.x", "y")], refuse)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("# A title\n\ntext", BlockKind.PROSE),
        ("just a line", BlockKind.PLAIN),
        ([{"a": 1}, {"b": 2}], BlockKind.TABLE),
        ([1, "two"], BlockKind.LIST),
        ({"a": 1, "b": "c"}, BlockKind.PAIRS),
        ({"a": [1, 2]}, BlockKind.DATA),
        ([], BlockKind.DATA),
        (3, BlockKind.DATA),
    ],
)
def test_a_value_is_shown_as_what_it_is(value: object, kind: BlockKind) -> None:
    block = show_value(value)

    assert block is not None
    assert block.kind is kind
    assert block.left_out == 0


def test_what_is_cut_is_counted() -> None:
    rows, text = show_value([{"n": n} for n in range(MAX_ROWS + 3)]), show_value("x" * (MAX_TEXT + 5))

    assert rows is not None
    assert (len(rows.rows), rows.left_out) == (MAX_ROWS, 3)
    assert text is not None
    assert text.left_out == 5
    assert show_value(None) is None


class Files(Output):
    """An output whose files are in memory."""

    bodies: dict[str, bytes]

    def open(self, name: str) -> BinaryIO:
        return BytesIO(self.bodies[name])


def view_files(**bodies: bytes) -> ArtifactView:
    """An output with these files; ``__`` in a name is a dot."""
    named = {name.replace("__", "."): body for name, body in bodies.items()}
    files = {name: StoredFile(name=name, address=ContentHash(name), size=len(body)) for name, body in named.items()}
    output = Files(address=ContentHash("x"), kind=ArtifactKind.TREE, value=None, files=files)
    object.__setattr__(output, "bodies", named)
    return ArtifactView(step=StepId("s"), run=1, number=1, output=output)


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("stdout", b"hello there\n", BlockKind.PLAIN),
        ("stdout", b"# A title\n\ntext\n", BlockKind.PROSE),
        ("stdout", b"\x1b[1mbold\x1b[0m\n", BlockKind.PLAIN),
        ("stdout", b"\x89PNG\x0d\x0a\x1a\x0a\x00", None),
        ("stdout", b"\xff\xfe", None),
        ("notes", b"# not a title\n", BlockKind.PLAIN),
        ("notes", b"a\x00b", None),
        ("notes__md", b"plain", BlockKind.PROSE),
        ("notes__txt", b"caf\xe9", BlockKind.PLAIN),
        ("chart__svg", b"<svg/>", None),
        ("stdout", b"x" * 100_001, None),
    ],
)
def test_a_small_text_is_shown_whatever_its_name(name: str, body: bytes, kind: BlockKind | None) -> None:
    (file,) = show_files(view_files(**{name: body}))

    assert (file.preview.kind if file.preview else None) is kind
    assert file.is_image is name.endswith("svg")


def test_of_many_texts_only_the_first_are_shown() -> None:
    files = show_files(view_files(**{f"part{number}": b"x" * 100_000 for number in range(30)}))

    assert sum(file.preview is not None for file in files) == ALL_PREVIEW_BYTES // 100_000


def test_markdown_shows_no_markup_of_its_own_and_calls_no_other_server() -> None:
    html = render_markdown("**b** <script>x()</script> [a](javascript:x()) ![pixel](https://x.example/p.png)")

    assert "<strong>b</strong>" in html
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="https://x.example/p.png"' in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Write ``report.md``, and `a b`.", "Write <code>report.md</code>, and <code>a b</code>."),
        ("Nothing <b>here</b>", "Nothing &lt;b&gt;here&lt;/b&gt;"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("a ` alone, and ``two", "a ` alone, and ``two"),
        ("", ""),
    ],
)
def test_code_in_a_sentence_is_set_as_code(text: str, html: str) -> None:
    assert show_code_spans(text) == html


def test_amounts_are_said_as_people_say_them() -> None:
    assert [show_duration(seconds) for seconds in (None, 0.31, 42, 185, 7800, 270_000)] == [
        "–", "0.3 s", "42 s", "3 min 5 s", "2 h 10 min", "3 d 3 h",
    ]  # fmt: skip
    assert [show_size(count) for count in (12, 4096, 2_500_000)] == ["12 B", "4 kB", "2.5 MB"]
    assert describe_scope({"scope": "only", "steps": ["a", "b", "c", "d"]}) == "only a, b, c and 1 more"


def test_a_form_asks_first_for_what_it_needs_in_the_order_in_which_that_is_named() -> None:
    schema = {
        "type": "object",
        "required": ["name", "age"],
        "properties": {"age": {"type": "integer"}, "mails": PERSON["properties"]["mails"], "name": {"type": "string"}},  # type: ignore[index]
    }
    fields = form_fields(asking(QuestionKind.FORM, schema=schema, default={"mails": ["a", "b"]}, has_default=True))

    assert [(field.name, field.type, field.text) for field in fields] == [
        ("name", "string", ""),
        ("age", "integer", ""),
        ("mails", "lines", "a\nb"),
    ]


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ({"name": "Ada", "mails": ["a@b.c", "d@e.f"], "member": True}, "name: Ada; mails: a@b.c, d@e.f; member: yes"),
        ({"place": {"x": 1}, "none": None}, 'place: {"x": 1}; none: null'),
        ({}, "nothing"),
        (["x", "c"], "x (First), c"),
        (["a"], "A"),
        (None, "no answer"),
        (0.5, "0.5"),
    ],
)
def test_answers_read_as_words(response: object, words: str) -> None:
    question = Question(
        id=QuestionId("q"),
        key=AttemptKey(job_id=JobId("job"), run=1, step=StepId("step")),
        occurrence=1,
        asking=asking(QuestionKind.FORM, options=(Option(id="a", label="A"), Option(id="x", label="First"))),
        asked_at=datetime(2026, 3, 1, tzinfo=UTC),
    )

    assert describe_response(question, response) == words
