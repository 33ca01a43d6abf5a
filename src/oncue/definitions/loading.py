"""The loader: from a person's word for a workflow to a definition that can be executed."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import assert_never

from oncue.control.steps.calls import LoadedWorkflow
from oncue.core.definition import WorkflowDefinition
from oncue.core.model import SourceKind, WorkflowSource
from oncue.definitions.module_imports import ModuleImports
from oncue.definitions.step_source import file_hash
from oncue.definitions.workflow import Workflow
from oncue.errors import OncueError, UnknownWorkflow, nearest

_PYTHON = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


class WorkflowLoader:
    """Reads manifests, Python workflows and bundled ones.

    Args:
        bundled: name → ``module:name`` of the workflows that come with the program.
    """

    def __init__(self, bundled: Mapping[str, str] | None = None) -> None:
        self._bundled = dict(bundled or {})
        self._imports = ModuleImports()

    def find(self, name: str, *, folder: Path) -> WorkflowSource:
        """What a word means: an existing file is a manifest, ``module:name`` is Python, else it must be a bundled name.

        Raises:
            UnknownWorkflow: it is none of them; names what is near.
        """
        path = folder / Path(name).expanduser()
        if path.is_file():
            file = path.resolve()
            return WorkflowSource(kind=SourceKind.MANIFEST, ref=str(file), folder=str(file.parent))
        if _PYTHON.fullmatch(name):
            return WorkflowSource(kind=SourceKind.PYTHON, ref=name, folder=str(folder.resolve()))
        if name in self._bundled:
            return WorkflowSource(kind=SourceKind.BUNDLED, ref=name)
        raise _not_found(name, path, known=list(self._bundled))

    def load(self, source: WorkflowSource) -> LoadedWorkflow:
        """Read a workflow from its source, as it is now.

        Raises:
            DefinitionError: it is wrong; says file, line and field.
            UnknownWorkflow: the source is gone, or cannot be imported; says why.
        """
        match source.kind:
            case SourceKind.MANIFEST:
                from oncue.definitions.manifest import load_manifest

                return load_manifest(Path(source.ref))
            case SourceKind.PYTHON | SourceKind.BUNDLED:
                return self._load_python(source, self._python_ref(source))
            case _:
                assert_never(source.kind)

    def restore(self, source: WorkflowSource, definition: WorkflowDefinition) -> LoadedWorkflow:
        """Make a stored definition executable: a manifest without its file, Python with the code it was made from.

        Raises:
            UnknownWorkflow: the code cannot be imported, or is no longer the code the definition speaks of.
        """
        if source.kind is SourceKind.MANIFEST:
            from oncue.definitions.manifest import restore_manifest

            return restore_manifest(source, definition)
        if self.is_unchanged(source, definition):
            name, _, variable = self._python_ref(source).partition(":")
            module = _import(source.ref, lambda: self._imports.read(name, source.folder))
            workflow = _workflow_in(module, variable, source.ref)
            if workflow.files == definition.files:
                return workflow.restore(definition, source)
        loaded = self.load(source)
        now = {step.name: step.hash for step in loaded.definition.steps}
        changed = [step.name for step in definition.steps if now.get(step.name) != step.hash]
        if changed:
            raise UnknownWorkflow(source.ref, why=f"the code of {', '.join(changed)} has changed since, or is gone")
        return LoadedWorkflow(source=source, definition=definition, bodies=loaded.bodies, keys=loaded.keys)

    def is_unchanged(self, source: WorkflowSource, definition: WorkflowDefinition) -> bool:
        """Whether the files a stored definition was read from still have the same bytes; reads no code."""
        del source
        return all(file_hash(file) == known for file, known in definition.files.items())

    def bundled(self) -> Mapping[str, str]:
        """The names of the bundled workflows, and a line about each: why not, where one cannot be imported here."""
        return {name: self._about(name) for name in self._bundled}

    def manifests(self, folder: Path) -> tuple[Path, ...]:
        """The manifests directly in a folder, by name; links that lead out of it are left out."""
        from oncue.definitions.manifest_finding import find_manifests

        return find_manifests(folder)

    def _about(self, name: str) -> str:
        try:
            return self.load(WorkflowSource(kind=SourceKind.BUNDLED, ref=name)).definition.summary
        except OncueError as error:
            return f"not available: {error.message}"

    def _python_ref(self, source: WorkflowSource) -> str:
        """``module:name`` of a Python or bundled workflow."""
        if source.kind is not SourceKind.BUNDLED:
            return source.ref
        if source.ref not in self._bundled:
            raise UnknownWorkflow(source.ref, list(self._bundled))
        return self._bundled[source.ref]

    def _load_python(self, source: WorkflowSource, ref: str) -> LoadedWorkflow:
        name, _, variable = ref.partition(":")
        module = _import(ref, lambda: self._imports.read(name, source.folder))
        workflow = _workflow_in(module, variable, ref)
        files = workflow.definition.files
        if any(file_hash(file) != known for file, known in files.items()):  # imported by others before it was changed
            module = _import(ref, lambda: self._imports.reread(name, source.folder, files))
            workflow = _workflow_in(module, variable, ref)
        return workflow.load(source)


def _import(ref: str, read: Callable[[], ModuleType]) -> ModuleType:
    try:
        return read()
    except OncueError:
        raise
    except (Exception, SystemExit) as error:
        raise UnknownWorkflow(ref, why=_explain(error, ref.partition(":")[0])) from error


def _explain(error: BaseException, module: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return f"there is no module {error.name!r} here"
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    last = frames[-1] if frames else None
    place = f", at {last.filename}:{last.lineno}" if last and last.filename != __file__ else ""
    return f"importing it fails: {type(error).__name__}: {error}{place}"


def _workflow_in(module: ModuleType, variable: str, ref: str) -> Workflow:
    found = getattr(module, variable, None)
    if isinstance(found, Workflow):
        return found
    if found is not None:
        raise UnknownWorkflow(ref, why=f"{variable} is a {type(found).__name__}, not a Workflow")
    names = [name for name, value in vars(module).items() if isinstance(value, Workflow)]
    raise UnknownWorkflow(ref, why=f"the module has no {variable!r}{nearest(variable, names)}")


def _not_found(name: str, path: Path, *, known: list[str]) -> UnknownWorkflow:
    if path.is_dir():
        return UnknownWorkflow(name, why="this is a folder; give the manifest file in it")
    if "/" in name or name.endswith((".yaml", ".yml")):
        there = sorted(file.name for file in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        return UnknownWorkflow(name, why=f"there is no such file{nearest(path.name, there)}")
    return UnknownWorkflow(name, known)
