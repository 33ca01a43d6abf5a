"""What every use case works on: the ports, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oncue.control.jobstate import JobStates
from oncue.control.steps.calls import Loader
from oncue.core.model import Job, JobId
from oncue.core.modelport import Models
from oncue.core.ports import Clock, Store
from oncue.core.readport import Reader
from oncue.errors import AmbiguousJob, UnknownJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One workspace: its store, its loader of workflows, its clock, its source of ids, and (where there are any) its models."""

    store: Store
    loader: Loader
    clock: Clock
    new_id: Callable[[], str]
    states: JobStates = field(default_factory=JobStates)
    models: Models | None = None


def load_job(reader: Reader, job_id: JobId) -> Job:
    """A job that must exist.

    Raises:
        UnknownJob: it does not.
    """
    job = reader.load_job(job_id)
    if job is None:
        raise UnknownJob(job_id)
    return job


def find_job(reader: Reader, text: str) -> Job:
    """The job a person means: an id, or an unambiguous prefix of one.

    Raises:
        UnknownJob: nothing begins so; names the nearest.
        AmbiguousJob: several do.
    """
    exact = reader.load_job(JobId(text))
    if exact is not None:
        return exact
    matches = reader.find_job_ids(text) if text else []
    if len(matches) > 1:
        raise AmbiguousJob(text, matches)
    if not matches:
        raise UnknownJob(text, [job.id for job in reader.list_jobs(limit=200)])
    return load_job(reader, matches[0])
