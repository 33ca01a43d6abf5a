"""What a workflow is, as plain data: phases made of steps, and the parameters they read.

A definition says nothing of how a step is executed beyond an opaque ``body``; whoever loaded it can. It is stored with the
job as a snapshot, so that a job remains readable when its source is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ParamType(StrEnum):
    """The types a parameter may have, by their JSON Schema names."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamDefinition:
    """One parameter: a value that steps read and that a rerun may change."""

    name: str
    type: ParamType = ParamType.ANY
    default: object = None
    is_required: bool = False
    help: str = ""
    choices: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a failed attempt is repeated: after ``backoff_seconds``, then ``factor`` times as long each time."""

    retries: int = 0
    backoff_seconds: float = 1.0
    factor: float = 2.0
    max_backoff_seconds: float = 300.0

    def delay_seconds(self, failures: int) -> float:
        """How long to wait after this many failures (1, 2, …)."""
        return float(min(self.backoff_seconds * self.factor ** (failures - 1), self.max_backoff_seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefinition:
    """The smallest unit that runs, is rerun and is stored.

    ``needs`` are the steps whose whole output it consumes; ``each`` the step over whose list (or instances) it fans out.
    ``hash`` is the fingerprint of what the step itself says: its code or text, declared version and inputs.
    ``reads`` are the parameters it is known to read before it runs (manifests); None means that its attempts record them.
    ``is_source`` marks a step that fetches from outside; ``is_deliverable`` one whose bodies are kept for ever;
    ``keeps_history`` asks for the same without being a deliverable. ``persona`` and ``rules`` stand above every prompt of the
    step. ``takes_comment`` False: it can neither call a model nor read a comment; ``needs_model``: it cannot do without a
    model. ``body`` is opaque to everything but its loader.
    """

    name: str
    phase: str
    hash: str
    needs: tuple[str, ...] = ()
    each: str | None = None
    reads: tuple[str, ...] | None = None
    is_source: bool = False
    is_deliverable: bool = False
    keeps_history: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout_seconds: float | None = None
    summary: str = ""
    persona: str = ""
    rules: tuple[str, ...] = ()
    takes_comment: bool = True
    needs_model: bool = False
    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def upstream(self) -> tuple[str, ...]:
        """Every step it consumes, the one it fans out over first."""
        return self.needs if self.each is None or self.each in self.needs else (self.each, *self.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDefinition:
    """Phases made of steps, in the order in which they are shown and numbered.

    ``files`` maps each source file to the hash of its bytes: while they are unchanged, so is the definition.
    """

    name: str
    phases: tuple[str, ...]
    steps: tuple[StepDefinition, ...]
    params: tuple[ParamDefinition, ...] = ()
    summary: str = ""
    max_parallel: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
