"""What must be true of a job whenever nobody works on it, however its processes ended."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from oncue.core.definitionrecord import decode_definition
from oncue.core.events import Event, EventType
from oncue.core.graph import Graph
from oncue.core.model import ENDED_RUNS, Attempt, AttemptState, ContentHash, Job, JobId, Run, RunState, StepId, step_name
from oncue.core.ports import Store
from oncue.core.readport import StepRecord
from tests.crash.effects import Effect

_LETTERS = {
    EventType.STEP_STARTED: "S",
    EventType.STEP_PROGRESS: "P",
    EventType.STEP_SUCCEEDED: "O",
    EventType.STEP_FAILED: "F",
    EventType.STEP_CANCELLED: "C",
    EventType.STEP_CUT_OFF: "X",
    EventType.RUN_QUEUED: "Q",
    EventType.RUN_STARTED: "S",
    EventType.RUN_CONTINUED: "K",
    EventType.RUN_PAUSED: "W",
    EventType.RUN_CANCEL_REQUESTED: "R",
    EventType.RUN_ENDED: "E",
}
_STEP_ORDER = re.compile(r"X|(SP*F)*(SP*[OFC]?)?")
_RUN_ORDER = re.compile(r"QR*(S([KR]|WK)*W?R*)?E?")
_MANY = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything that is stored of one job."""

    job: Job
    graph: Graph = field(compare=False)
    runs: Sequence[Run]
    attempts: Sequence[Attempt]
    events: Sequence[Event]
    steps: Mapping[StepId, StepRecord]

    @property
    def succeeded(self) -> dict[tuple[int, StepId], ContentHash]:
        """(run, step) → the output of its success."""
        return {
            (attempt.key.run, attempt.key.step): ContentHash(attempt.artifact or "")
            for attempt in self.attempts
            if attempt.state is AttemptState.SUCCEEDED
        }

    @property
    def outputs(self) -> dict[StepId, ContentHash]:
        """Step → its current output."""
        return {step: record.current.artifact for step, record in self.steps.items() if record.current is not None}


def read_history(store: Store, job_id: JobId) -> History:
    """Read a job, in one view."""
    with store.read() as reader:
        job = reader.load_job(job_id)
        assert job is not None, f"job {job_id} is gone"
        return History(
            job=job,
            graph=Graph(decode_definition(reader.load_definition(job.definition_hash))),
            runs=reader.list_runs(job_id),
            attempts=reader.list_attempts(job_id),
            events=reader.list_events(job_id, limit=_MANY),
            steps={record.step: record for record in reader.list_steps(job_id)},
        )


def check_history(history: History) -> None:
    """The laws that hold at every moment."""
    _check_events(history)
    _check_attempts(history)
    _check_currents(history)


def check_nothing_lost(before: History, after: History) -> None:
    """What was recorded once stays as it is."""
    assert before.succeeded.items() <= after.succeeded.items(), "a recorded success is gone, or has another output"
    assert list(before.events) == list(after.events[: len(before.events)]), "events were changed"
    ended = [attempt for attempt in before.attempts if attempt.state is not AttemptState.RUNNING]
    known = {attempt.key: attempt for attempt in after.attempts}
    assert all(known[attempt.key] == attempt for attempt in ended), "an ended attempt was changed"


def check_bodies(store: Store, history: History) -> None:
    """Every current output can be read, and is what its address says."""
    with store.read() as reader:
        artifacts = reader.load_artifacts(sorted(set(history.outputs.values())))
    for address in history.outputs.values():
        artifact = artifacts[address]
        body = artifact.body if artifact.body is not None else _blob(store, address)
        assert f"sha256:{sha256(body).hexdigest()}" == address
        assert all(f"sha256:{sha256(_blob(store, file)).hexdigest()}" == file for file in artifact.files)


def check_success(history: History) -> None:
    """The job came to its end: the last run succeeded, and every step succeeded exactly once in all runs together."""
    assert [run.state for run in history.runs[-1:]] == [RunState.SUCCEEDED]
    assert all(run.state in (RunState.SUCCEEDED, RunState.FAILED) for run in history.runs)
    runs: dict[StepId, list[int]] = defaultdict(list)
    for run, step in history.succeeded:
        runs[step].append(run)
    assert set(runs) == set(history.steps)
    twice = {step: found for step, found in runs.items() if len(found) != 1}
    told = [(run.number, run.state.value, run.request.get("scope"), run.error) for run in history.runs]
    assert not twice, f"succeeded in several runs: {twice}; runs: {told}"


