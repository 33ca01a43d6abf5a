"""Question steps of a manifest: what they ask, what is refused before anybody is asked, and what the answer becomes."""

from pathlib import Path

import pytest

from oncue.control.jobs import create_job
from oncue.control.steps.context import Suspended
from oncue.control.views.artifactview import view_artifacts
from oncue.core.definition import StepDefinition
from oncue.core.model import RunState
from oncue.core.questions import Asking, How, InvalidAnswer, OnTimeout, Option, QuestionKind
from oncue.definitions.ask_step import AskStep, answer_text
from oncue.definitions.manifest import load_manifest, restore_manifest
from oncue.errors import DefinitionError
from tests.definitions.desk import MemoryDesk, make_call, output, run_body
from tests.definitions.manifests import load_text, write_manifest
from tests.definitions.people import open_folder, questions_of, run_answering

FLOW = """
    params: {topic: sun, mode: "", unread: 1}
    steps:
      - id: mode
        ask:
          type: run_mode
          message: How deep into {{ params.topic }}?
          options:
            - ONCE
            - {id: DEEP_LOOP, label: "Again, {{ params.topic }}", help: until nothing new is found}
          default: ONCE
          timeout: 10m
          on_timeout: default
          answer: "{{ params.mode }}"
      - {id: show, run: cat "$ONCUE_INPUTS/mode/answer"}
"""
ASKING = Asking(
    type="run_mode",
    message="How deep into wind?",
    kind=QuestionKind.CHOICE,
    options=(
        Option(id="ONCE", label="ONCE"),
        Option(id="DEEP_LOOP", label="Again, wind", help="until nothing new is found"),
    ),
    default="ONCE",
    has_default=True,
    timeout_seconds=600,
    on_timeout=OnTimeout.DEFAULT,
)


def ask_text(folder: Path, keys: str, **params: object) -> object:
    """What a step with these keys of ``ask`` returns to the answer that stands in ``params``."""
    loaded = load_text(folder, f"params: {{given: ''}}\nsteps: [{{id: q, ask: {{message: Q, {keys}}}}}]")
    return run_body(loaded, make_call(loaded, "q", folder=folder / "scratch", params=params)).value


def test_a_question_is_put_with_its_texts_filled_in(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, FLOW)
    desk = MemoryDesk(tmp_path / "scratch")

    with pytest.raises(Suspended):
        run_body(loaded, make_call(loaded, "mode", folder=tmp_path, params={"topic": "wind"}, desk=desk))

    assert desk.asked == [(ASKING, None)]


def test_the_answer_is_the_output_of_the_step(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, FLOW)
    desk = MemoryDesk(tmp_path / "scratch", answers={"run_mode": ["DEEP_LOOP"]})

    result = run_body(loaded, make_call(loaded, "mode", folder=tmp_path, desk=desk))

    assert (result.value, result.files) == ("DEEP_LOOP", {})


def test_an_answer_given_beforehand_is_configured_and_nobody_waits(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, FLOW)
    desk = MemoryDesk(tmp_path / "scratch")

    result = run_body(loaded, make_call(loaded, "mode", folder=tmp_path, params={"mode": "DEEP_LOOP"}, desk=desk))

    assert result.value == "DEEP_LOOP"
    assert [configured for _, configured in desk.asked] == ["DEEP_LOOP"]


def test_a_question_reads_the_parameters_that_it_names(tmp_path: Path) -> None:
    mode, show = load_text(tmp_path, FLOW).definition.steps

    assert (mode.reads, mode.needs, mode.timeout_seconds) == (("topic", "mode"), (), None)
    assert (show.reads, show.needs) == ((), ("mode",))


def test_a_stored_question_needs_no_file(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, FLOW)
    loaded = load_manifest(path)
    path.unlink()
    desk = MemoryDesk(tmp_path / "scratch", answers={"run_mode": ["ONCE"]})

    restored = restore_manifest(loaded.source, loaded.definition)

    assert run_body(restored, make_call(restored, "mode", folder=tmp_path, desk=desk)).value == "ONCE"
    for step in (loaded.definition.steps[0], bare(tmp_path)):
        assert AskStep.of(step).as_body() == step.body


