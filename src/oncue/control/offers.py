"""The workflows a job can be made of from a page: the bundled ones, and the manifests in the workspace's own folder.

A name is one of these or nothing: no path leads out of the folder, and no code is imported that did not come with the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from oncue.control.jobs import record_job
from oncue.control.workspace import Workspace
from oncue.core.definition import WorkflowDefinition
from oncue.core.model import Job, SourceKind, WorkflowSource
from oncue.core.parameters import explain_params, read_params
from oncue.errors import InvalidInput, OncueError, UnknownWorkflow

MAX_OFFERED = 200


class InvalidParams(InvalidInput):
    """Parameters of a new job that cannot be taken; says what is wrong with each."""

    code = "invalid_param"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        first, *others = wrong.values()
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first}{more}", hint="GET /api/v1/workflows/REF lists the parameters")
        self._wrong = dict(wrong)

    @property
    def wrong(self) -> Mapping[str, str]:
        """Name of the parameter → what is wrong with it."""
        return self._wrong

    @property
    def fields(self) -> Mapping[str, str]:
        """The same, under the names that the fields have in a request."""
        return {f"params.{name}": why for name, why in self._wrong.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A workflow that can be chosen; ``definition`` is None where it cannot be used, and ``problem`` says why."""

    ref: str
    kind: SourceKind
    definition: WorkflowDefinition | None
    problem: str = ""

    def as_dict(self) -> dict[str, object]:
        """The offer as every surface shows it; without parameters."""
        found = self.definition
        return {
            "ref": self.ref,
            "kind": self.kind.value,
            "name": found.name if found else self.ref,
            "summary": found.summary if found else "",
            "steps": len(found.steps) if found else 0,
            "problem": self.problem or None,
        }

    def params_as_dicts(self) -> list[dict[str, object]]:
        """The parameters in the order in which they are declared."""
        return [
            {
                "name": param.name,
                "type": param.type.value,
                "required": param.is_required,
                "default": param.default,
                "help": param.help,
                "choices": list(param.choices),
            }
            for param in (self.definition.params if self.definition else ())
        ]


def view_offers(workspace: Workspace) -> tuple[Offer, ...]:
    """Every workflow that can be chosen, those of the folder first; one that is wrong is there, with what is wrong."""
    files = workspace.loader.manifests(_folder(workspace))[:MAX_OFFERED]
    sources = [(file.name, _manifest(file)) for file in files]
    sources += [(name, WorkflowSource(kind=SourceKind.BUNDLED, ref=name)) for name in workspace.loader.bundled()]
    return tuple(_offer(workspace, ref, source) for ref, source in sources)


def find_offer(workspace: Workspace, ref: str) -> Offer:
    """The workflow that somebody chose.

    Raises:
        UnknownWorkflow: it is not among those that can be chosen.
    """
    return _offer(workspace, ref, _find(workspace, ref))


def create_offered(workspace: Workspace, ref: str, *, params: Mapping[str, object], is_text: bool = False) -> Job:
    """Make a job of a workflow that somebody chose. Nothing runs yet.

    Raises:
        UnknownWorkflow: it is not among those that can be chosen.
        DefinitionError: it is wrong; says where.
        InvalidParams: parameters are unknown, missing or of the wrong type; names every one.
    """
    source = _find(workspace, ref)
    definition = workspace.loader.load(source).definition
    wrong = explain_params(definition, params, from_text=is_text)
    if wrong:
        raise InvalidParams(wrong)
    taken = read_params(definition, params) if is_text else params
    return record_job(workspace, source, params=taken)


def _find(workspace: Workspace, ref: str) -> WorkflowSource:
    bundled = workspace.loader.bundled()
    if ref in bundled:
        return WorkflowSource(kind=SourceKind.BUNDLED, ref=ref)
    files = {file.name: file for file in workspace.loader.manifests(_folder(workspace))}
    if ref not in files:
        raise UnknownWorkflow(ref, [*files, *bundled])
    return _manifest(files[ref])


def _offer(workspace: Workspace, ref: str, source: WorkflowSource) -> Offer:
    try:
        definition = workspace.loader.load(source).definition
    except OncueError as error:
        return Offer(ref=ref, kind=source.kind, definition=None, problem=error.message)
    return Offer(ref=ref, kind=source.kind, definition=definition)


def _manifest(file: Path) -> WorkflowSource:
    return WorkflowSource(kind=SourceKind.MANIFEST, ref=str(file), folder=str(file.parent))


def _folder(workspace: Workspace) -> Path:
    """The folder that is served: the one in which the workspace's own folder lies."""
    return Path(workspace.store.folder).absolute().parent
