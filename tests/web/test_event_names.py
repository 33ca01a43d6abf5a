"""What an event is called on the wire is what the page of events says, for every type there is."""

from __future__ import annotations

import re

import pytest

from oncue.clock import SystemClock
from oncue.core.events import Event, EventType
from oncue.core.model import JobId, StepId
from oncue.web.eventnames import Phase, event_name
from tests.support.repository import ROOT
from tests.web.hosting import Host

PAGE = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
RUN_ENDS: tuple[str | None, ...] = ("succeeded", "failed", "cancelled", "halted")
ROW = re.compile(r"^\| `(?P<type>\w+)` \| (?P<names>[^|]*:[^|]*) \|", re.MULTILINE)
NAMES = {row["type"]: re.findall(r"`([^`]+)`", row["names"]) for row in ROW.finditer(PAGE.partition("## Types and names")[2])}
"""What the page says that each type of event is called."""


def test_the_page_names_every_type_of_event_and_no_other() -> None:
    assert set(NAMES) == {kind.value for kind in EventType}


@pytest.mark.parametrize("kind", EventType)
def test_every_kind_of_event_has_the_name_that_the_page_gives_it(kind: EventType) -> None:
    names = NAMES[kind]
    ends = RUN_ENDS if kind is EventType.RUN_ENDED else (None,)
    step = StepId("count") if names[0].startswith("phaseN:") else None

    told = [
        Event(job_id=JobId("j"), seq=1, at=SystemClock().now(), type=kind, step=step, data={"state": end} if end else None)
        for end in ends
    ]

    for number, phase in ((2, Phase(2, "refine")), (0, None)):
        assert [event_name(event, phase) for event in told] == [name.replace("phaseN", f"phase{number}") for name in names]


@pytest.mark.proves("S2-39")
def test_a_rerun_of_one_step_sends_the_events_that_the_page_lists(host: Host, chain: str) -> None:
    listed = [line.split()[0] for line in PAGE.partition("```text\n")[2].partition("```")[0].splitlines()]
    host.run(chain)
    before = host.events(chain)

    host.run(chain, scope="only", steps=["count"])
    events = host.program.api(f"/jobs/{chain}/events?after={before}")["events"]

    assert [re.sub(r"phase\d", "phase3", event["name"]) for event in events] == listed