def bare(folder: Path) -> StepDefinition:
    return load_text(folder, "steps: [{id: q, ask: {message: Why}}]").definition.steps[0]


def test_what_is_left_out_is_guessed_as_in_python(tmp_path: Path) -> None:
    asking = AskStep.of(bare(tmp_path)).asking

    assert (asking.type, asking.kind, asking.has_default) == ("q", QuestionKind.TEXT, False)
    assert (asking.timeout_seconds, asking.on_timeout) == (None, OnTimeout.WAIT)


@pytest.mark.parametrize(
    ("keys", "kind", "policy"),
    [
        ("options: [a]", QuestionKind.CHOICE, OnTimeout.WAIT),
        ("schema: {type: object}", QuestionKind.FORM, OnTimeout.WAIT),
        ("kind: confirm, timeout: 5", QuestionKind.CONFIRM, OnTimeout.CANCEL),
        ("timeout: 1h30m, on_timeout: wait", QuestionKind.TEXT, OnTimeout.WAIT),
    ],
)
def test_kind_and_policy_follow_from_the_other_keys(keys: str, kind: QuestionKind, policy: OnTimeout, tmp_path: Path) -> None:
    step = load_text(tmp_path, f"steps: [{{id: q, ask: {{message: Q, {keys}}}}}]").definition.steps[0]

    asking = AskStep.of(step).asking

    assert (asking.kind, asking.on_timeout) == (kind, policy)


@pytest.mark.parametrize(
    ("keys", "given", "answer"),
    [
        ("options: [a, {id: b, label: Bee}]", "b", "b"),
        ("options: [a, {id: b, label: Bee}]", "bee", "b"),
        ("kind: choices, options: [a, b, c]", "c, a", ["a", "c"]),
        ("kind: choices, options: [a, b, c]", ["b"], ["b"]),
        ("kind: choices, options: [a, b, c]", [], []),
        ("kind: number", "2.5", 2.5),
        ("kind: number", 7, 7),
        ("kind: confirm", False, False),
        ("kind: confirm", "yes", True),
        ("kind: text", "two words", "two words"),
        ("kind: form", {"name": "x"}, {"name": "x"}),
    ],
)
def test_a_parameter_answers_in_words_or_as_a_value(keys: str, given: object, answer: object, tmp_path: Path) -> None:
    assert ask_text(tmp_path, f"{keys}, answer: '{{{{ params.given }}}}'", given=given) == answer


@pytest.mark.parametrize("given", ["", " ", None])
def test_an_empty_parameter_answers_nothing(given: object, tmp_path: Path) -> None:
    with pytest.raises(Suspended):
        ask_text(tmp_path, "answer: '{{ params.given }}'", given=given)


@pytest.mark.parametrize(
    ("keys", "given"), [("options: [a]", "z"), ("kind: number", "many"), ("kind: form", "name"), ("kind: form", "[1]")]
)
def test_a_parameter_that_is_no_answer_fails_the_step(keys: str, given: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidAnswer):
        ask_text(tmp_path, f"{keys}, answer: '{{{{ params.given }}}}'", given=given)


def test_options_that_look_like_something_else_stay_as_they_are_written(tmp_path: Path) -> None:
    keys = "options: [1.10, {id: 010, label: true}, false], default: 010, message: 12, type: 3"
    step = load_text(tmp_path, f"steps: [{{id: q, ask: {{{keys}}}}}]").definition.steps[0]

    asking = AskStep.of(step).asking

    assert [(option.id, option.label) for option in asking.options] == [("1.10", "1.10"), ("010", "true"), ("false", "false")]
    assert (asking.default, asking.message, asking.type) == ("010", "12", "3")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("ONCE", "ONCE\n"),
        (["a", "b"], "a\nb\n"),
        ([], ""),
        ("", ""),
        ("two\nlines\n", "two\nlines\n"),
        (True, "true\n"),
        (2.5, "2.5\n"),
        ({"name": "ä"}, '{"name":"ä"}\n'),
    ],
)
def test_an_answer_is_plain_text_for_cat(answer: object, text: str) -> None:
    assert answer_text(answer) == text


