"""A manifest is a definition; what is wrong with one is said with file, line and field."""

from dataclasses import replace
from pathlib import Path

import pytest

from oncue.core.definition import ParamDefinition, ParamType, RetryPolicy, WorkflowDefinition
from oncue.core.model import SourceKind
from oncue.definitions.manifest import MAX_BYTES, load_manifest, restore_manifest
from oncue.errors import DefinitionError, OncueError, UnknownWorkflow
from tests.definitions.manifests import load_text, write_manifest

WEEKLY = """
    name: weekly
    summary: What happened this week
    params:
      region: eu
      limit: {type: integer, default: 10, help: how many, choices: [10, 20]}
      on: no
      token: {type: string, required: true}
    phases: [gather, write]
    max_parallel: 2
    steps:
      - id: fetch
        phase: gather
        run: curl --fail "https://example.org/{{ params.region }}" | head -n "$ONCUE_PARAM_LIMIT"
        source: true
        retries: 2
        timeout: 10m
        env:
          PORT: 010
          VERBOSE: yes
          GREETING: hello {{ params.on }}
      - id: count
        run: wc -l < "$ONCUE_INPUTS/fetch/stdout"
        params: [token]
        version: 1.10
      - id: report
        phase: write
        needs: [fetch, count]
        outputs: [report.md, "plots/*.svg"]
        deliverable: true
        summary: The report
        run: make report
      - {id: alone, needs: [], run: "true", timeout: 1.5}
"""


@pytest.fixture
def weekly(tmp_path: Path) -> WorkflowDefinition:
    return load_text(tmp_path, WEEKLY).definition


def test_a_manifest_says_what_a_workflow_is(weekly: WorkflowDefinition) -> None:
    assert (weekly.name, weekly.summary, weekly.max_parallel) == ("weekly", "What happened this week", 2)
    assert weekly.phases == ("gather", "write")
    assert weekly.params == (
        ParamDefinition(name="region", type=ParamType.STRING, default="eu"),
        ParamDefinition(name="limit", type=ParamType.INTEGER, default=10, help="how many", choices=(10, 20)),
        ParamDefinition(name="on", type=ParamType.STRING, default="no"),
        ParamDefinition(name="token", type=ParamType.STRING, is_required=True),
    )


def test_steps_follow_the_step_before_unless_they_say_otherwise(weekly: WorkflowDefinition) -> None:
    assert [(step.name, step.phase, step.needs) for step in weekly.steps] == [
        ("fetch", "gather", ()),
        ("count", "gather", ("fetch",)),
        ("report", "write", ("fetch", "count")),
        ("alone", "write", ()),
    ]


def test_a_step_reads_the_parameters_it_names_and_those_it_lists(weekly: WorkflowDefinition) -> None:
    assert [step.reads for step in weekly.steps] == [("region", "limit", "on"), ("token",), (), ()]


def test_the_other_options_of_a_step_are_kept(weekly: WorkflowDefinition) -> None:
    fetch, count, report, alone = weekly.steps

    assert (fetch.is_source, fetch.retry, fetch.timeout_seconds) == (True, RetryPolicy(retries=2), 600)
    assert (count.is_source, count.retry, count.timeout_seconds) == (False, RetryPolicy(), None)
    assert (report.is_deliverable, report.summary, report.body["outputs"]) == (
        True, "The report", ["report.md", "plots/*.svg"],
    )  # fmt: skip
    assert alone.timeout_seconds == 1.5


def test_texts_that_look_like_something_else_stay_as_they_are_written(weekly: WorkflowDefinition) -> None:
    assert weekly.steps[0].body["env"] == {"PORT": "010", "VERBOSE": "yes", "GREETING": "hello {{ params.on }}"}


def test_a_manifest_names_its_source_and_its_file(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, WEEKLY)
    loaded = load_manifest(path)

    assert (loaded.source.kind, loaded.source.ref, loaded.source.folder) == (
        SourceKind.MANIFEST, str(path), str(tmp_path),
    )  # fmt: skip
    assert set(loaded.definition.files) == {str(path)}
    assert set(loaded.bodies) == {"fetch", "count", "report", "alone"}


def test_the_name_of_the_file_stands_in_for_the_name(tmp_path: Path) -> None:
    assert load_text(tmp_path, "steps: [{id: a, run: 'true'}]").definition.name == "flow"


def step_hash(folder: Path, text: str) -> str:
    return load_text(folder, text).definition.steps[-1].hash


