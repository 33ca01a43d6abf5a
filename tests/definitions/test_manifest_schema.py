"""The published schema and the reference page are what the program does."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from oncue.core.parameters import resolve_params
from oncue.definitions.manifest_model import Manifest, ManifestAsk, ManifestOption, ManifestParam, ManifestPrompt, ManifestStep
from oncue.definitions.manifest_schema import manifest_schema, refresh_page, render_schema
from oncue.errors import DefinitionError
from tests.definitions.desk import make_call, run_body
from tests.definitions.manifests import load_text
from tests.support.repository import ROOT

SCHEMA = ROOT / "schemas" / "manifest.json"
PAGE = ROOT / "docs" / "reference" / "manifest.md"
REFRESH = f"python -m oncue.definitions.manifest_schema {SCHEMA.relative_to(ROOT)} {PAGE.relative_to(ROOT)}"
REGION = "north; rm -rf / $(reboot)"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_committed_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == render_schema(), REFRESH


def test_the_tables_of_the_reference_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert refresh_page(page) == page, REFRESH


def test_the_reference_explains_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for model in (Manifest, ManifestParam, ManifestStep, ManifestPrompt, ManifestAsk, ManifestOption):
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}` |" in page
            assert field.description


def test_the_schema_allows_no_key_that_the_program_refuses() -> None:
    schema = manifest_schema()

    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
    assert set(schema["$defs"]["ManifestStep"]["required"]) == {"id"}


@pytest.mark.parametrize(
    ("step", "is_valid"),
    [
        ({"id": "a", "run": "ls", "env": {"A": 1}, "retries": 1}, True),
        ({"id": "a", "ask": {"message": "Go?", "kind": "confirm"}, "needs": []}, True),
        ({"id": "a", "ask": {"message": "Which?", "options": ["x", 2024, {"id": "y", "label": "Y"}], "timeout": "10m"}}, True),
        ({"id": "a", "prompt": "Why?", "timeout": "5m", "retries": 2}, True),
        ({"id": "a", "prompt": {"request": "Why?", "context": [], "rules": "be brief", "temperature": 0}}, True),
        ({"id": "a", "prompt": {"request": "Why?", "output": {"type": "array"}, "max_tokens": 5, "model": "ollama:x"}}, True),
        ({"id": "a", "prompt": {"request": "Why?", "temperature": 3}}, False),
        ({"id": "a", "prompt": {"request": "Why?", "corrections": 1}}, False),
        ({"id": "a", "prompt": {}}, False),
        ({"id": "a", "prompt": ""}, False),
        ({"id": "a", "prompt": "Why?", "env": {"A": "b"}}, False),
        ({"id": "a", "prompt": "Why?", "ask": {"message": "Go?"}}, False),
        ({"id": "a", "ask": {"message": "Go?"}, "comment": True}, False),
        ({"id": "a"}, False),
        ({"id": "a", "run": "ls", "ask": {"message": "Go?"}}, False),
        ({"id": "a", "ask": {"message": "Go?"}, "timeout": 5}, False),
        ({"id": "a", "ask": {"message": "Go?", "kind": "guess"}}, False),
        ({"id": "a", "ask": {"message": "Go?", "on_timeout": "panic"}}, False),
        ({"id": "a", "ask": {}}, False),
    ],
)
def test_editors_and_the_program_agree_on_steps(step: dict[str, object], is_valid: bool, tmp_path: Path) -> None:
    manifest = {"steps": [step]}

    assert Draft202012Validator(manifest_schema()).is_valid(manifest) is is_valid
    if is_valid:
        assert load_text(tmp_path, json.dumps(manifest)).definition.steps
    else:
        with pytest.raises(DefinitionError):
            load_text(tmp_path, json.dumps(manifest))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_every_example_of_the_reference_is_a_manifest(example: str, tmp_path: Path) -> None:
    assert load_text(tmp_path, example).definition.steps


@pytest.mark.parametrize(
    ("example", "step", "printed"),
    [
        (0, "fetch", "sun 12\nwind 30\n"),
        (1, "show", "eu\n"),
        (8, "show", f"{REGION}\nin {REGION} in {REGION}\n"),
    ],
)
def test_the_examples_of_the_reference_do_what_it_says(example: int, step: str, printed: str, tmp_path: Path) -> None:
    loaded = load_text(tmp_path, EXAMPLES[example])
    given = {param.name: "secret" for param in loaded.definition.params if param.is_required}
    params = resolve_params(loaded.definition, given, from_text=True)

    result = run_body(loaded, make_call(loaded, step, folder=tmp_path / "scratch", params=params))

    assert result.files["stdout"].read_text() == printed


def test_the_error_that_the_reference_shows_is_the_one_people_get(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text(tmp_path, EXAMPLES[0].replace("source: true", "timout: 10m"))

    shown = caught.value.message.replace(str(tmp_path / "flow.yaml"), "weekly.yaml")
    assert f"```text\n{shown}\n```" in PAGE.read_text(encoding="utf-8")