def test_a_shell_step_finds_the_answer_as_text_and_as_json(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        """
        steps:
          - {id: which, ask: {message: Which, kind: choices, options: [a, b c]}}
          - id: show
            run: |
              while read -r one; do echo "<$one>"; done < "$ONCUE_INPUTS/which/answer"
              cat "$ONCUE_INPUTS/which/value.json"
        """,
    )

    call = make_call(loaded, "show", folder=tmp_path / "scratch", inputs={"which": output(["a", "b c"])})

    assert run_body(loaded, call).files["stdout"].read_text() == '<a>\n<b c>\n["a", "b c"]'


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("type: t", "type: t, timeout: 5, on_timeout: cancel", False),
        ("type: t", "type: t, on_timeout: wait", True),
        ("options: [a, b]", "options: [{id: a, label: a}, b]", True),
        ("message: Q", "message: R", False),
        ("type: t", "type: u", False),
        ("[a, b]", "[b, a]", False),
        ("[a, b]", "[a, {id: b, label: B}]", False),
        ("default: a, ", "", False),
        ("type: t", "type: t, answer: b", False),
        ("type: t", "type: t, kind: choices", None),
    ],
)
def test_the_definition_hash_covers_the_question(old: str, new: str, is_same: bool | None, tmp_path: Path) -> None:
    first = "message: Q, options: [a, b], default: a, type: t"

    def hash_of(keys: str) -> str:
        return load_text(tmp_path, f"steps: [{{id: q, ask: {{{keys}}}}}]").definition.steps[0].hash

    if is_same is None:
        with pytest.raises(DefinitionError, match="a list of options"):
            hash_of(first.replace(old, new))
        return
    assert (hash_of(first) == hash_of(first.replace(old, new))) is is_same


def test_waiting_longer_is_the_same_question(tmp_path: Path) -> None:
    short, long = FLOW, FLOW.replace("10m", "20m")

    assert load_text(tmp_path, short).definition.steps[0].hash == load_text(tmp_path, long).definition.steps[0].hash


