"""Prompt steps of a manifest: what they ask a model for, what is refused before that, and what the answer becomes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from oncue.control.steps.calls import StepFailed
from oncue.control.steps.drafts import DraftWish
from oncue.control.steps.outputs import Output, StoredFile
from oncue.core.definition import StepDefinition
from oncue.core.definitionrecord import decode_definition, encode_definition
from oncue.core.model import ArtifactKind, ContentHash
from oncue.definitions.manifest import load_manifest, restore_manifest
from oncue.definitions.prompt_step import PromptStep
from oncue.errors import DefinitionError
from tests.definitions.blobs import MemoryBlobs
from tests.definitions.desk import MemoryDesk, make_call, output, run_body
from tests.definitions.manifests import load_text, write_manifest

FLOW = """
    params: {region: eu, unread: 1}
    persona: You write for farmers.
    rules: [Give units., Be brief.]
    steps:
      - {id: fetch, run: echo}
      - id: draft
        prompt: Two sentences about {{ params.region }}.
      - id: claims
        needs: [draft, fetch]
        prompt:
          request: |
            List the figures in: {{ inputs.draft }}
          persona: You check facts.
          rules: Leave nothing out.
          output: {type: array, items: {type: object, required: [figure]}}
          model: openai:small
          max_tokens: 200
          temperature: 0
        timeout: 5m
        retries: 2
        deliverable: true
      - {id: show, run: cat "$ONCUE_INPUTS/claims/answer"}
