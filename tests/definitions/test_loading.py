"""The loader: words to sources, sources to workflows as they are on disk now, stored definitions to life."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oncue.control.steps.calls import LoadedWorkflow
from oncue.control.steps.calls import Loader as LoaderPort
from oncue.core.model import SourceKind, WorkflowSource
from oncue.definitions.loading import WorkflowLoader
from oncue.errors import DefinitionError, UnknownWorkflow
from tests.definitions.desk import make_call, run_body
from tests.definitions.manifests import write_manifest

FLOW = """
from oncue import Workflow

flow = Workflow("flow", summary="A flow")

@flow.step
def one():
    return {value}
"""
MANIFEST = "name: m\nsteps: [{id: one, run: echo 1}]\n"


@pytest.fixture
def loader() -> WorkflowLoader:
    return WorkflowLoader({"weekly": "tests.definitions.test_workflow:weekly", "broken": "no_such_package:flow"})


@pytest.fixture(autouse=True)
def same_modules_after() -> Iterator[None]:
    before, path = dict(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in set(sys.modules) - set(before):
        if name.startswith("flow_"):
            del sys.modules[name]


def write_flow(folder: Path, name: str, value: object, *, text: str = FLOW) -> WorkflowSource:
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(value=value), encoding="utf-8")
    return WorkflowSource(kind=SourceKind.PYTHON, ref=f"{name}:flow", folder=str(folder))


def result(loaded: LoadedWorkflow, folder: Path) -> object:
    return run_body(loaded, make_call(loaded, "one", folder=folder)).value


def test_it_is_a_loader(loader: LoaderPort) -> None:
    assert set(loader.bundled()) == {"weekly", "broken"}


def test_a_file_is_a_manifest_a_colon_is_python_and_the_rest_is_bundled(loader: WorkflowLoader, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, MANIFEST, "deep.yaml")

    assert loader.find("deep.yaml", folder=tmp_path) == WorkflowSource(
        kind=SourceKind.MANIFEST, ref=str(path), folder=str(tmp_path)
    )
    assert loader.find(str(path), folder=Path("/")).ref == str(path)
    assert loader.find("a.b:c", folder=tmp_path) == WorkflowSource(kind=SourceKind.PYTHON, ref="a.b:c", folder=str(tmp_path))
    assert loader.find("weekly", folder=tmp_path) == WorkflowSource(kind=SourceKind.BUNDLED, ref="weekly")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("weekl", r"no workflow 'weekl' \(did you mean weekly\?\)"),
        ("other.yaml", r"there is no such file \(did you mean other\.yml\?\)"),
        ("sub/other.yaml", "there is no such file"),
        ("folder", "this is a folder"),
        ("", "this is a folder"),
        ("a:b:c", "no workflow"),
    ],
)
def test_a_word_that_means_nothing_is_refused_with_what_is_near(
    word: str, message: str, loader: WorkflowLoader, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    write_manifest(tmp_path, MANIFEST, "other.yml")

    with pytest.raises(UnknownWorkflow, match=message):
        loader.find(word, folder=tmp_path)


def test_a_bundled_workflow_keeps_its_source(loader: WorkflowLoader) -> None:
    source = WorkflowSource(kind=SourceKind.BUNDLED, ref="weekly")

    loaded = loader.load(source)

    assert loaded.source == source
    assert loaded.definition.name == "weekly"
    assert loader.bundled()["weekly"] == "What happened this week"
    assert "there is no module 'no_such_package'" in loader.bundled()["broken"]


def test_a_changed_module_is_read_again_in_the_same_process(loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_changed", 1)
    first = loader.load(source)
    write_flow(tmp_path, "flow_changed", 2)
    second = loader.load(source)

    assert (result(first, tmp_path), result(second, tmp_path)) == (1, 2)
    assert first.definition.steps[0].hash != second.definition.steps[0].hash


def test_an_unchanged_module_is_imported_once(loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_once", 1)
    loader.load(source)
    module = sys.modules["flow_once"]
    loader.load(source)

    assert sys.modules["flow_once"] is module


def test_a_module_that_others_imported_before_it_changed_is_read_again(tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_before", 1)
    WorkflowLoader().load(source)
    write_flow(tmp_path, "flow_before", 2)

    assert result(WorkflowLoader().load(source), tmp_path) == 2


def test_modules_it_brings_in_from_its_folder_are_read_again_with_it(loader: WorkflowLoader, tmp_path: Path) -> None:
    values, main = tmp_path / "flow_parts" / "values.py", tmp_path / "flow_parts" / "main.py"
    values.parent.mkdir()
    values.write_text("ONE = 1\n")
    main.write_text(FLOW.format(value="ONE").replace("flow = ", "from flow_parts.values import ONE\n\nflow = "))
    source = WorkflowSource(kind=SourceKind.PYTHON, ref="flow_parts.main:flow", folder=str(tmp_path))

    first = result(loader.load(source), tmp_path)
    values.write_text("ONE = 2\n")

    assert (first, result(loader.load(source), tmp_path)) == (1, 2)


def test_modules_of_one_name_in_two_folders_are_two(loader: WorkflowLoader, tmp_path: Path) -> None:
    first = write_flow(tmp_path / "a", "flow_twin", 1)
    second = write_flow(tmp_path / "b", "flow_twin", 2)

    assert [result(loader.load(source), tmp_path) for source in (first, second, first)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import flow_no_such_thing", "ModuleNotFoundError: No module named 'flow_no_such_thing', at .*flow_bad.py:1"),
        ("x = (", r"flow_bad\.py:1: '\(' was never closed"),
        ("x = 1 / 0", "ZeroDivisionError: division by zero, at .*flow_bad.py:1"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("flow = 1", "flow is a int, not a Workflow"),
        ("from oncue import Workflow\nflaw = Workflow('x')", r"the module has no 'flow' \(did you mean flaw\?\)"),
    ],
)
def test_what_cannot_be_imported_says_why(text: str, message: str, loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_bad", 0, text=text)

    with pytest.raises(UnknownWorkflow, match=message):
        loader.load(source)


@pytest.mark.parametrize("ref", ["flow_nowhere:flow", "flow_nowhere.deep:flow"])
def test_a_module_that_is_not_there_is_named(ref: str, loader: WorkflowLoader, tmp_path: Path) -> None:
    with pytest.raises(UnknownWorkflow, match="there is no module 'flow_nowhere' here"):
        loader.load(WorkflowSource(kind=SourceKind.PYTHON, ref=ref, folder=str(tmp_path)))


def test_a_definition_error_comes_through_with_its_place(loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_wrong", 0, text=FLOW.replace("def one()", "def one(pages)"))

    with pytest.raises(DefinitionError) as caught:
        loader.load(source)

    assert (Path(caught.value.file).name, caught.value.line, caught.value.field) == (
        "flow_wrong.py", 6, "steps.one.pages",
    )  # fmt: skip


def test_after_a_failed_import_the_earlier_module_is_there_again(loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_kept", 1)
    loader.load(source)
    module = sys.modules["flow_kept"]
    write_flow(tmp_path, "flow_kept", 0, text="1 / 0")

    with pytest.raises(UnknownWorkflow):
        loader.load(source)
    assert sys.modules["flow_kept"] is module


def test_a_stored_manifest_runs_without_its_file(loader: WorkflowLoader, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, MANIFEST)
    loaded = loader.load(loader.find("flow.yaml", folder=tmp_path))
    path.unlink()

    restored = loader.restore(loaded.source, loaded.definition)

    assert run_body(restored, make_call(restored, "one", folder=tmp_path / "s")).files["stdout"].read_text() == "1\n"


def test_a_stored_python_workflow_runs_with_the_code_it_was_made_from_only(loader: WorkflowLoader, tmp_path: Path) -> None:
    source = write_flow(tmp_path, "flow_stored", 1)
    stored = loader.load(source).definition
    path = tmp_path / "flow_stored.py"

    path.write_text(path.read_text().replace("return 1", "return 1  # one"))
    assert result(loader.restore(source, stored), tmp_path) == 1
    write_flow(tmp_path, "flow_stored", 2)
    with pytest.raises(UnknownWorkflow, match="the code of one has changed since"):
        loader.restore(source, stored)


def test_a_definition_is_unchanged_while_its_files_are(loader: WorkflowLoader, tmp_path: Path) -> None:
    path = write_manifest(tmp_path, MANIFEST)
    loaded = loader.load(loader.find("flow.yaml", folder=tmp_path))
    answers = [loader.is_unchanged(loaded.source, loaded.definition)]
    path.write_text(MANIFEST + "# more\n")
    answers.append(loader.is_unchanged(loaded.source, loaded.definition))
    path.unlink()
    answers.append(loader.is_unchanged(loaded.source, loaded.definition))

    assert answers == [True, False, False]
