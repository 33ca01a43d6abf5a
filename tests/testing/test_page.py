"""The page about testing workflows: its files are written down as they stand there, and its tests are run."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from oncue.core.modelport import ModelTrouble
from oncue.models.script import Rule, Script, ScriptReply, TextTest, When, read_script
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "how-to" / "testing-workflows.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```(python|yaml)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_test_of_the_page_passes(tmp_path: Path) -> None:
    names = ["flows.py", "replies.yaml", "test_flows.py"]
    for name, (_, body) in zip(names, FILES, strict=False):
        (tmp_path / name).write_text(body, encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_flows.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)

    assert "2 passed" in done.stdout, done.stdout


def test_every_script_of_the_page_can_be_read() -> None:
    scripts = [yaml.safe_load(body) for language, body in FILES if language == "yaml"]

    assert [bool(read_script(script).rules) for script in scripts] == [True, True]


def test_the_page_names_every_key_of_a_script() -> None:
    models = (Script, Rule, When, TextTest, ScriptReply)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()} - {"is_there"}
    unfenced = re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", unfenced))))

    assert keys - words == set()
    assert {trouble.value.removeprefix("model_") for trouble in ModelTrouble} - words == set()