"""
Inputs = Mapping[str, Output | Mapping[str, Output]]


def files(blobs: MemoryBlobs, /, **bodies: bytes) -> Output:
    """The output of a shell step with these files; ``__`` in a name is a dot."""
    named = {name.replace("__", "."): (blobs.put(body), len(body)) for name, body in bodies.items()}
    stored = {name: StoredFile(name=name, address=address, size=size) for name, (address, size) in named.items()}
    return Output(address=ContentHash("sha256:x"), kind=ArtifactKind.TREE, value=None, files=stored, blobs=blobs)


def printed(text: str) -> Output:
    return files(MemoryBlobs(), stdout=text.encode())


def compose(folder: Path, prompt: str, *, needs: str = "[a, b]", inputs: Inputs | None = None, **params: object) -> DraftWish:
    """What a step with this ``prompt`` would ask for; it needs ``a``, which printed ``ay``, and ``b``, which is a mapping."""
    head = "params: {x: 1}\nsteps: [{id: a, run: ls}, {id: b, run: ls}, "
    loaded = load_text(folder, f"{head}{{id: p, needs: {needs}, prompt: {prompt}}}]")
    given = {"a": printed("ay\n\n"), "b": output({"n": [1], "items": "zwölf"}), **(inputs or {})}
    return loaded.composers["p"](given, {"x": 1, **params})


def test_a_prompt_step_says_what_it_is_before_it_runs(tmp_path: Path) -> None:
    fetch, draft, claims, show = load_text(tmp_path, FLOW).definition.steps

    assert [(step.needs_model, step.takes_comment) for step in (fetch, draft, claims, show)] == [
        (False, False),
        (True, True),
        (True, True),
        (False, False),
    ]
    assert (draft.persona, draft.rules) == ("You write for farmers.", ("Give units.", "Be brief."))
    assert claims.persona == "You write for farmers.\n\nYou check facts."
    assert claims.rules == ("Give units.", "Be brief.", "Leave nothing out.")
    assert (draft.reads, draft.needs, claims.reads, claims.needs) == (("region",), ("fetch",), (), ("draft", "fetch"))
    assert (claims.timeout_seconds, claims.retry.retries, claims.is_deliverable) == (300, 2, True)
    assert (fetch.persona, fetch.rules) == ("", ())


def test_the_composer_says_what_the_body_asks_for(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, FLOW)
    desk = MemoryDesk(tmp_path / "scratch", drafts=[[{"figure": "12 GW"}]])
    inputs = {"draft": output("Wind: 12 GW."), "fetch": printed("wind 12\n")}
    expected = DraftWish(
        request="List the figures in: Wind: 12 GW.",
        context="[fetch]\nwind 12",
        output={"type": "array", "items": {"type": "object", "required": ["figure"]}},
        model="openai:small",
        max_output_tokens=200,
        temperature=0,
    )

    result = run_body(loaded, make_call(loaded, "claims", folder=tmp_path, inputs=inputs, desk=desk))

    assert loaded.composers["claims"](inputs, {"region": "eu", "unread": 1}) == expected
    assert desk.wished == [expected]
    assert result.value == [{"figure": "12 GW"}]


def test_only_prompt_steps_have_a_composer(tmp_path: Path) -> None:
    assert sorted(load_text(tmp_path, FLOW).composers) == ["claims", "draft"]


@pytest.mark.parametrize(
    ("prompt", "request_text", "context"),
    [
        ("Go", "Go", '[a]\nay\n\n[b]\n{\n  "n": [\n    1\n  ],\n  "items": "zwölf"\n}'),
        ("'Go {{ inputs.a }}'", "Go ay", '[b]\n{\n  "n": [\n    1\n  ],\n  "items": "zwölf"\n}'),
        ("'{{ inputs.b.n[0] }} {{ inputs.a | upper }}'", "1 AY", ""),
        ("'{{ inputs.b.items }} {{ params[\"x\"] }}'", "zwölf 1", "[a]\nay"),
        ("'{% for name in inputs %}{{ name }}{% endfor %}'", "ab", ""),
        ("{request: Go, context: []}", "Go", ""),
        ("{request: Go, context: [a, a]}", "Go", "[a]\nay"),
        ("{request: 'Go {{ inputs.a }}', context: [a]}", "Go ay", "[a]\nay"),
        ("{request: Go, context: 'x is {{ params.x }}, a is {{ inputs.a }}'}", "Go", "x is 1, a is ay"),
        ("{request: 2024, context: 1.10}", "2024", "1.10"),
        ("yes", "yes", '[a]\nay\n\n[b]\n{\n  "n": [\n    1\n  ],\n  "items": "zwölf"\n}'),
    ],
)
def test_request_and_context_are_filled_in(prompt: str, request_text: str, context: str, tmp_path: Path) -> None:
    wish = compose(tmp_path, prompt)

    assert (wish.request, wish.context) == (request_text, context)


def test_a_schema_may_refer_to_its_own_parts(tmp_path: Path) -> None:
    step = draft(tmp_path, prompt="{request: Go, output: {$ref: '#/$defs/x', $defs: {x: {$ref: '#/$defs/y'}, y: {}}}}")

    assert step.body["output"] == {"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/y"}, "y": {}}}


def test_the_instances_of_a_fan_out_stand_under_their_keys(tmp_path: Path) -> None:
    wish = compose(tmp_path, "'{{ inputs | length }}: {{ inputs.a }}'", inputs={"a": {"k": printed("x\n"), "l": output(1)}})

    assert wish.request == '2: {\n  "k": "x",\n  "l": 1\n}'


def test_what_stands_in_an_input_is_never_a_template(tmp_path: Path) -> None:
    wish = compose(tmp_path, "'{{ inputs.a }} {{ params.x }}'", inputs={"a": printed("{{ params.y }}")}, x="{% if %}")

    assert wish.request == "{{ params.y }} {% if %}"


def test_files_are_texts_by_name_and_as_a_whole(tmp_path: Path) -> None:
    site = files(MemoryBlobs(), a__md="ä\n".encode(), b__md=b"\xef\xbb\xbftwo", plot__png=b"\x89\xff")
    one = files(MemoryBlobs(), only__md=b"one\n")
    two = files(MemoryBlobs(), a__md=b"one\n", b__md=b"two")

    named = compose(tmp_path, """'{{ inputs.a["a.md"] }}{{ inputs.a["b.md"] }}'""", inputs={"a": site})
    whole = compose(tmp_path, "'{{ inputs.a }}{{ inputs.b | trim }}'", inputs={"a": one, "b": two})

    assert named.request == "ä\ntwo"
    assert whole.request == "one\n[a.md]\none\n\n[b.md]\ntwo"


@pytest.mark.parametrize(
    ("prompt", "given", "code", "message"),
    [
        (
            "'{{ inputs.a }}'",
            files(MemoryBlobs(), plot__png=b"\x89\xff"),
            "input_not_text",
            "plot.png of step 'a' is not UTF-8",
        ),
        ("Go", files(MemoryBlobs(), stdout=b"\xff"), "input_not_text", "stdout of step 'a' is not UTF-8 text"),
        (
            "Go",
            files(MemoryBlobs(), log=b"x" * 4_000_001),
            "input_too_large",
            "has 4,000,001 bytes, and a prompt takes at most",
        ),
        ("""'{{ inputs.a["c.md"] }}'""", files(MemoryBlobs(), a__md=b"x"), "template", "there is no 'c.md' (there is: a.md)"),
        ("'{{ inputs.a.title }}'", output({"name": "x"}), "template", "there is no 'title' (there is: name)"),
        ("'{{ inputs[params.x] }}'", output(1), "template", "there is no 1 (there is: a, b)"),
        ("'{{ inputs.a.n.m }}'", output({"n": 5}), "template", "has no attribute 'm'"),
        ("'{{ inputs.a.n }}'", output({}), "template", "there is no 'n' (there is: nothing)"),
        ("'{{ inputs.a }}'", output(" \n"), "empty_prompt", "the prompt is empty"),
    ],
)
def test_an_input_that_cannot_be_in_a_prompt_fails_the_step(
    prompt: str, given: Output, code: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed) as caught:
        compose(tmp_path, prompt, inputs={"a": given})

    assert caught.value.code == code
    assert message in caught.value.message


def test_an_input_that_no_text_asks_for_is_not_read(tmp_path: Path) -> None:
    wish = compose(tmp_path, "{request: Go, context: []}", inputs={"a": files(MemoryBlobs(), plot__png=b"\x89\xff")})

    assert wish.context == ""


def test_a_stored_prompt_needs_no_file(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, FLOW)
    loaded = load_manifest(path)
    path.unlink()
    desk = MemoryDesk(tmp_path / "scratch", drafts=["Two sentences."])

    restored = restore_manifest(loaded.source, decode_definition(encode_definition(loaded.definition)))
    call = make_call(restored, "draft", folder=tmp_path, inputs={"fetch": printed("x")}, desk=desk)

    assert run_body(restored, call).value == "Two sentences."
    assert restored.definition == loaded.definition
    for step in loaded.definition.steps[1:3]:
        assert PromptStep.of(step).as_body() == step.body


def draft(folder: Path, *, head: str = "", keys: str = "", prompt: str = "{request: Go}") -> StepDefinition:
    text = f"params: {{x: 1}}\n{head}\nsteps: [{{id: a, run: ls}}, {{id: p, prompt: {prompt}{keys}}}]"
    return load_text(folder, text).definition.steps[1]


@pytest.mark.parametrize(
    ("head", "keys", "prompt", "is_same"),
    [
        ("", "", "Go", True),
        ("", ", timeout: 5m, retries: 2, summary: s, source: true, deliverable: true", "Go", True),
        ("", "", "Went", False),
        ("", "", "{request: Go, context: []}", False),
        ("", "", "{request: Go, context: x}", False),
        ("", "", "{request: Go, output: {}}", False),
        ("", "", "{request: Go, model: 'openai:x'}", False),
        ("", "", "{request: Go, temperature: 0}", False),
        ("", "", "{request: Go, max_tokens: 9}", False),
        ("", "", "{request: Go, persona: p}", False),
        ("", "", "{request: Go, rules: r}", False),
        ("persona: p", "", "Go", False),
        ("rules: [r]", "", "Go", False),
        ("", ", version: 2", "Go", False),
        ("", ", needs: []", "Go", False),
    ],
)
def test_the_hash_of_a_prompt_covers_what_shapes_it(head: str, keys: str, prompt: str, is_same: bool, tmp_path: Path) -> None:
    assert (draft(tmp_path, head=head, keys=keys, prompt=prompt).hash == draft(tmp_path).hash) is is_same


def test_what_the_workflow_says_of_models_does_not_change_other_steps(tmp_path: Path) -> None:
    text = "steps: [{id: a, run: ls}, {id: q, ask: {message: Why}}]"

    before = load_text(tmp_path, text).definition.steps
    after = load_text(tmp_path, f"persona: p\nrules: [r]\n{text}").definition.steps

    assert after == before


HEAD = "params: {x: 1}\nsteps:\n  - {id: a, run: ls}\n  - id: p\n    prompt:\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("      request: ''\n", 6, "prompt.request", "at least 1 character"),
        ("      request: Go\n      outputs: x\n", 7, "prompt.outputs", "unknown key (did you mean output?)"),
        ("      context: Go\n", 5, "prompt.request", "is missing"),
        ("      request: |\n        Go\n        {{ params.y }}\n", 8, "prompt.request", "no parameter 'y'"),
        ("      request: |\n        Go\n        {{ inputs.y }}\n", 8, "prompt.request", "'y' is no step that this one needs"),
        ("      request: |\n        Go\n        {{ input.a }}\n", 8, "prompt.request", "there is only params and inputs"),
        ("      request: '{{ inputs.a'\n", 6, "prompt.request", "template: "),
        ("      request: Go\n      context: '{{ inputs.p }}'\n", 7, "prompt.context", "'p' is no step that this one needs"),
        ("      request: Go\n      context: [a, b]\n", 7, "prompt.context[2]", "'b' is no step that this one needs"),
        ("      request: Go\n      context: a\n", 7, "prompt.context", "'a' is a text here, not a step"),
        ("      request: Go\n      context: {a: b}\n", 7, "prompt.context", "must be a text, or a list of steps"),
        ("      request: Go\n      persona: For {{ params.x }}\n", 7, "prompt.persona", "cannot be templates"),
        ("      request: Go\n      rules: [ok, '{{ x }}']\n", 7, "prompt.rules[2]", "cannot be templates"),
        ("      request: Go\n      rules:\n        - ' '\n", 8, "prompt.rules[1]", "a rule must say something"),
        ("      request: Go\n      model: gpt\n", 7, "prompt.model", "names no model"),
        ("      request: Go\n      output: {type: objekt}\n", 7, "prompt.output", "the JSON Schema is wrong"),
        ("      request: Go\n      output: {x: 1e999}\n", 7, "prompt.output", "plain JSON"),
        ("      request: Go\n      output: {$ref: 'http://x/y'}\n", 7, "prompt.output", "leads nowhere within the schema"),
        ("      request: Go\n      output: {items: {$ref: '#/$defs/x'}}\n", 7, "prompt.output", "'#/$defs/x' leads nowhere"),
        ("      request: Go\n      output: text\n", 7, "prompt.output", "must be a mapping"),
        ("      request: Go\n      temperature: 3\n", 7, "prompt.temperature", "less than or equal to 2"),
        ("      request: Go\n      max_tokens: 0\n", 7, "prompt.max_tokens", "greater than or equal to 1"),
        ("      request: Go\n    run: ls\n", 5, "prompt", "this one has run and prompt"),
        ("      request: Go\n    ask: {message: Q}\n", 7, "ask", "this one has prompt and ask"),
        ("      request: Go\n    env: {A: b}\n", 7, "env", "means nothing in a step with prompt:"),
        ("      request: Go\n    outputs: x\n", 7, "outputs", "means nothing in a step with prompt:"),
        ("      request: Go\n    params: [x]\n", 7, "params", "means nothing in a step with prompt:"),
        ("      request: Go\n    comment: true\n", 7, "comment", "means nothing in a step with prompt:"),
    ],
)
def test_a_prompt_that_cannot_be_meant_is_refused(text: str, line: int, field: str, message: str, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, HEAD + text)

    with pytest.raises(DefinitionError) as caught:
        load_manifest(path)

    assert message in caught.value.message
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), line, f"steps[2].{field}")


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("steps: [{id: p, prompt: 'Go {{ params.y }}'}]", 1, "steps[1].prompt", "no parameter 'y'"),
        ("steps: [{id: p, prompt: 'Go {{ inputs.y }}'}]", 1, "steps[1].prompt", "'y' is no step that this one needs"),
        ("persona: '{{ params.x }}'\nsteps: [{id: p, prompt: Go}]", 1, "persona", "cannot be templates"),
        ("rules: For {{ params.x }}\nsteps: [{id: p, prompt: Go}]", 1, "rules", "cannot be templates"),
        ("rules: ['', a]\nsteps: [{id: p, prompt: Go}]", 1, "rules[1]", "a rule must say something"),
        ("steps: [{id: p, prompt: [Go]}]", 1, "steps[1].prompt", "must be a mapping"),
    ],
)
def test_a_short_prompt_and_what_the_workflow_says_are_checked_too(
    text: str, line: int, field: str, message: str, tmp_path: Path
) -> None:
    path = write_manifest(tmp_path, text)

    with pytest.raises(DefinitionError) as caught:
        load_manifest(path)

    assert message in caught.value.message
    assert (caught.value.line, caught.value.field) == (line, field)