BASE = "{id: a, run: echo, version: '1', outputs: [x], env: {A: b}, params: [p]}"


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ("{id: a, run: echo,   version: '1', outputs: x, env: {A: 'b'}, params: [p]}", True),
        (BASE.replace("}, params", "}, timeout: 5, retries: 1, phase: two, summary: s, deliverable: true, params"), True),
        (BASE.replace("echo", "echo 2"), False),
        (BASE.replace("'1'", "'2'"), False),
        (BASE.replace("[x]", "[y]"), False),
        (BASE.replace("A: b", "A: c"), False),
        (BASE.replace("params: [p]", "params: []"), False),
        (BASE.replace("id: a,", "id: a, needs: [],"), False),
    ],
)
def test_the_definition_hash_covers_what_a_step_does_and_nothing_else(changed: str, is_same: bool, tmp_path: Path) -> None:
    head = "phases: [one, two]\nparams: {p: 1}\nsteps: [{id: z, run: ls}, "
    first = step_hash(tmp_path, f"{head}{BASE}]")

    assert (step_hash(tmp_path, f"{head}{changed}]") == first) is is_same


def test_a_stored_manifest_needs_no_file(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, WEEKLY)
    loaded = load_manifest(path)
    path.unlink()

    restored = restore_manifest(loaded.source, loaded.definition)

    assert set(restored.bodies) == set(loaded.bodies)
    assert restored.definition == loaded.definition


def test_a_byte_order_mark_and_windows_line_ends_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: w\r\nsteps:\r\n  - id: a\r\n    run: |\r\n      echo 1\r\n      echo 2\r\n")

    assert load_manifest(path).definition.steps[0].body["run"] == "echo 1\necho 2\n"


ONE = "steps:\n  - id: a\n    run: ls\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("", 1, "", "the file is empty"),
        ("# nothing\n", 1, "", "the file is empty"),
        ("- a\n", 1, "", "a manifest is a mapping"),
        ("steps:\n\t- id: a\n", 2, "", "a tab is used for indentation"),
        ("steps: [\n", 2, "", "this is not YAML"),
        ("steps:\n  - id: a\n    run: {{ params.x }}\n", 3, "steps[1].run", "begins with {{ is put in quotes"),
        (ONE + "---\nsteps: []\n", 4, "", "several documents"),
        (ONE + "steps: []\n", 4, "steps", "the key is there twice, first in line 1"),
        ("steps:\n  - id: a\n    run: ls\n    id: b\n", 4, "steps[1].id", "twice, first in line 2"),
        ("name: !!python/object:os.system x\n" + ONE, 1, "name", "the tag"),
        ("name: w\n", 1, "steps", "is missing"),
        ("name: w\nsteps: []\n", 2, "steps", "at least 1 item"),
        ("name: ''\n" + ONE, 1, "name", "at least 1 character"),
        ("name: 12\n" + ONE, 1, "name", "must be text, not the number 12"),
        ("nam: w\n" + ONE, 1, "nam", "unknown key (did you mean name"),
        ("phases: [a, a]\n" + ONE, 1, "phases[2]", "'a' is named twice"),
        ("max_parallel: 0\n" + ONE, 1, "max_parallel", "greater than or equal to 1"),
        ("max_parallel: two\n" + ONE, 1, "max_parallel", "must be a whole number, not the text 'two'"),
        ("steps:\n  - run: ls\n", 2, "steps[1].id", "is missing"),
        ("steps:\n  - id: a\n", 2, "steps[1]", "this one has none of them"),
        ("steps:\n  - a\n", 2, "steps[1]", "must be a mapping, not the text 'a'"),
        ("steps:\n  - id: 1a\n    run: ls\n", 2, "steps[1].id", "'1a' is no name here"),
        (ONE + "    runs: x\n", 4, "steps[1].runs", "unknown key (did you mean run"),
        (ONE + "    prompt: Write\n", 4, "steps[1].prompt", "this one has run and prompt"),
        (ONE + "    ask: {message: Which}\n", 4, "steps[1].ask", "this one has run and ask"),
        (ONE + "  - id: a\n    run: ls\n", 4, "steps[2].id", "step 'a' is there twice, first in line 2"),
        (ONE + "    phase: write\n", 4, "steps[1].phase", "no phase 'write'"),
        (ONE + "    needs: b\n", 4, "steps[1].needs", "'b' is not a step"),
        (ONE + "  - id: b\n    run: ls\n    needs:\n      - a\n      - aa\n", 8, "steps[2].needs[2]", "did you mean a"),
        (ONE + "    needs: a\n", 4, "steps[1].needs", "cannot need itself"),
        ("steps:\n  - {id: a, run: ls, needs: b}\n  - {id: b, run: ls}\n", 2, "steps.a", "a → b → a"),
        (ONE + "    timeout: soon\n", 4, "steps[1].timeout", "such as 90s, 10m or 1h30m"),
        (ONE + "    timeout: 0\n", 4, "steps[1].timeout", "greater than 0"),
        (ONE + "    timeout: true\n", 4, "steps[1].timeout", "must be a number, not true"),
        (ONE + "    retries: -1\n", 4, "steps[1].retries", "greater than or equal to 0"),
        (ONE + "    source: 'yes'\n", 4, "steps[1].source", "must be true or false, not the text 'yes'"),
        (ONE + "    outputs: /etc/passwd\n", 4, "steps[1].outputs", "must be a path within"),
        (ONE + "    outputs:\n      - ok\n      - ../up\n", 6, "steps[1].outputs[2]", "must be a path within"),
        (ONE + "    outputs: 3\n", 4, "steps[1].outputs", "must be a list, not the number 3"),
        (ONE + "    env:\n      A-B: 1\n", 5, "steps[1].env.A-B", "is no name here"),
        (ONE + "    env:\n      ONCUE_RUN: 1\n", 5, "steps[1].env.ONCUE_RUN", "set by Oncue itself"),
        (ONE + "    env:\n      A: [1]\n", 5, "steps[1].env.A", "must be text, not a list"),
        (ONE + "    params: [x]\n", 4, "steps[1].params[1]", "no parameter 'x'"),
        ("params:\n  a-b: 1\n" + ONE, 2, "params.a-b", "is no name here"),
        ("params:\n  items: 1\n" + ONE, 2, "params.items", "cannot name a parameter"),
        ("params:\n  a: 1\n  A: 2\n" + ONE, 1, "params", "would both be ONCUE_PARAM_A"),
        ("params:\n  a:\n    type: int\n" + ONE, 3, "params.a.type", "no type 'int'"),
        ("params:\n  a:\n    defalt: 1\n" + ONE, 3, "params.a.defalt", "did you mean default"),
        ("params:\n  a: {type: integer, default: x}\n" + ONE, 2, "params.a", "must be an integer, not the text 'x'"),
        ("params:\n  a: {choices: [1], default: 2}\n" + ONE, 2, "params.a", "is not one of 1"),
        ("params:\n  a:\n    default: 1\n    required: true\n" + ONE, 4, "params.a.required", "has no default"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_and_field(text: str, line: int, field: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DefinitionError) as caught:
        load_manifest(path)

    assert message in caught.value.message
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), line, field)
    assert caught.value.code == "invalid_definition"


