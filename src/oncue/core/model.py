"""The records of the product, their states, and which state may follow which.

A **job** is an instance of a workflow. A **trigger** authorizes one **run** of one plan. An **attempt** is one execution of
one step in one run; it consumes **inputs** and produces an **artifact**. ``Current`` points from a step to the attempt
whose artifact readers and later steps see. All instants are aware and in UTC; all durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

JobId = NewType("JobId", str)
StepId = NewType("StepId", str)
"""``name`` of a step definition, or ``name[key]`` for one instance of a fan-out."""
WorkerId = NewType("WorkerId", str)
NOBODY = WorkerId("")
"""In whose hands an attempt is that its worker gave back when its process ended in order."""
TriggerId = NewType("TriggerId", str)
ContentHash = NewType("ContentHash", str)
"""``sha256:<hex>`` of the bytes of an artifact, a blob or a definition."""


class JobStatus(StrEnum):
    """Whether a job takes runs; everything else it shows is derived from its runs and steps."""

    OPEN = "open"
    STOPPED = "stopped"


class RunState(StrEnum):
    """Where a run stands; ``halted`` is a stop by its budget."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HALTED = "halted"


class AttemptState(StrEnum):
    """Where one execution of a step stands."""

    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset({RunState.WAITING, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.HALTED}),
    RunState.WAITING: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.SUCCEEDED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
    RunState.HALTED: frozenset(),
}
ATTEMPT_TRANSITIONS: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.RUNNING: frozenset(
        {AttemptState.WAITING, AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED}
    ),
    AttemptState.WAITING: frozenset({AttemptState.RUNNING, AttemptState.CANCELLED}),
    AttemptState.SUCCEEDED: frozenset(),
    AttemptState.FAILED: frozenset(),
    AttemptState.CANCELLED: frozenset(),
}
ENDED_RUNS = frozenset(state for state, following in RUN_TRANSITIONS.items() if not following)
OPEN_RUNS = frozenset(RUN_TRANSITIONS) - ENDED_RUNS


class SourceKind(StrEnum):
    """Where a job's workflow was read from."""

    MANIFEST = "manifest"
    PYTHON = "python"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSource:
    """Where a definition comes from: an absolute manifest path, ``module:name``, or the name of a bundled workflow.

    ``folder`` is where shell steps run and where Python modules were found; empty for bundled workflows.
    """

    kind: SourceKind
    ref: str
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A long-lived instance of a workflow; it never expires and ends only when a person stops it.

    ``revision`` counts what invalidates a plan: runs begun and ended, parameters, definition, acceptances, the stop.
    ``replayed_from`` is the job whose parameters and decisions it repeats.
    """

    id: JobId
    workflow: str
    source: WorkflowSource
    definition_hash: ContentHash
    params: Mapping[str, object]
    status: JobStatus = JobStatus.OPEN
    revision: int = 0
    runs: int = 0
    event_seq: int = 0
    created_at: datetime
    stopped_at: datetime | None = None
    replayed_from: JobId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run or an attempt did not succeed; ``detail`` is a traceback or the end of a log."""

    code: str
    message: str
    detail: str = ""


class TriggerSource(StrEnum):
    """Through which surface a person acted; the four values are fixed."""

    RUN_CONFIG_PANEL = "run_config_panel"
    API_CLIENT = "api_client"
    INTEGRATION_TEST = "integration_test"
    CLI_TOOL = "cli_tool"


