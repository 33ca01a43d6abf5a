"""Which state may follow which."""

from __future__ import annotations

import pytest

from oncue.core.model import (
    ATTEMPT_TRANSITIONS,
    ENDED_RUNS,
    OPEN_RUNS,
    RUN_TRANSITIONS,
    AttemptState,
    RunState,
    step_id,
    step_key,
    step_name,
)


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("queued", "running cancelled"),
        ("running", "waiting succeeded failed cancelled halted"),
        ("waiting", "running cancelled"),
        ("succeeded", ""),
        ("failed", ""),
        ("cancelled", ""),
        ("halted", ""),
    ],
)
def test_a_run_goes_from_one_state_to_these(state: str, following: str) -> None:
    assert RUN_TRANSITIONS[RunState(state)] == {RunState(word) for word in following.split()}


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("running", "waiting succeeded failed cancelled"),
        ("waiting", "running cancelled"),
        ("succeeded", ""),
        ("failed", ""),
        ("cancelled", ""),
    ],
)
def test_an_attempt_goes_from_one_state_to_these(state: str, following: str) -> None:
    assert ATTEMPT_TRANSITIONS[AttemptState(state)] == {AttemptState(word) for word in following.split()}


def test_every_state_has_its_line() -> None:
    assert set(RUN_TRANSITIONS) == set(RunState)
    assert set(ATTEMPT_TRANSITIONS) == set(AttemptState)


def test_a_run_is_open_or_ended() -> None:
    assert set(ENDED_RUNS) == {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.HALTED}
    assert set(OPEN_RUNS) == {RunState.QUEUED, RunState.RUNNING, RunState.WAITING}


@pytest.mark.parametrize(
    ("name", "key", "text"),
    [
        ("finding", None, "finding"),
        ("finding", "solar", "finding[solar]"),
        ("finding", "", "finding[]"),
        ("f", "a b", "f[a b]"),
    ],
)
def test_an_instance_is_named_by_its_step_and_key(name: str, key: str | None, text: str) -> None:
    assert step_id(name, key) == text
    assert step_name(text) == name
    assert step_key(text) == key
