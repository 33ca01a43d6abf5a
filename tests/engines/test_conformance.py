"""The laws of the ``Engine`` port, on every engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from oncue.core.dispatch import Engine, Task, TaskKind
from oncue.core.model import WorkerId
from oncue.core.ports import Clock
from oncue.engines.embedded import EmbeddedEngine
from tests.engines.manual_clock import ManualClock
from tests.support.processes import PATIENCE_SECONDS

MakeEngine = Callable[[Clock], Engine]
ENGINES: Mapping[str, MakeEngine] = {"embedded": EmbeddedEngine}
QUEUES = {"default": 4, "other": 1}


@pytest.fixture(params=sorted(ENGINES))
def make_engine(request: pytest.FixtureRequest) -> MakeEngine:
    return ENGINES[request.param]


@dataclass
class Deliveries:
    """Takes deliveries and holds each until it is let go."""

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    interrupted: list[str] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)
    holds: bool = True
    _now: Counter[str] = field(default_factory=Counter)
    _gates: dict[str, asyncio.Event] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, task: Task) -> None:
        self._note(self.begun, task)
        self._now[task.queue] += 1
        self.most[task.queue] = max(self.most[task.queue], self._now[task.queue])
        try:
            if self.holds:
                await self._gate(task.key).wait()
            self._note(self.ended, task)
        except asyncio.CancelledError:
            self._note(self.interrupted, task)
            raise
        finally:
            self._now[task.queue] -= 1

    def let_go(self, *keys: str) -> None:
        for key in keys:
            self._gate(key).set()

    def let_all_go(self) -> None:
        self.holds = False
        self.let_go(*self._gates)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    def _gate(self, key: str) -> asyncio.Event:
        return self._gates.setdefault(key, asyncio.Event())

    def _note(self, notes: list[str], task: Task) -> None:
        notes.append(task.key)
        self._changed.set()


def a_task(key: str, *, queue: str = "default", priority: int = 0, clock: ManualClock | None = None, delay: float = 0) -> Task:
    not_before = clock.now() + timedelta(seconds=delay) if clock else None
    return Task(kind=TaskKind.STEP, ref=key, key=key, queue=queue, priority=priority, not_before=not_before)


@asynccontextmanager
async def served(engine: Engine, deliver: Callable[[Task], Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
    """An engine that serves, and is closed at the end without grace."""
    serving = asyncio.ensure_future(engine.serve(deliver, queues=QUEUES, worker_id=WorkerId("w")))
    try:
        yield serving
    finally:
        await engine.close(grace_seconds=0)
        await asyncio.gather(serving, return_exceptions=True)


async def turn() -> None:
    """Let everything run that can run now."""
    for _ in range(10):
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(done.set_result, None)
        await done


def test_tasks_are_delivered_whether_submitted_before_or_after_serving_began(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries(holds=False)
        await engine.open()
        engine.submit([a_task("early")])
        assert deliveries.begun == []

        async with served(engine, deliveries):
            engine.submit([a_task("late")])
            await deliveries.until(lambda: len(deliveries.ended) == 2)

        assert deliveries.begun == ["early", "late"]

    asyncio.run(scenario())


def test_a_key_that_waits_or_runs_is_ignored_and_may_come_again_afterwards(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries()
        async with served(engine, deliveries):
            engine.submit([a_task("running", queue="other"), a_task("waiting", queue="other")])
            await deliveries.until(lambda: deliveries.begun == ["running"])
            engine.submit([a_task("running", queue="other"), a_task("waiting", queue="other")])
            deliveries.let_go("running", "waiting")
            await deliveries.until(lambda: len(deliveries.ended) == 2)
            await turn()
            assert deliveries.ended == ["running", "waiting"]

            engine.submit([a_task("running", queue="other")])
            await deliveries.until(lambda: len(deliveries.ended) == 3)

    asyncio.run(scenario())


def test_a_cancelled_waiting_task_is_never_delivered_and_its_key_is_free(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        engine, deliveries = make_engine(clock), Deliveries()
        async with served(engine, deliveries):
            engine.submit([a_task("first", queue="other"), a_task("second", queue="other"), a_task("third", queue="other")])
            engine.submit([a_task("delayed", clock=clock, delay=5)])
            await deliveries.until(lambda: deliveries.begun == ["first"])

            engine.cancel(["second", "delayed", "unknown"])
            deliveries.let_all_go()
            await deliveries.until(lambda: "third" in deliveries.ended)
            clock.advance(10)
            await turn()
            assert deliveries.begun == ["first", "third"]

            engine.submit([a_task("second", queue="other"), a_task("delayed")])
            await deliveries.until(lambda: {"second", "delayed"} <= set(deliveries.ended))

    asyncio.run(scenario())


def test_cancelling_a_running_task_interrupts_it_and_frees_its_place(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries()
        async with served(engine, deliveries) as serving:
            engine.submit([a_task("victim", queue="other"), a_task("next", queue="other")])
            await deliveries.until(lambda: deliveries.begun == ["victim"])

            engine.cancel(["victim"])
            await deliveries.until(lambda: deliveries.begun == ["victim", "next"])

            assert deliveries.interrupted == ["victim"]
            assert not serving.done()

    asyncio.run(scenario())


def test_a_task_that_is_cancelled_before_its_first_line_ran_frees_its_place(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries(holds=False)
        async with served(engine, deliveries):
            await turn()
            for number in range(20):
                engine.submit([a_task(f"hasty-{number}", queue="other")])
                engine.cancel([f"hasty-{number}"])
            engine.submit([a_task("last", queue="other")])
            await deliveries.until(lambda: "last" in deliveries.ended)
            assert deliveries.most["other"] == 1

    asyncio.run(scenario())


def test_a_delayed_task_is_delivered_when_its_time_has_come(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        engine, deliveries = make_engine(clock), Deliveries(holds=False)
        async with served(engine, deliveries):
            engine.submit([a_task("in-ten", clock=clock, delay=10), a_task("in-five", clock=clock, delay=5)])
            engine.submit([a_task("past", clock=clock, delay=-5)])
            await deliveries.until(lambda: deliveries.ended == ["past"])
            for seconds, expected in ((4, 1), (2, 2), (3, 2), (1, 3)):
                clock.advance(seconds)
                await turn()
                assert len(deliveries.ended) == expected
            assert deliveries.ended == ["past", "in-five", "in-ten"]

    asyncio.run(scenario())


def test_a_higher_priority_goes_first_and_equals_keep_their_order(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries(holds=False)
        given = {"a": 0, "b": 5, "c": -1, "d": 0, "e": 5, "f": 1, "g": -1, "h": 0}
        engine.submit([a_task(key, queue="other", priority=priority) for key, priority in given.items()])

        async with served(engine, deliveries):
            await deliveries.until(lambda: len(deliveries.ended) == len(given))

        assert deliveries.begun == list("befadhcg")

    asyncio.run(scenario())


def test_a_thousand_tasks_are_delivered_once_each_and_no_limit_is_exceeded(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries(holds=True)
        tasks = [a_task(str(number), queue="other" if number % 3 == 0 else "default") for number in range(1000)]
        async with served(engine, deliveries):
            engine.submit(tasks)
            await deliveries.until(lambda: len(deliveries.begun) == sum(QUEUES.values()))
            engine.cancel([task.key for task in tasks[900:950]])
            deliveries.let_all_go()
            await deliveries.until(lambda: len(deliveries.ended) == 950)

        assert Counter(deliveries.ended) == Counter(task.key for task in (*tasks[:900], *tasks[950:]))
        assert deliveries.most == Counter(QUEUES)

    asyncio.run(scenario())


def test_closing_waits_within_its_grace_for_what_runs_and_delivers_nothing_more(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        engine, deliveries = make_engine(clock), Deliveries()
        serving = asyncio.ensure_future(engine.serve(deliveries, queues=QUEUES, worker_id=WorkerId("w")))
        engine.submit([a_task("one"), a_task("two"), a_task("later", clock=clock, delay=1)])
        engine.submit([a_task(f"waiting-{number}") for number in range(5)])
        await deliveries.until(lambda: len(deliveries.begun) == 4)

        closing = asyncio.ensure_future(engine.close(grace_seconds=PATIENCE_SECONDS))
        await turn()
        deliveries.let_go("one")
        engine.submit([a_task("too-late")])
        await turn()
        assert not closing.done()
        deliveries.let_all_go()
        await closing
        await serving
        clock.advance(5)
        await turn()

        assert sorted(deliveries.ended) == ["one", "two", "waiting-0", "waiting-1"]
        assert deliveries.interrupted == []
        assert len(deliveries.begun) == 4

    asyncio.run(scenario())


def test_closing_interrupts_what_still_runs_after_its_grace(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries()
        serving = asyncio.ensure_future(engine.serve(deliveries, queues=QUEUES, worker_id=WorkerId("w")))
        engine.submit([a_task("stuck"), a_task("stuck-as-well"), a_task("waiting", queue="other")])
        await deliveries.until(lambda: len(deliveries.begun) == 3)

        await engine.close(grace_seconds=0.05)
        await serving

        assert deliveries.ended == []
        assert sorted(deliveries.interrupted) == sorted(deliveries.begun)

    asyncio.run(scenario())


def test_an_error_of_the_delivery_ends_serving_with_it(make_engine: MakeEngine) -> None:
    class Broken(Exception):
        """What the delivery raises."""

    async def scenario() -> None:
        delivered: list[str] = []

        async def deliver(task: Task) -> None:
            delivered.append(task.key)
            if task.key == "bad":
                raise Broken

        engine = make_engine(ManualClock())
        engine.submit([a_task("good", queue="other"), a_task("bad", queue="other"), a_task("never", queue="other")])
        async with served(engine, deliver) as serving:
            with pytest.raises(Broken):
                await asyncio.wait_for(serving, PATIENCE_SECONDS)

        assert delivered == ["good", "bad"]

    asyncio.run(scenario())


def test_recovering_is_repeatable_and_harmless_for_what_lives(make_engine: MakeEngine) -> None:
    async def scenario() -> None:
        engine, deliveries = make_engine(ManualClock()), Deliveries()
        async with served(engine, deliveries):
            engine.submit([a_task("mine")])
            await deliveries.until(lambda: deliveries.begun == ["mine"])
            assert engine.recover([WorkerId("dead")]) == engine.recover([WorkerId("dead")]) == 0
            deliveries.let_all_go()
            await deliveries.until(lambda: deliveries.ended == ["mine"])
            assert deliveries.begun == ["mine"]

    asyncio.run(scenario())