class RunKind(StrEnum):
    """What kind of action a person took."""

    RUN = "run"
    RERUN = "rerun"
    RESUME = "resume"
    REPLAY_DECISIONS = "replay_decisions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The recorded human action that authorizes one run of one plan; its id makes repeating it harmless.

    ``recommendation_id`` is the advice it followed, and ``recommended`` a copy of the run request that was advised, so that
    what the person changed can be seen for ever.
    """

    id: TriggerId
    job_id: JobId
    source: TriggerSource
    action: RunKind
    actor: str
    reason: str
    plan_digest: str
    triggered_at: datetime
    metadata: Mapping[str, object] = field(default_factory=dict)
    parent_id: TriggerId | None = None
    recommendation_id: str | None = None
    recommended: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One authorized execution of a plan; numbered from 1 within its job.

    ``owner`` is the worker that executes it; a running run without an owner was interrupted, or is paused between
    single steps. ``fence`` rises with every change of owner. ``cut_off`` names the steps that were due only if their
    inputs changed, and whose inputs did not.
    """

    job_id: JobId
    number: int
    state: RunState
    kind: RunKind
    request: Mapping[str, object]
    trigger_id: TriggerId
    plan_digest: str
    definition_hash: ContentHash
    params: Mapping[str, object]
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Failure | None = None
    owner: WorkerId | None = None
    fence: int = 0
    cancel_requested_at: datetime | None = None
    cut_off: tuple[StepId, ...] = ()


class ContextMode(StrEnum):
    """What a step sees besides its upstream artifacts: its own previous output too (keep), or nothing (clean)."""

    KEEP = "keep"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What an attempt consumed, field by field, as hashes.

    ``steps`` maps each upstream step to its artifact, or to the hash of its whole collection of instances; ``params`` maps
    each parameter that was read to the fingerprint of its value; ``item`` is the element of a fan-out. ``comments`` are the
    runs whose comments it read; they make nothing stale.
    """

    definition: str
    steps: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    item: str | None = None
    comments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptKey:
    """Names one execution: the ``number`` counts from 1 within a step and a run (a retry is another attempt)."""

    job_id: JobId
    run: int
    step: StepId
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of one step in one run. ``fence`` rises with every claim; only its holder may write.

    ``losses`` counts the workers that died with it.
    """

    key: AttemptKey
    state: AttemptState
    fence: int
    worker: WorkerId
    started_at: datetime
    ended_at: datetime | None = None
    error: Failure | None = None
    artifact: ContentHash | None = None
    inputs: Inputs | None = None
    context: ContextMode = ContextMode.CLEAN
    log: ContentHash | None = None
    losses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The output that readers and later steps see: which attempt made it, from what, and its address."""

    step: StepId
    run: int
    number: int
    artifact: ContentHash
    inputs: Inputs


INSTANCES = "$instances"
"""The one name in the body of a collection."""


class ArtifactKind(StrEnum):
    """What the body of an artifact is."""

    VALUE = "value"
    """Canonical JSON of the value a step returned."""
    TREE = "tree"
    """Canonical JSON ``{"value": ..., "files": {name: {"sha256", "size"}}}``; the files are blobs."""
    TEXT = "text"
    """UTF-8 text that went to a model or came from one; no step's output."""
    COLLECTION = "collection"
    """Canonical JSON ``{"$instances": [[key, artifact], ...]}``: those of a fan-out, as one later step consumed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An immutable output, addressed by the content of its body; ``body`` is None when it is large or was pruned."""

    hash: ContentHash
    kind: ArtifactKind
    size: int
    body: bytes | None = None
    files: tuple[ContentHash, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A person's word that a stale output may stand; it holds for one output and one state of its inputs.

    ``basis`` is the fingerprint of what the inputs were when it was given.
    """

    step: StepId
    run: int
    number: int
    basis: str
    actor: str
    reason: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The instances of a fan-out step, in order: key → hash of its element.

    ``over`` is the artifact of the list it spreads over; ``definition`` the hash of the step whose key function named them.
    """

    step: str
    over: ContentHash
    definition: str
    items: Mapping[str, str]


def step_id(name: str, key: str | None = None) -> StepId:
    """The id of a step, or of one instance of a fan-out."""
    return StepId(name if key is None else f"{name}[{key}]")


def step_name(step: str) -> str:
    """The definition a step id belongs to: ``finding[solar]`` → ``finding``."""
    return step.partition("[")[0]


def step_key(step: str) -> str | None:
    """The instance key of a step id: ``finding[solar]`` → ``solar``; None where there is none."""
    _, bracket, rest = step.partition("[")
    return rest[:-1] if bracket else None
