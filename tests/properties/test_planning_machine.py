"""Jobs that are run, edited, rerun, broken, mended and accepted at random do what the naive model says."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import PlanningMachine

EXAMPLES = settings(max_examples=80, stateful_step_count=16)


@pytest.mark.timeout(600)  # a failure takes minutes to become a small one
def test_jobs_do_what_the_naive_model_says() -> None:
    run_state_machine_as_test(PlanningMachine, settings=EXAMPLES)