@pytest.mark.parametrize(
    ("run", "line", "message"),
    [
        ("echo {{ params.regio }}", 4, "no parameter 'regio' (did you mean region?)"),
        ("|\n      echo\n      echo {{ params.nope }}", 6, "no parameter 'nope'"),
        ("|\n      echo\n\n      echo {{ params.region", 7, "template:"),
        ("|\n      {% if params.region %}\n      echo", 5, "template:"),
        ("echo {{ item }}", 4, "'item' is not known; there is only params"),
        ("|\n      echo $ONCUE_PARAM_REGION\n      echo $ONCUE_PARAM_REGIO", 6, "did you mean REGION?"),
        ("echo {{ params.region | nofilter }}", 4, "nofilter"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_its_line(run: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(f"params: {{region: eu}}\nsteps:\n  - id: a\n    run: {run}\n", encoding="utf-8")

    with pytest.raises(DefinitionError) as caught:
        load_manifest(path)

    assert message in caught.value.message
    assert (caught.value.line, caught.value.field) == (line, "steps[1].run")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, UnknownWorkflow, "there is no such file"),
        ("folder", UnknownWorkflow, "this is a folder"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", DefinitionError, "the file is not UTF-8 text"),
        (b"name: a\0b\n", DefinitionError, "the file is binary"),
        (b"# " + b"x" * 10_000_000, DefinitionError, "10,000,002 bytes"),
        (b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
         b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", DefinitionError, "too large"),
        (b"a: &a [*a]\n", DefinitionError, "too deep"),
        (b"[" * 5_000, DefinitionError, "this is not YAML"),
    ],
)  # fmt: skip
def test_what_is_no_manifest_at_all_is_refused_in_words(
    content: bytes | str | None, error: type[OncueError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "flow.yaml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()

    with pytest.raises(error, match=message):
        load_manifest(path)


def test_a_manifest_is_small() -> None:
    assert MAX_BYTES == 256 * 1024


def test_two_readings_of_one_file_are_equal(tmp_path: Path) -> None:
    first = load_text(tmp_path, WEEKLY).definition
    second = load_text(tmp_path, WEEKLY).definition

    assert first == second
    assert replace(first, files={}) == replace(second, files={})
