"""What is told of a step that another machine executes."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from oncue.control.steps.scratch import SHELL_LOG, scratch_path
from oncue.control.views.boardview import view_board
from oncue.control.views.runningview import TAIL_BYTES, view_running
from oncue.control.workspace import Workspace
from oncue.core.model import Attempt, JobId, RunState, StepId, WorkerId
from oncue.core.ports import Store
from tests.store.records import a_decision, a_question, a_run, after, an_attempt, keep_questions, keep_runs


@dataclass(frozen=True)
class Shared:
    """A store that says it is on a server which several machines use."""

    store: Store
    url: str = "postgresql://somewhere/else"

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


@pytest.fixture
def attempt(workspace: Workspace, chain: str) -> Attempt:
    begun = an_attempt("fetch")
    begun = replace(begun, key=replace(begun.key, job_id=JobId(chain)))
    keep_runs(workspace.store, a_run(job_id=chain, state=RunState.RUNNING))
    workspace.store.write(lambda tx: tx.begin_attempts([begun]))
    return begun


@pytest.mark.parametrize(("worker", "is_elsewhere"), [(None, True), ("another", True), ("worker-1", False)])
def test_a_log_that_is_not_here_may_be_elsewhere(
    workspace: Workspace, chain: str, attempt: Attempt, worker: str | None, is_elsewhere: bool
) -> None:
    shared = replace(workspace, store=Shared(workspace.store))  # type: ignore[arg-type]
    own = WorkerId(worker) if worker else None

    view = view_running(shared, JobId(chain), "fetch", worker=own)
    local = view_running(workspace, JobId(chain), "fetch", worker=own)

    assert view is not None
    assert local is not None
    assert (view.attempt, view.log, view.is_elsewhere) == (attempt, None, is_elsewhere)
    assert not local.is_elsewhere
    assert view_running(workspace, JobId(chain), StepId("clean")) is None


def test_what_it_waited_for_answers_does_not_count_as_work(workspace: Workspace, chain: str, attempt: Attempt) -> None:
    asked = replace(a_question(asked_at=after(1)), key=attempt.key, decision=a_decision(at=after(41)))
    keep_questions(workspace.store, asked)

    view = view_running(workspace, JobId(chain), "fetch")
    card = view_board(workspace, JobId(chain)).cards[0]

    assert view is not None
    assert view.since == attempt.started_at + timedelta(seconds=40)
    assert (card.name, card.word, card.since) == ("fetch", "running", view.since)


def test_the_end_of_a_long_log_is_told_and_what_is_left_out(workspace: Workspace, chain: str, attempt: Attempt) -> None:
    scratch = scratch_path(Path(workspace.store.folder), attempt)
    scratch.mkdir(parents=True)
    (scratch / SHELL_LOG).write_text("x" * 7 + "y" * TAIL_BYTES, encoding="utf-8")

    view = view_running(workspace, JobId(chain), "fetch")

    assert view is not None
    assert (view.log, view.left_out) == ("y" * TAIL_BYTES, 7)
