"""The output of a step as people see it: its value, its files, and which run made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oncue.control.steps.bodies import Bodies
from oncue.control.steps.outputs import Output
from oncue.control.views.jobview import JobPicture, look_at_job
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import AttemptState, ContentHash, JobId, StepId, step_name
from oncue.core.planrecord import decode_plan
from oncue.core.ports import Store
from oncue.core.readport import Reader
from oncue.core.selection import resolve_step
from oncue.core.staleness import StepState
from oncue.errors import NoArtifact, NotFound, UnknownRun, UnknownStep, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactView:
    """One output: made by attempt ``number`` of run ``run``. ``state`` is set where it is the current one."""

    step: StepId
    run: int
    number: int
    output: Output
    state: StepState | None = None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        files = [{"name": file.name, "size": file.size, "sha256": file.address} for file in self.output.files.values()]
        return {
            "step": self.step,
            "run": self.run,
            "number": self.number,
            "state": self.state.value if self.state else None,
            "artifact": self.output.address,
            "kind": self.output.kind.value,
            "value": self.output.value,
            "files": files,
        }

    def check_file(self, name: str) -> None:
        """Make sure that it has a file of this name.

        Raises:
            NotFound: it has none; names the nearest.
        """
        known = list(self.output.files)
        if name not in known:
            listed = f"files: {', '.join(known)}" if known else "it has no files, only a value"
            raise NotFound(f"{self.step} has no file {name!r}{nearest(name, known)}", hint=listed, code="unknown_file")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one of its files."""
        with self.output.open(name) as stream:
            while chunk := stream.read(1 << 20):
                yield chunk

    def write_to(self, folder: Path) -> list[Path]:
        """Write its files, or its value as ``value.json``, into a folder, which is made; returns what was written."""
        folder.mkdir(parents=True, exist_ok=True)
        self.output.write_to(folder)
        return sorted(path for path in folder.rglob("*") if path.is_file())


def view_artifacts(workspace: Workspace, job_id: JobId, step: str, *, run: int | None = None) -> tuple[ArtifactView, ...]:
    """The current output of a step, or the one that a run made or built on; for a fan-out those of all its instances.

    Raises:
        UnknownStep, StepOutOfRange, UnknownRun: there is no such thing.
        NoArtifact: it has no output, or its body was pruned.
    """
    bodies = Bodies(workspace.store)
    with workspace.store.read() as reader:
        picture = look_at_job(workspace, reader, load_job(reader, job_id))
        wanted = _members(picture, find_step(picture, step))
        found = [(this, *_locate(reader, picture, this, run=run)) for this in wanted]
    return tuple(
        ArtifactView(
            step=this,
            run=made_by,
            number=number,
            output=bodies.output(address),
            state=_state(picture, this, address),
        )
        for this, made_by, number, address in found
    )


def find_instances(workspace: Workspace, job_id: JobId, step: str) -> tuple[StepId, ...] | None:
    """The instances of a fan-out that have an output now; None for what is no fan-out.

    Raises:
        UnknownStep, StepOutOfRange: there is no such thing.
    """
    with workspace.store.read() as reader:
        picture = look_at_job(workspace, reader, load_job(reader, job_id))
    this = find_step(picture, step)
    steps = picture.assessment.snapshot.graph.steps
    if this not in steps or steps[this].each is None:
        return None
    currents = picture.assessment.currents
    return tuple(one for one in picture.assessment.members[this] or () if one in currents)


def find_step(picture: JobPicture, text: str) -> StepId:
    """The step a person means; one that the workflow no longer has is found by its exact id.

    Raises:
        UnknownStep, StepOutOfRange: there is no such step.
    """
    try:
        return resolve_step(text, graph=picture.assessment.snapshot.graph, members=picture.assessment.members)
    except UnknownStep:
        if text in picture.records:
            return StepId(text)
        raise


def _members(picture: JobPicture, this: StepId) -> tuple[StepId, ...]:
    if this in picture.records or this in picture.assessment.statuses:
        return (this,)
    members = picture.assessment.members[step_name(this)]
    return members or (this,)


def _state(picture: JobPicture, this: StepId, address: ContentHash) -> StepState | None:
    current = picture.assessment.currents.get(this)
    status = picture.assessment.statuses.get(this)
    return status.state if status and current and current.artifact == address else None


def _locate(reader: Reader, picture: JobPicture, this: StepId, *, run: int | None) -> tuple[int, int, ContentHash]:
    """Which run and attempt made the output, and its address."""
    job = picture.job
    if run is None:
        current = picture.assessment.currents.get(this)
        if current is None:
            raise NoArtifact(f"step {this} has no output yet", hint=f"oncue job why {job.id} {str(this)!r} says why")
        return current.run, current.number, current.artifact
    asked = reader.load_run(job.id, run)
    if asked is None:
        raise UnknownRun(run, job.runs)
    if this in asked.cut_off:  # due only if its inputs changed, and they did not: what was there before stays
        attempts = [
            one for one in reader.list_attempts(job.id, step=this, states=(AttemptState.SUCCEEDED,)) if one.key.run < run
        ]
    else:
        made_by = decode_plan(reader.load_plan(job.id, run)).reused.get(this, run)
        attempts = list(reader.list_attempts(job.id, run=made_by, step=this, states=(AttemptState.SUCCEEDED,)))
    if not attempts or attempts[-1].artifact is None:
        raise NoArtifact(f"step {this} has no output in run {run}", hint=f"oncue job history {job.id} lists the runs")
    return attempts[-1].key.run, attempts[-1].key.number, attempts[-1].artifact


def load_body(reader: Reader, store: Store, address: ContentHash) -> bytes | None:
    """The bytes of an artifact; None where they are not stored (any more)."""
    artifact = reader.load_artifact(address)
    if artifact is None:
        return None
    if artifact.body is not None:
        return artifact.body
    if not store.blobs.has(address):
        return None
    with store.blobs.open(address) as stream:
        return stream.read()