def check_effects(history: History, effects: Sequence[Effect], workers: Mapping[str, int]) -> None:
    """Every success was executed by whoever recorded it, and never begun again; nothing began before its inputs were final.

    ``workers`` maps the ids of workers to the generations that write in the log.
    """
    mine = [effect for effect in effects if effect.job == history.job.id]
    begun = {effect.step: effect for effect in mine if effect.what == "begins"}
    ended = {(effect.generation, effect.run, effect.step, effect.attempt) for effect in mine if effect.what == "ends"}
    for attempt in history.attempts:
        key = attempt.key
        if attempt.state is AttemptState.SUCCEEDED:
            generation = workers[attempt.worker]
            assert (generation, key.run, key.step, key.number) in ended, f"{key} was recorded and not executed"
            last = begun[key.step]
            assert (last.generation, last.run) == (generation, key.run), f"{key} was executed again after its success"
    _check_order(history, mine)


def _check_order(history: History, effects: Sequence[Effect]) -> None:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for position, effect in enumerate(effects):
        if effect.what == "begins":
            first.setdefault(step_name(effect.step), position)
            last[step_name(effect.step)] = position
    for name, upstream in history.graph.upstream.items():
        for other in upstream:
            if name in first:
                assert last[other] < first[name], f"{other} was executed again after {name} had its output"


def _check_events(history: History) -> None:
    assert [event.seq for event in history.events] == list(range(1, history.job.event_seq + 1)), "the numbering has gaps"
    of_steps: dict[tuple[int | None, StepId], str] = defaultdict(str)
    of_runs: dict[int, str] = defaultdict(str)
    over: set[int] = set()
    for event in history.events:
        if event.run is None:
            continue
        assert event.run not in over, f"run {event.run} has ended before event {event.seq}"
        if event.step is not None:
            of_steps[event.run, event.step] += _LETTERS[event.type]
        elif event.type in _LETTERS:
            of_runs[event.run] += _LETTERS[event.type]
        if event.type is EventType.RUN_ENDED:
            over.add(event.run)
    for step, letters in of_steps.items():
        assert _STEP_ORDER.fullmatch(letters), f"{step}: {letters}"
    for run in history.runs:
        assert _RUN_ORDER.fullmatch(of_runs[run.number]), f"run {run.number}: {of_runs[run.number]}"
        assert (run.state in ENDED_RUNS) == (run.number in over)
    _check_counts(history, of_steps)


def _check_counts(history: History, of_steps: Mapping[tuple[int | None, StepId], str]) -> None:
    """What the events say is what the rows say."""
    letter = {AttemptState.SUCCEEDED: "O", AttemptState.FAILED: "F", AttemptState.CANCELLED: "C"}
    expected: dict[tuple[int | None, StepId], list[str]] = defaultdict(list)
    for attempt in sorted(history.attempts, key=lambda attempt: attempt.key.number):
        expected[attempt.key.run, attempt.key.step].append("S" + letter.get(attempt.state, ""))
    found = {step: letters.replace("P", "") for step, letters in of_steps.items() if letters != "X"}
    assert found == {step: "".join(parts) for step, parts in expected.items()}


def _check_attempts(history: History) -> None:
    states = {run.number: run.state for run in history.runs}
    by_step: dict[tuple[int, StepId], list[Attempt]] = defaultdict(list)
    for attempt in history.attempts:
        by_step[attempt.key.run, attempt.key.step].append(attempt)
        if states[attempt.key.run] in ENDED_RUNS:
            assert attempt.state is not AttemptState.RUNNING, f"{attempt.key} runs in a run that has ended"
        assert (attempt.state is AttemptState.SUCCEEDED) == (attempt.artifact is not None and attempt.inputs is not None)
        assert (attempt.state is AttemptState.RUNNING) == (attempt.ended_at is None)
    for step, found in by_step.items():
        found.sort(key=lambda attempt: attempt.key.number)
        assert [attempt.key.number for attempt in found] == list(range(1, len(found) + 1)), step
        assert all(a.state is AttemptState.FAILED for a, _ in pairwise(found)), f"{step}: more than one open or succeeded"


def _check_currents(history: History) -> None:
    latest: dict[StepId, Attempt] = {}
    for attempt in sorted(history.attempts, key=lambda attempt: (attempt.key.run, attempt.key.number)):
        if attempt.state is AttemptState.SUCCEEDED:
            latest[attempt.key.step] = attempt
    currents = {step: record.current for step, record in history.steps.items() if record.current is not None}
    assert set(currents) == set(latest)
    for step, current in currents.items():
        attempt = latest[step]
        assert (current.run, current.number, current.artifact, current.inputs) == (
            attempt.key.run,
            attempt.key.number,
            attempt.artifact,
            attempt.inputs,
        )


def _blob(store: Store, address: ContentHash) -> bytes:
    with store.blobs.open(address) as stream:
        return stream.read()