HEAD = "params: {x: 1}\nsteps:\n  - id: q\n    ask:\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("      options: [a]\n", 4, "ask.message", "is missing"),
        ("      message: ' '\n", 5, "ask.message", "needs a type and a message"),
        ("      message: [Q]\n", 5, "ask.message", "must be text, not a list"),
        (f"      message: {'x' * 4001}\n", 5, "ask.message", "at most 4000 characters"),
        ("      message: '{{ params.y }}'\n", 5, "ask.message", "no parameter 'y'"),
        ("      message: |\n        Q\n        {{ item }}\n", 7, "ask.message", "there is only params"),
        ("      message: Q\n      type: ''\n", 6, "ask.type", "at least 1 character"),
        ("      message: Q\n      mesage: Q\n", 6, "ask.mesage", "did you mean message"),
        ("      message: Q\n      schem: {}\n", 6, "ask.schem", "did you mean schema"),
        ("      message: Q\n      kind: chioce\n", 6, "ask.kind", "no kind 'chioce' (did you mean choice"),
        ("      message: Q\n      kind: choice\n", 4, "ask.options", "offers nothing to choose"),
        ("      message: Q\n      options:\n        - a\n        - a\n", 8, "ask.options[2]", "'a' is there twice"),
        ("      message: Q\n      options:\n        - a\n        - label: B\n", 8, "ask.options[2].id", "is missing"),
        ("      message: Q\n      options:\n        - {id: a, lable: A}\n", 7, "ask.options[1].lable", "did you mean label"),
        ("      message: Q\n      options:\n        - {id: a, label: '{{ params.z }}'}\n", 7, "ask.options[1].label", "'z'"),
        ("      message: Q\n      options:\n        - [a]\n", 7, "ask.options[1]", "must be a mapping, not a list"),
        ("      message: Q\n      kind: text\n      options: [a]\n", 7, "ask.options", "of kind text has no options"),
        ("      message: Q\n      options: [a]\n      default: b\n", 7, "ask.default", "'b' is not an option"),
        ("      message: Q\n      default: true\n      kind: number\n", 6, "ask.default", "takes a number"),
        ("      message: Q\n      kind: confirm\n      default: 1\n", 7, "ask.default", "takes yes or no"),
        ("      message: Q\n      default:\n", 6, "ask.default", "takes text"),
        ("      message: Q\n      timeout: soon\n", 6, "ask.timeout", "such as 90s, 10m or 1h30m"),
        ("      message: Q\n      timeout: 0\n", 6, "ask.timeout", "greater than 0"),
        ("      message: Q\n      timeout: 1e999\n", 6, "ask.timeout", "not a time to wait"),
        ("      message: Q\n      on_timeout: defalt\n", 6, "ask.on_timeout", "no policy 'defalt' (did you mean default"),
        ("      message: Q\n      on_timeout: default\n", 6, "ask.on_timeout", "has no default to take"),
        ("      message: Q\n      schema: {type: objekt}\n", 6, "ask.schema", "schema of the form 'q' is wrong"),
        ("      message: Q\n      schema: {allOf: [{$ref: '#/x'}]}\n", 6, "ask.schema", "$ref '#/x' leads nowhere"),
        ("      message: Q\n      kind: text\n      schema: {}\n", 7, "ask.schema", "of kind text has no schema"),
        ("      message: Q\n      schema: {x: 1e999}\n", 6, "ask.schema", "plain JSON"),
        ("      message: Q\n      schema: {required: [a]}\n      default: {}\n", 7, "ask.default", "the form does not fit"),
        ("      message: Q\n      options: [a]\n      answer: b\n", 7, "ask.answer", "'b' is not an option"),
        ("      message: Q\n      answer: '{{ param.x }}'\n", 6, "ask.answer", "there is only params"),
        ("      message: Q\n    timeout: 10m\n", 6, "timeout", "means nothing in a step with ask:"),
        ("      message: Q\n    env: {A: b}\n", 6, "env", "means nothing in a step with ask:"),
        ("      message: Q\n    outputs: x\n", 6, "outputs", "means nothing in a step with ask:"),
        ("      message: Q\n    retries: 1\n", 6, "retries", "means nothing in a step with ask:"),
        ("      message: Q\n    params: [x]\n", 6, "params", "means nothing in a step with ask:"),
    ],
)
def test_a_question_that_nobody_could_answer_is_refused(text: str, line: int, field: str, message: str, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, HEAD + text)

    with pytest.raises(DefinitionError) as caught:
        load_manifest(path)

    assert message in caught.value.message
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), line, f"steps[1].{field}")


def test_a_question_must_be_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"steps\[1\].ask: must be a mapping, not the text 'Which\?'"):
        load_text(tmp_path, "steps: [{id: q, ask: 'Which?'}]")


def test_a_real_run_waits_is_answered_and_uses_the_answer(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, FLOW)
    with open_folder(tmp_path) as workspace:
        job = create_job(workspace, str(path), params={"topic": "wind"}, folder=tmp_path)

        run = run_answering(workspace, job.id, {"run_mode": ["DEEP_LOOP"]})

        shown, asked = view_artifacts(workspace, job.id, "show")[0], questions_of(workspace, job.id)
        assert run.state is RunState.SUCCEEDED
        assert b"".join(shown.chunks("stdout")) == b"DEEP_LOOP\n"
        assert [(question.asking, question.decision and question.decision.how) for question in asked] == [(ASKING, How.PERSON)]
        assert view_artifacts(workspace, job.id, "mode")[0].output.value == "DEEP_LOOP"


def test_a_preset_answer_is_on_record_and_nobody_waits(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, FLOW)
    with open_folder(tmp_path) as workspace:
        job = create_job(workspace, str(path), params={"mode": "ONCE"}, folder=tmp_path)

        run = run_answering(workspace, job.id, {})

        decisions = [question.decision for question in questions_of(workspace, job.id)]
        assert run.state is RunState.SUCCEEDED
        assert [(decision.how, decision.response) for decision in decisions if decision] == [(How.CONFIGURED, "ONCE")]
