"""Manifests written in tests: given as text, read from a real file."""

from pathlib import Path
from textwrap import dedent

from oncue.control.steps.calls import LoadedWorkflow
from oncue.definitions.manifest import load_manifest


def write_manifest(folder: Path, text: str, name: str = "flow.yaml") -> Path:
    """A manifest file; the text may be indented as a whole."""
    path = folder / name
    path.write_text(dedent(text).removeprefix("\n"), encoding="utf-8")
    return path


def load_text(folder: Path, text: str) -> LoadedWorkflow:
    """The workflow that a text means, from a file in this folder."""
    return load_manifest(write_manifest(folder, text))
