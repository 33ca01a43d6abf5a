"""What is stored of a job's steps, kept between plans: reading 10,000 steps anew would cost more than planning them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from oncue.core.comments import GivenComment
from oncue.core.graph import Graph
from oncue.core.model import Acceptance, ContentHash, Expansion, Job, JobId, StepId
from oncue.core.readport import Reader, StepRecord
from oncue.core.snapshot import JobSnapshot, hash_params

KEPT_JOBS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """The stored state of a job's steps as of one event; every change writes an event, so the number proves it true."""

    seq: int
    steps: Mapping[StepId, StepRecord]
    expansions: Mapping[str, Expansion]
    acceptances: Mapping[StepId, Acceptance]
    comments: Sequence[GivenComment] = ()


class JobStates:
    """The latest used job states and graphs of this process; safe for several threads."""

    def __init__(self) -> None:
        self._states: OrderedDict[JobId, JobState] = OrderedDict()
        self._graphs: OrderedDict[ContentHash, Graph] = OrderedDict()
        self._lock = Lock()

    def load(self, reader: Reader, job: Job) -> JobState:
        """The state of a job as the reader sees it; only what changed since the last time is read."""
        with self._lock:
            known = self._states.get(job.id)
        if known is None or known.seq > job.event_seq:
            known = JobState(seq=0, steps={}, expansions={}, acceptances={})
        if known.seq < job.event_seq:
            changed = {record.step: record for record in reader.list_steps(job.id, since_seq=known.seq)}
            known = JobState(
                seq=job.event_seq,
                steps={**known.steps, **changed} if known.steps else changed,
                expansions={expansion.step: expansion for expansion in reader.list_expansions(job.id)},
                acceptances={acceptance.step: acceptance for acceptance in reader.list_acceptances(job.id)},
                comments=reader.list_comments(job.id),
            )
        with self._lock:
            self._states[job.id] = known
            self._states.move_to_end(job.id)
            if len(self._states) > KEPT_JOBS:
                self._states.popitem(last=False)
        return known

    def graph(self, address: ContentHash, known: Graph | None = None) -> Graph | None:
        """The graph of a definition, if it was used lately; ``known`` offers one to keep."""
        with self._lock:
            graph = known or self._graphs.get(address)
            if graph is not None:
                self._graphs[address] = graph
                self._graphs.move_to_end(address)
                if len(self._graphs) > KEPT_JOBS:
                    self._graphs.popitem(last=False)
            return graph


def make_snapshot(job: Job, graph: Graph, state: JobState, *, params: Mapping[str, object]) -> JobSnapshot:
    """What planning looks at."""
    return JobSnapshot(
        job=job,
        graph=graph,
        params=params,
        param_hashes=hash_params(params),
        steps=state.steps,
        expansions=state.expansions,
        acceptances=state.acceptances,
        comments=state.comments,
    )
