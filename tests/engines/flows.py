"""Small workflows for the laws of execution."""

from oncue import StepContext, StepFailed, Workflow
from oncue.errors import WriteRefused
from tests.engines.gates import gate, wait_at_gate, wait_for_ever

plain = Workflow("plain")


@plain.step
def first() -> int:
    return 1


@plain.step
def second(first: int) -> int:
    return first + 1


holding = Workflow("holding")


@holding.step
def before() -> int:
    return 1


@holding.step
def hold(before: int, ctx: StepContext) -> int:
    wait_at_gate(ctx)
    return before + 1


@holding.step
def after(hold: int) -> int:
    return hold + 1


coroutine = Workflow("coroutine")


@coroutine.step
async def dream(ctx: StepContext) -> int:
    await wait_for_ever(ctx)
    return 1


stubborn = Workflow("stubborn")


@stubborn.step
def ignore(ctx: StepContext) -> int:
    """Goes on after a cancel, and tries to leave something behind."""
    wait_at_gate(ctx)
    gate.say(f"cancelled {ctx.is_cancelled}")
    ctx.progress(1, 1, "late")
    try:
        ctx.remember("late", lambda: "kept")
    except WriteRefused:
        gate.say("refused")
    gate.cleared.set()
    return 1


slow_thread = Workflow("slow_thread")


@slow_thread.step(timeout_seconds=0.2)
def linger(ctx: StepContext) -> int:
    wait_at_gate(ctx)
    return 1


slow_coroutine = Workflow("slow_coroutine")


@slow_coroutine.step(timeout_seconds=0.2)
async def linger_as_well(ctx: StepContext) -> int:
    await wait_for_ever(ctx)
    return 1


own_timeout = Workflow("own_timeout")


@own_timeout.step(timeout_seconds=60)
async def give_up() -> int:
    raise TimeoutError("the other side is silent")


flaky = Workflow("flaky", params={"failures": 2})


@flaky.step(retries=3, backoff_seconds=10)
def stumble(params, ctx: StepContext) -> int:  # type: ignore[no-untyped-def]
    if ctx.attempt <= params.failures:
        raise StepFailed(f"stumbled {ctx.attempt}", code="stumbled")
    return ctx.attempt


costly = Workflow("costly")


@costly.step
async def spend() -> int:
    if gate.clock is not None:
        gate.clock.advance(10)
    return 1


@costly.step
async def spend_more(spend: int) -> int:
    return spend + 1


wide = Workflow("wide", params={"width": 40}, max_parallel=40)


@wide.step
def numbers(params) -> list[str]:  # type: ignore[no-untyped-def]
    return [f"n{number}" for number in range(params.width)]


@wide.step(each="numbers")
async def wait_each(item: str, ctx: StepContext) -> str:
    await wait_for_ever(ctx)
    return item


many = Workflow("many", params={"width": 10_000})


@many.step
def elements(params) -> list[str]:  # type: ignore[no-untyped-def]
    return [f"element-{number:05}" for number in range(params.width)]


@many.step(each="elements")
def each_one(item: str) -> dict[str, object]:
    return {"element": item, "length": len(item)}


@many.step
def total(each_one: dict[str, dict[str, object]]) -> int:
    return len(each_one)


large = Workflow("large")


@large.step
def small_part() -> str:
    return "small"


@large.step
def large_part(small_part: str) -> str:
    return small_part * 400_000


@large.step
def sized(large_part: str) -> int:
    return len(large_part)


doomed = Workflow("doomed")


@doomed.step(retries=1, backoff_seconds=300)
def hopeful() -> int:
    raise StepFailed("try again later")


@doomed.step
async def hopeless() -> int:
    raise StepFailed("never")
