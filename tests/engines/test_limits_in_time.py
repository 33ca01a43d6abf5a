"""Timeouts, retries and budgets of steps and runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from oncue import wiring
from oncue.control.workspace import Workspace
from oncue.core.model import AttemptState, JobId, Run, RunState
from oncue.core.request import Budget, RunRequest, Scope
from tests.crash.laws import check_history, read_history
from tests.engines.gates import gate
from tests.engines.manual_clock import ManualClock
from tests.engines.starting import new_job, run_whole
from tests.engines.test_cancel import Lifeline
from tests.support.processes import PATIENCE_SECONDS

SHELL = """
name: shell
steps:
  - id: long
    timeout: 0.3
    run: |
      exec 9> "{fifo}"
      sleep 1000 &
      echo up >&9
      wait
"""


def run_job(
    workspace: Workspace, flow: str, *, params: Mapping[str, object] | None = None, request: RunRequest | None = None
) -> Run:
    """Execute a new job of a workflow."""
    job = new_job(workspace, flow, params=params)
    return run_again(workspace, job.id, request=request)


def run_again(workspace: Workspace, job_id: JobId, *, request: RunRequest | None = None) -> Run:
    """Execute a job in a process of its own making."""

    async def scenario() -> Run:
        async with wiring.executing(workspace) as executor:
            return await asyncio.wait_for(run_whole(workspace, executor, job_id, request=request), PATIENCE_SECONDS)

    return asyncio.run(scenario())


def failure_of(workspace: Workspace, run: Run, step: str) -> tuple[str, str]:
    history = read_history(workspace.store, run.job_id)
    check_history(history)
    (attempt,) = [attempt for attempt in history.attempts if attempt.key.step == step]
    assert attempt.state is AttemptState.FAILED
    assert attempt.error is not None
    return attempt.error.code, attempt.error.message


@pytest.mark.parametrize(("flow", "step"), [("slow_thread", "linger"), ("slow_coroutine", "linger_as_well")])
def test_a_step_that_takes_too_long_fails(flow: str, step: str, workspace: Workspace) -> None:
    run = run_job(workspace, flow)

    assert run.state is RunState.FAILED
    assert failure_of(workspace, run, step) == ("timeout", "did not end within 0.2 s")


def test_a_shell_step_that_takes_too_long_fails_and_leaves_no_process(workspace: Workspace, tmp_path: Path) -> None:
    lifeline = Lifeline(tmp_path / "fifo")
    manifest = tmp_path / "shell.yaml"
    manifest.write_text(SHELL.format(fifo=lifeline.path), encoding="utf-8")

    run = run_job(workspace, str(manifest))
    lifeline.wait_for_end()
    lifeline.close()

    assert run.state is RunState.FAILED
    assert failure_of(workspace, run, "long") == ("timeout", "did not end within 0.3 s")


def test_a_timeout_error_of_the_step_itself_is_not_taken_for_its_limit(workspace: Workspace) -> None:
    run = run_job(workspace, "own_timeout")

    assert failure_of(workspace, run, "give_up") == ("exception", "TimeoutError: the other side is silent")


def test_what_a_step_does_after_its_time_was_up_is_not_recorded(workspace: Workspace) -> None:
    run = run_job(workspace, "slow_thread")
    before = read_history(workspace.store, run.job_id)

    gate.opened.set()

    assert read_history(workspace.store, run.job_id) == before


@pytest.mark.parametrize(("failures", "delays", "state"), [(2, [10, 20], "succeeded"), (9, [10, 20, 40], "failed")])
def test_a_failed_attempt_is_repeated_after_growing_delays(
    failures: int, delays: list[float], state: str, workspace: Workspace
) -> None:
    job = new_job(workspace, "flaky", params={"failures": failures})
    clock = ManualClock()
    run, slept = asyncio.run(_with_time_passing(replace(workspace, clock=clock), clock, job.id))

    assert (run.state, slept) == (RunState(state), delays)
    history = read_history(workspace.store, job.id)
    check_history(history)
    ends = [AttemptState.FAILED] * len(delays) + [AttemptState(state)]
    assert [(attempt.key.number, attempt.state) for attempt in history.attempts] == list(enumerate(ends, 1))
    gaps = [
        (after.started_at - before.started_at).total_seconds()
        for before, after in zip(history.attempts, history.attempts[1:], strict=False)
    ]
    assert gaps == delays
    assert [attempt.error.message for attempt in history.attempts if attempt.error] == [
        f"stumbled {number}" for number in range(1, ends.count(AttemptState.FAILED) + 1)
    ]


async def _with_time_passing(workspace: Workspace, clock: ManualClock, job_id: JobId) -> tuple[Run, list[float]]:
    """Execute a run, and let time pass as soon as somebody waits for longer than the executor's own polls."""
    slept: list[float] = []
    async with wiring.executing(workspace) as executor:
        run = asyncio.ensure_future(run_whole(workspace, executor, job_id))
        while not run.done():
            sleeping = asyncio.ensure_future(clock.wait_for_sleep(longer_than=1, after=len(clock.sleeps)))
            await asyncio.wait([run, sleeping], return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_SECONDS)
            if sleeping.done():
                slept.append(sleeping.result())
                clock.advance(sleeping.result())
            sleeping.cancel()
        return await run, slept


def test_a_run_that_has_failed_does_not_wait_for_retries(workspace: Workspace) -> None:
    clock = ManualClock()  # nobody moves it, so that no retry is ever due
    run = run_job(replace(workspace, clock=clock), "doomed")

    assert run.state is RunState.FAILED
    history = read_history(workspace.store, run.job_id)
    check_history(history)
    assert {attempt.key.step: attempt.key.number for attempt in history.attempts} == {"hopeful": 1, "hopeless": 1}


def test_a_spent_budget_halts_the_run_before_the_next_step_and_a_resume_goes_on(workspace: Workspace) -> None:
    clock = gate.clock = ManualClock()
    timed = replace(workspace, clock=clock)
    job = new_job(timed, "costly")

    halted = run_again(timed, job.id, request=RunRequest(budget=Budget(seconds=5)))
    assert halted.state is RunState.HALTED
    assert halted.error is not None
    assert halted.error.code == "budget_seconds"
    resumed = run_again(timed, job.id, request=RunRequest(scope=Scope.RESUME, budget=Budget(seconds=5)))

    assert resumed.state is RunState.SUCCEEDED
    history = read_history(workspace.store, job.id)
    check_history(history)
    assert sorted(history.succeeded) == [(1, "spend"), (2, "spend_more")]
