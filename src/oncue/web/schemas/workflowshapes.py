"""Workflows that can be chosen, and the jobs that are made of them."""

from __future__ import annotations

from pydantic import Field

from oncue.web.schemas.wire import Answer, Body


class WorkflowEntry(Answer):
    """A workflow that can be chosen; ``problem`` says why one cannot be used."""

    ref: str
    kind: str
    name: str
    summary: str
    steps: int
    problem: str | None


class WorkflowsList(Answer):
    """The manifests of the served folder, then the bundled workflows."""

    workflows: list[WorkflowEntry]


class ParamRecord(Answer):
    """A parameter; ``choices`` is empty where anything of its type is taken."""

    name: str
    type: str
    required: bool
    default: object
    help: str
    choices: list[object]


class WorkflowRecord(WorkflowEntry):
    """A workflow with its parameters, in the order in which they are declared."""

    params: list[ParamRecord]


class NewJobBody(Body):
    """What a job is made of; parameters that are left out take their defaults."""

    workflow: str = Field(min_length=1, max_length=255)
    params: dict[str, object] = Field(default_factory=dict)


class NewJobRecord(Answer):
    """A job that was made; nothing runs yet."""

    job_id: str
    workflow: str
    params: dict[str, object]
