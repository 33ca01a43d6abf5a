"""``Workflow``: phases made of step functions, declared with a decorator.

::

    weekly = Workflow("weekly", phases=["gather", "write"], params={"region": "eu"})

    @weekly.step(phase="gather", source=True)
    def pages(params) -> list[Page]: ...

    @weekly.step(phase="gather", each="pages", key="url")
    async def summary(item: Page, ctx: StepContext) -> str: ...

    @weekly.step(phase="write", deliverable=True)
    def report(summary: dict[str, str], pages) -> str: ...

A step may consume steps that are declared later; the whole is checked when ``definition`` is first asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar, overload

from oncue.control.steps.calls import LoadedWorkflow
from oncue.core.definition import RetryPolicy, WorkflowDefinition
from oncue.core.model import SourceKind, WorkflowSource
from oncue.definitions.assembly import check_fan_outs, check_graph, check_names, make_keys
from oncue.definitions.param import define_params
from oncue.definitions.personas import read_persona
from oncue.definitions.step_bodies import make_body
from oncue.definitions.step_declaration import (
    KeyOption,
    StepDeclaration,
    StepOptions,
    declare_step,
    first_line,
)
from oncue.definitions.step_source import file_hash
from oncue.errors import DefinitionError, nearest

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_PHASE = "main"


class Workflow:
    """A workflow in the making; the definition is made when it is first asked for, and anew after a further step.

    Args:
        name: what people call it.
        phases: the names of its phases in order; left out, everything is in the one phase ``main``.
        params: name → default, or name → ``Param``.
        summary: a line about it; left out, the first line of the module's docstring.
        max_parallel: how many steps of one run may execute at once; None leaves it to the process.
        persona: who the model is, in every prompt of the workflow.
        rules: what the model must keep to, in every prompt; they prevail over comments.

    Raises:
        DefinitionError: a name, phase or parameter that cannot be meant.
    """

    def __init__(
        self,
        name: str,
        *,
        phases: Sequence[str] = (),
        params: Mapping[str, object] | None = None,
        summary: str = "",
        max_parallel: int | None = None,
        persona: str = "",
        rules: str | Sequence[str] = (),
    ) -> None:
        caller = sys._getframe(1)
        self._module: Mapping[str, Any] = caller.f_globals
        self._line = caller.f_lineno
        self.name = name
        self.phases = tuple(phases) or (DEFAULT_PHASE,)
        self.summary = summary or first_line(self._module.get("__doc__"))
        self.max_parallel = max_parallel
        self._check()
        try:
            self._persona = read_persona(persona, rules)
        except ValueError as error:
            raise self._error(str(error), "persona") from error
        self._params = define_params(params or {}, file=self.file, line=self._line)
        self._steps: dict[str, StepDeclaration] = {}
        self._files = {self.file: file_hash(self.file)} if self.file else {}
        self._finished: WorkflowDefinition | None = None
        self._loaded: LoadedWorkflow | None = None

    @property
    def file(self) -> str:
        """The absolute path of the module it is declared in; empty in an interactive session."""
        path = Path(self._module.get("__file__") or "")
        return str(path.resolve()) if path.is_file() else ""

    @overload
    def step(self, function: F, /) -> F: ...

    @overload
    def step(
        self,
        /,
        *,
        phase: str | None = None,
        each: str | None = None,
        key: KeyOption = None,
        source: bool = False,
        deliverable: bool = False,
        keep_history: bool = False,
        retries: int | RetryPolicy = 0,
        backoff_seconds: float = 1.0,
        timeout_seconds: float | None = None,
        version: str = "",
        persona: str = "",
        rules: str | Sequence[str] = (),
        needs_model: bool = False,
        id: str | None = None,
    ) -> Callable[[F], F]: ...

    def step(
        self,
        function: Any = None,
        /,
        *,
        phase: str | None = None,
        each: str | None = None,
        key: KeyOption = None,
        source: bool = False,
        deliverable: bool = False,
        keep_history: bool = False,
        retries: int | RetryPolicy = 0,
        backoff_seconds: float = 1.0,
        timeout_seconds: float | None = None,
        version: str = "",
        persona: str = "",
        rules: str | Sequence[str] = (),
        needs_model: bool = False,
        id: str | None = None,
    ) -> Any:
        """Declare a function as a step; the function itself stays as it is and can be called as any other.

        Args:
            function: given when the decorator is used without parentheses.
            phase: left out, the phase of the step declared before, or the first.
            each: the step over whose list this one fans out; the element arrives as the parameter ``item``.
            key: a field, or a function of the element that returns text. Left out: the field ``id``, ``key`` or ``name``,
                the element itself if it is a short text, else its position from 1.
            source: it fetches from outside; reruns reuse its output unless a refresh is asked for.
            deliverable: all its outputs are kept for ever.
            keep_history: the same, for a step that is no deliverable.
            retries: how often a failed attempt is repeated, or a whole ``RetryPolicy``.
            backoff_seconds: how long to wait before the first repetition; twice as long before each further one.
            timeout_seconds: how long one attempt may take.
            version: change it when code that the step calls changes its meaning: it makes the step stale.
            persona: who the model is in the prompts of this step, after what the workflow says of that.
            rules: what it must keep to, after the rules of the workflow.
            needs_model: it cannot do without a model; then a run does not start where none can be used.
            id: left out, the name of the function.

        Raises:
            DefinitionError: an option, a parameter or an annotation that cannot be meant; a second step of this id.
        """
        options = StepOptions(
            each=each,
            key=key,
            is_source=source,
            is_deliverable=deliverable,
            keeps_history=keep_history,
            retry=_policy(retries, backoff_seconds),
            timeout_seconds=timeout_seconds,
            version=version,
            persona=persona,
            rules=rules,
            needs_model=needs_model,
        )
        names = _local_names(sys._getframe(1))
        declare = partial(self._declare, id=id, phase=phase, options=options, local_names=names)
        return declare if function is None else declare(function)

    @property
    def definition(self) -> WorkflowDefinition:
        """The definition as plain data.

        Raises:
            DefinitionError: a parameter that is no step, a fan-out over something else than a list, or a cycle.
        """
        if self._finished is None:
            self._finished = self._finish()
        return self._finished

    def load(self, source: WorkflowSource | None = None) -> LoadedWorkflow:
        """The definition together with what can execute it.

        Args:
            source: where it was found; left out, it is derived from the module.
        """
        if self._loaded is None:
            self._loaded = self._load()
        return replace(self._loaded, source=source or self.source)

    @property
    def files(self) -> Mapping[str, str]:
        """The files that its step functions were read from, and their hashes when they were."""
        return self._files

    def restore(self, definition: WorkflowDefinition, source: WorkflowSource) -> LoadedWorkflow:
        """A stored definition of this workflow with what can execute it; for code that is known to be unchanged.

        Working out a definition reads the text of every function, which takes most of the time of a large workflow.
        """
        if self._finished is not None:
            return self.load(source)
        return replace(self._bind(definition), source=source)

    def _load(self) -> LoadedWorkflow:
        return self._bind(self.definition)

    def _bind(self, definition: WorkflowDefinition) -> LoadedWorkflow:
        signatures = {name: step.signature() for name, step in self._steps.items()}
        graph = check_graph(definition, file=self.file, line_of=self._line_of)
        return LoadedWorkflow(
            source=self.source,
            definition=definition,
            bodies={name: make_body(name, step.function, signatures[name]) for name, step in self._steps.items()},
            keys=make_keys(self._steps.values(), graph, signatures),
        )

    @property
    def source(self) -> WorkflowSource:
        """Where it can be imported from: ``module:name`` within a folder."""
        module, folder = _module_and_folder(self._module)
        variable = next((name for name, value in self._module.items() if value is self), self.name)
        return WorkflowSource(kind=SourceKind.PYTHON, ref=f"{module}:{variable}", folder=folder)

    def _declare(
        self, function: F, *, id: str | None, phase: str | None, options: StepOptions, local_names: Mapping[str, object]
    ) -> F:
        name, place = id or function.__name__, phase or self._last_phase
        self._add(declare_step(function, id=name, phase=place, options=options, local_names=local_names))
        return function

    def _add(self, step: StepDeclaration) -> None:
        if step.id in self._steps:
            first = self._steps[step.id]
            raise step.error(f"step {step.id!r} is declared twice, first at {first.file}:{first.line}")
        if step.phase not in self.phases:
            raise step.error(
                f"no phase {step.phase!r}{nearest(step.phase, self.phases)}", hint=f"phases: {', '.join(self.phases)}"
            )
        self._steps[step.id] = step
        if step.file and step.file not in self._files:
            self._files[step.file] = file_hash(step.file)
        self._finished = self._loaded = None

    @property
    def _last_phase(self) -> str:
        return next(reversed(self._steps.values())).phase if self._steps else self.phases[0]

    def _line_of(self, step: str) -> int:
        return self._steps[step].line if step in self._steps else self._line

    def _finish(self) -> WorkflowDefinition:
        if not self._steps:
            raise self._error(f"workflow {self.name!r} has no steps", "steps")
        check_names(self._steps)
        signatures = {name: step.signature() for name, step in self._steps.items()}
        check_fan_outs(self._steps, signatures)
        definition = WorkflowDefinition(
            name=self.name,
            phases=self.phases,
            steps=tuple(step.define(self._persona) for step in self._steps.values()),
            params=self._params,
            summary=self.summary,
            max_parallel=self.max_parallel,
            files=dict(self._files),
        )
        check_graph(definition, file=self.file, line_of=self._line_of)
        return definition

    def _check(self) -> None:
        for field, names in (("name", (self.name,)), ("phases", self.phases)):
            for name in names:
                if not name.strip() or not name.isprintable():
                    raise self._error(f"{name!r} is no name: one line of text", field)
        if len(set(self.phases)) != len(self.phases):
            raise self._error("a phase is named twice", "phases")
        if self.max_parallel is not None and self.max_parallel < 1:
            raise self._error(f"max_parallel must be at least 1, not {self.max_parallel}", "max_parallel")

    def _error(self, message: str, field: str) -> DefinitionError:
        return DefinitionError(message, file=self.file, line=self._line, field=field)


def _policy(retries: int | RetryPolicy, backoff_seconds: float) -> RetryPolicy:
    return retries if isinstance(retries, RetryPolicy) else RetryPolicy(retries=retries, backoff_seconds=backoff_seconds)


def _local_names(frame: FrameType) -> Mapping[str, object]:
    """The names of an enclosing function, for annotations; a module's own are found without."""
    return {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)


def _module_and_folder(module: Mapping[str, Any]) -> tuple[str, str]:
    spec = module.get("__spec__")
    file = Path(module.get("__file__") or "").resolve()
    name = spec.name if spec is not None else module.get("__name__", "__main__")
    name = file.stem if name == "__main__" else name
    levels = name.count(".") + (1 if file.stem == "__init__" else 0)
    return name, str(file.parents[levels]) if module.get("__file__") else ""
