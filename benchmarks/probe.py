"""What the generated workflows call: results of a known size, a note of when a step ran, and an end without warning."""

from __future__ import annotations

import os
import signal
import time

RESULT_BYTES = 200
KILL = "ONCUE_BENCH_KILL"
entered: list[float] = []
"""When steps that were asked to took note of running, on the performance counter."""


def result(number: int) -> dict[str, object]:
    """A value whose canonical JSON has 200 bytes, another one for every number."""
    text = str(number)
    return {"step": number, "text": "x" * (RESULT_BYTES - len('{"step":,"text":""}') - len(text))}


def enter() -> None:
    """Take note of now; where the environment says so, kill this process instead."""
    entered.append(time.perf_counter())
    if os.environ.get(KILL):
        os.kill(os.getpid(), signal.SIGKILL)
