"""The job that is killed: 50 steps, of which some are sync and some async.

::

    items ──▶ work[20] ──▶ polish[20] ──▶ join ──▶ link_1 ──▶ … ──▶ link_8

Every execution writes to the side-effect log when it begins and when it ends. Outputs depend on nothing but inputs and
parameters. ``join`` has a body that is too large for its row, and a file.
"""

from oncue import StepContext, Workflow
from tests.crash.effects import effect

WIDTH = 20
flow = Workflow("fifty", params={"suffix": "!"}, max_parallel=4)


@flow.step
def items(ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [f"item-{number:02}" for number in range(WIDTH)]


@flow.step(each="items")
def work(item: str, params, ctx: StepContext) -> str:  # type: ignore[no-untyped-def]
    with effect(ctx):
        return item.upper() + str(params.suffix)


@flow.step(each="work")
async def polish(item: str, ctx: StepContext) -> dict[str, str]:
    with effect(ctx):
        return {"text": item, "step": ctx.step}


@flow.step
def join(polish: dict[str, dict[str, str]], ctx: StepContext) -> list[str]:
    with effect(ctx):
        texts = [part["text"] for part in polish.values()]
        (ctx.files / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
        return texts * 50


@flow.step
def link_1(join: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*join[:2], "1"]


@flow.step
async def link_2(link_1: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_1, "2"]


@flow.step
def link_3(link_2: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_2, "3"]


@flow.step
async def link_4(link_3: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_3, "4"]


@flow.step
def link_5(link_4: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_4, "5"]


@flow.step
async def link_6(link_5: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_5, "6"]


@flow.step
def link_7(link_6: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_6, str(ctx.remember("seven", lambda: "7"))]


@flow.step(deliverable=True)
async def link_8(link_7: list[str], ctx: StepContext) -> list[str]:
    with effect(ctx):
        return [*link_7, "8"]
