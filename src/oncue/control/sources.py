"""Which definition a job follows now: its source read again, or the snapshot stored with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from oncue.control.steps.calls import LoadedWorkflow
from oncue.control.workspace import Workspace, load_job
from oncue.core.canonical import content_hash
from oncue.core.definition import WorkflowDefinition
from oncue.core.definitionrecord import decode_definition, encode_definition
from oncue.core.findings import Finding, FindingCode
from oncue.core.graph import Graph
from oncue.core.model import ContentHash, Job, JobId, SourceKind
from oncue.core.readport import Reader
from oncue.core.request import DefinitionChoice
from oncue.errors import DefinitionError, UnknownWorkflow


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedDefinition:
    """The definition a plan follows.

    ``loaded`` is there once the source was read; a definition whose files are unchanged is executed only after ``executable``.
    """

    graph: Graph
    address: ContentHash
    loaded: LoadedWorkflow | None = None
    warnings: tuple[Finding, ...] = ()
    blockers: tuple[Finding, ...] = field(default=())


def follow_definition(
    workspace: Workspace, reader: Reader, job: Job, *, choice: DefinitionChoice = DefinitionChoice.SOURCE
) -> FollowedDefinition:
    """Read the definition a job follows; the snapshot serves while the source's files have not changed.

    It serves as well where the source is gone or wrong, so that what the job has made can be looked at; a source that is wrong,
    and code that is gone, forbid a run.
    """
    stored = _stored_graph(workspace, reader, job)
    if choice is DefinitionChoice.ORIGINAL or workspace.loader.is_unchanged(job.source, stored.definition):
        return FollowedDefinition(graph=stored, address=job.definition_hash)
    try:
        loaded = workspace.loader.load(job.source)
    except (UnknownWorkflow, DefinitionError) as error:
        return _without_source(job, stored, error)
    address = content_hash(encode_definition(loaded.definition))
    graph = workspace.states.graph(address) or workspace.states.graph(address, Graph(loaded.definition))
    assert graph is not None, "a graph that was offered is kept"
    return FollowedDefinition(
        graph=graph, address=address, loaded=loaded, warnings=_changes(stored.definition, loaded.definition)
    )


def executable(workspace: Workspace, job: Job, followed: FollowedDefinition) -> LoadedWorkflow:
    """The definition together with the code that executes it.

    Raises:
        UnknownWorkflow: the code cannot be imported.
        DefinitionError: the source is there, and wrong.
    """
    if followed.loaded is not None:
        return followed.loaded
    definition = followed.graph.definition
    if job.source.kind is SourceKind.MANIFEST or workspace.loader.is_unchanged(job.source, definition):
        return workspace.loader.restore(job.source, definition)
    return workspace.loader.load(job.source)


def find_code_blockers(workspace: Workspace, job: Job, followed: FollowedDefinition) -> tuple[Finding, ...]:
    """What forbids that a stored definition is executed: its code cannot be had, or is the code of other steps by now.

    A manifest needs no code. Where the files have not changed, none is imported.
    """
    definition = followed.graph.definition
    if job.source.kind is SourceKind.MANIFEST or workspace.loader.is_unchanged(job.source, definition):
        return ()
    try:
        loaded = executable(workspace, job, followed)
    except (UnknownWorkflow, DefinitionError) as error:
        return (_unavailable(error),)
    if Graph(loaded.definition).upstream == followed.graph.upstream:
        return ()
    return (
        Finding(
            code=FindingCode.SOURCE_UNAVAILABLE,
            message=f"{job.source.ref} has other steps by now, so the definition stored with the job cannot be executed",
            hint="--definition source plans with the steps as they are now",
        ),
    )


def load_kept_steps(workspace: Workspace, job_id: JobId) -> frozenset[str]:
    """The steps of a job that keep the bodies of all their outputs: deliverables, and those that ask for it."""
    with workspace.store.read() as reader:
        steps = _stored_graph(workspace, reader, load_job(reader, job_id)).steps.values()
    return frozenset(step.name for step in steps if step.is_deliverable or step.keeps_history)


def _stored_graph(workspace: Workspace, reader: Reader, job: Job) -> Graph:
    known = workspace.states.graph(job.definition_hash)
    if known is not None:
        return known
    graph = Graph(decode_definition(reader.load_definition(job.definition_hash)))
    workspace.states.graph(job.definition_hash, graph)
    return graph


def _without_source(job: Job, stored: Graph, error: UnknownWorkflow | DefinitionError) -> FollowedDefinition:
    if job.source.kind is SourceKind.MANIFEST and isinstance(error, UnknownWorkflow):
        finding = Finding(
            code=FindingCode.SOURCE_GONE,
            message=f"{job.source.ref} is gone; the definition stored with the job is used",
            hint="put the manifest back to change the job's definition",
        )
        return FollowedDefinition(graph=stored, address=job.definition_hash, warnings=(finding,))
    return FollowedDefinition(graph=stored, address=job.definition_hash, blockers=(_unavailable(error),))


def _unavailable(error: UnknownWorkflow | DefinitionError) -> Finding:
    return Finding(
        code=FindingCode.SOURCE_UNAVAILABLE,
        message=error.message,
        hint="mend the source of the job; what the job has made is kept"
        if isinstance(error, DefinitionError)
        else "make the job's source importable again; what the job has made is kept",
    )


def _changes(before: WorkflowDefinition, after: WorkflowDefinition) -> tuple[Finding, ...]:
    """What a person should know of the difference between two definitions; steps are matched by id."""
    old = {step.name: step.hash for step in before.steps}
    new = {step.name: step.hash for step in after.steps}
    parts = {
        "changed": [name for name in new if name in old and old[name] != new[name]],
        "new": [name for name in new if name not in old],
        "gone": [name for name in old if name not in new],
    }
    if not any(parts.values()):
        return ()
    listed = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts.items() if names)
    return (
        Finding(
            code=FindingCode.DEFINITION_CHANGED,
            message=f"the workflow changed since the job last ran ({listed})",
            hint="--definition original plans with the definition stored with the job",
        ),
    )
