"""What passes between the executor and the code of a step: the call, what it may touch, and what comes back.

A loaded workflow maps each step name to a **body**. A sync body is run whole in a worker thread; an async body in the
executor's event loop. Bodies see only their ``StepCall``; nothing else of the product is within their reach.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from oncue.control.steps.context import StepContext
from oncue.control.steps.drafts import DraftWish
from oncue.control.steps.outputs import Output
from oncue.core.definition import StepDefinition, WorkflowDefinition
from oncue.core.model import WorkflowSource


class StepFailed(Exception):
    """A step could not do its work, said for people; ``log`` is the whole log where there is one.

    Attributes:
        code: stable, such as ``exit_status``.
        detail: the end of a log, or what the step wants to add.
    """

    def __init__(self, message: str, *, code: str = "step_failed", detail: str = "", log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.detail = detail
        self.log = log


class Params(Mapping[str, Any]):
    """The parameters of a job, readable as attributes or items; it remembers which were read.

    Values are typed ``Any``: their types are declared by the workflow and checked before a job takes them.
    """

    __slots__ = ("_values", "names_read")

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.names_read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names_read.add(name)
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no parameter {name!r}; there are: {', '.join(sorted(self._values))}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """One execution of one step, as its body sees it.

    ``inputs`` maps each step of ``definition.needs`` to its output, or, for a fan-out, to the outputs of its instances
    by key, in order. ``item`` is the element of a fan-out instance, None elsewhere.
    """

    definition: StepDefinition
    inputs: Mapping[str, Output | Mapping[str, Output]]
    params: Params
    context: StepContext
    item: object = None
    has_item: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """What a body returns: a JSON value, files to keep by name, and the whole log where there is one.

    ``value`` is plain JSON already (the body has validated and dumped it).
    """

    value: object = None
    files: Mapping[str, Path] = field(default_factory=dict)
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncBody:
    """Code that may block; it gets a worker thread of its own for as long as it runs."""

    run: Callable[[StepCall], StepOutput]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncBody:
    """A coroutine function; cancelled by ``CancelledError``, after which it must end promptly."""

    run: Callable[[StepCall], Awaitable[StepOutput]]


Composer = Callable[[Mapping[str, Output | Mapping[str, Output]], Mapping[str, object]], DraftWish]
"""Says from the inputs and the parameters of a step what it would ask a model for. It runs nothing and writes nothing.

Raises:
    StepFailed: a text cannot be filled in, or an input is no text.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedWorkflow:
    """A definition together with what can execute it.

    ``keys`` maps each fan-out step over a list to the function that names an element by its position (from 0) and
    itself. ``composers`` has those steps whose one prompt is known before they run; their bodies use the same composer.
    """

    source: WorkflowSource
    definition: WorkflowDefinition
    bodies: Mapping[str, SyncBody | AsyncBody]
    keys: Mapping[str, Callable[[int, object], str]] = field(default_factory=dict)
    composers: Mapping[str, Composer] = field(default_factory=dict)

    def name_instances(self, step: str, elements: object) -> dict[str, object]:
        """The instances of a fan-out step over a list, in its order: key → element.

        Raises:
            StepFailed: it is not a list, an element cannot be named, or two have the same key.
        """
        if not isinstance(elements, list):
            raise StepFailed(f"step {step!r} fans out over a list and got {type(elements).__name__}", code="not_a_list")
        name_of = self.keys[step]
        named: dict[str, object] = {}
        for index, element in enumerate(elements):
            key = name_of(index, element)
            if key in named:
                raise StepFailed(
                    f"step {step!r}: two elements have the key {key!r}, the second at position {index + 1}; "
                    "declare key= so that every element has its own",
                    code="duplicate_key",
                )
            named[key] = element
        return named


class Loader(Protocol):
    """Finds workflows and reads them."""

    def find(self, name: str, *, folder: Path) -> WorkflowSource:
        """What a person's word for a workflow means: a manifest file, ``module:name``, or a bundled workflow.

        Raises:
            UnknownWorkflow: it is none of them; names what is near.
        """
        ...

    def load(self, source: WorkflowSource) -> LoadedWorkflow:
        """Read a workflow from its source, as it is now.

        Raises:
            DefinitionError: it is wrong; says file, line and field.
            UnknownWorkflow: the source is gone, or cannot be imported; says why.
        """
        ...

    def restore(self, source: WorkflowSource, definition: WorkflowDefinition) -> LoadedWorkflow:
        """Make a stored definition executable without its source, where that is possible (manifests).

        Raises:
            UnknownWorkflow: it needs code that cannot be imported.
        """
        ...

    def is_unchanged(self, source: WorkflowSource, definition: WorkflowDefinition) -> bool:
        """Whether the files a stored definition was read from still have the same bytes; reads no code."""
        ...

    def bundled(self) -> Mapping[str, str]:
        """The names of the bundled workflows, and a line about each."""
        ...

    def manifests(self, folder: Path) -> tuple[Path, ...]:
        """The manifests directly in a folder, by name; links that lead out of it are left out."""
        ...
