"""When a model does not answer as it should: told apart, repeated where that helps, and kept."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from oncue import wiring
from oncue.control.answers import answer_question
from oncue.control.runs import cancel_run
from oncue.core.model import AttemptState, Run, RunState
from oncue.core.modelcalls import CallState, add_spending
from oncue.core.modelport import ModelFailed, ModelReply, ModelRequest, ModelTrouble, OnText, OnWire, Usage
from oncue.core.request import Budget, RunRequest
from tests.engines.starting import start
from tests.generating.conftest import Desk
from tests.generating.running import attempts, calls, new_job, only, output, resume, run, text
from tests.generating.scripted import ScriptedModel, always, reply

OpenDesk = Callable[..., Desk]


def _failing(*troubles: ModelFailed) -> Callable[[ModelRequest], ModelReply | ModelFailed]:
    """Fails so, one after the other, and then answers."""
    left = list(troubles)
    return lambda _: left.pop(0) if left else reply('{"total": 3}')


def _failed(ended: Run) -> tuple[RunState, str]:
    assert ended.error is not None, "it says why"
    return ended.state, ended.error.message


def test_a_rate_limit_is_waited_for_and_each_request_is_on_record(open_desk: OpenDesk) -> None:
    limit = ModelFailed(ModelTrouble.RATE_LIMITED, "slow down", retry_after_seconds=0.01)
    workspace, model = open_desk(_failing(limit, limit))
    job = new_job(workspace, model, "typed")

    run(workspace, job, only("tally"))

    made = calls(workspace, job)
    assert [(call.number, call.tries, call.state) for call in made] == [
        (1, 1, CallState.FAILED),
        (2, 2, CallState.FAILED),
        (3, 3, CallState.ANSWERED),
    ]
    assert [call.usd for call in made] == [0.0, 0.0, 0.01]
    assert made[0].prompt == made[2].prompt
    assert output(workspace, job, "tally") == {"total": 3}


@pytest.mark.parametrize(
    ("trouble", "sent"), [(ModelTrouble.UNAUTHORIZED, 1), (ModelTrouble.REFUSED, 1), (ModelTrouble.OVERLOADED, 4)]
)
def test_trouble_that_does_not_pass_fails_the_step_with_its_own_code(
    trouble: ModelTrouble, sent: int, open_desk: OpenDesk
) -> None:
    errors = [ModelFailed(trouble, "no", raw="a part", retry_after_seconds=0.0) for _ in range(9)]
    workspace, model = open_desk(_failing(*errors))
    job = new_job(workspace, model, "typed")

    ended = run(workspace, job, only("tally"))

    failed = attempts(workspace, job, "tally")[0]
    assert ended.state is RunState.FAILED
    assert failed.error is not None
    assert (failed.error.code, failed.error.detail) == (trouble.value, "a part")
    assert len(model.sent) == sent
    assert text(workspace, calls(workspace, job)[-1].reply) == "a part"


def test_an_answer_that_cannot_be_parsed_fails_the_step_and_is_kept(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always('{"total": "many"}'))
    job = new_job(workspace, model, "typed")

    run(workspace, job, only("tally"))

    failed = attempts(workspace, job, "tally")[0]
    assert failed.error is not None
    assert failed.error.code == "unparsable_answer"
    assert failed.error.message.startswith("the answer cannot be parsed: total:")
    assert failed.error.detail == '{"total": "many"}'
    assert len(model.sent) == 1
    assert text(workspace, calls(workspace, job)[0].reply) == '{"total": "many"}'


def test_an_answer_that_was_cut_off_fails_the_step_instead_of_passing_for_a_whole_one(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(lambda _: replace(reply("half a dra"), finish="length"))
    job = new_job(workspace, model, "drafting")

    run(workspace, job)

    failed = attempts(workspace, job, "draft")[0]
    assert failed.error is not None
    assert (failed.error.code, failed.error.detail) == ("answer_cut", "half a dra")
    assert len(model.sent) == 1


def test_corrections_are_bounded_by_count(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("never the word"))
    job = new_job(workspace, model, "drafting", params={"wanted": "Nile"})

    ended = run(workspace, job)

    assert _failed(ended) == (RunState.FAILED, "step draft: no acceptable draft: it must hold 'Nile'")
    assert len(model.sent) == 3


def test_an_async_step_is_told_to_await(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("text"))
    job = new_job(workspace, model, "typed")

    ended = run(workspace, job, only("blocking"))

    assert "generate_async" in _failed(ended)[1]
    assert model.sent == []


def test_without_a_model_a_step_that_needs_one_fails_and_says_what_to_do(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("text"), is_set=False)
    job = new_job(workspace, model, "drafting")

    run(workspace, job)

    failed = attempts(workspace, job, "draft")[0]
    assert failed.error is not None
    assert failed.error.code == "no_model"
    assert "oncue config set model" in failed.error.detail


def test_a_step_that_waited_for_a_person_does_not_pay_again(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("paid for"))
    job = new_job(workspace, model, "asking")

    async def execute() -> Run:
        async with wiring.executing(workspace) as executor:
            started = start(workspace, job.id, owner=executor.worker_id)
            await executor.finish(job.id, started.number)
            with workspace.store.read() as reader:
                (question,) = reader.list_questions(job_id=job.id)
            await asyncio.to_thread(answer_question, workspace, question, actor="ada", response="yes")
            return await executor.finish(job.id, started.number)

    ended = asyncio.run(execute())

    assert ended.state is RunState.SUCCEEDED
    assert output(workspace, job, "asked") == "paid for: yes"
    assert len(model.sent) == 1


@pytest.mark.parametrize(
    ("budget", "code", "paid"),
    [
        (Budget(calls=2), "budget_calls", 2),
        (Budget(tokens=250), "budget_tokens", 3),
        (Budget(usd=0.015), "budget_usd", 2),
    ],
)
def test_a_budget_ends_the_run_before_the_next_call_and_what_was_paid_for_is_used(
    budget: Budget, code: str, paid: int, open_desk: OpenDesk
) -> None:
    workspace, model = open_desk(lambda request: reply(f"answer to {request.user[-130:-110]}"))
    job = new_job(workspace, model, "many")

    halted = run(workspace, job, RunRequest(scope=only("each").scope, steps=("each",), budget=budget))
    sent_before = len(model.sent)
    resumed = run(workspace, job, resume())

    assert (halted.state, sent_before) == (RunState.HALTED, paid)
    assert halted.error is not None
    assert halted.error.code == code
    first = attempts(workspace, job, "each")[0]
    assert first.state is AttemptState.CANCELLED
    assert first.error is not None
    assert first.error.code == code
    assert resumed.state is RunState.SUCCEEDED
    assert len([user for user in model.users if "Number" in user]) == 5
    assert len(set(model.users)) == len(model.users)


def test_a_budget_in_money_needs_known_prices_or_a_limit_of_tokens(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("text", usd=None))
    job = new_job(workspace, model, "many")

    halted = run(workspace, job, RunRequest(budget=Budget(usd=1.0)))
    bounded = run(workspace, job, resume(Budget(usd=1.0, tokens=100_000)))

    assert halted.error is not None
    assert (halted.state, halted.error.code) == (RunState.HALTED, "budget_unknown")
    assert bounded.state is RunState.SUCCEEDED
    spent = add_spending(calls(workspace, job))
    assert (spent.usd, spent.unknown_usd) == (0.0, spent.calls)


def test_calls_made_at_once_never_exceed_the_budget_of_calls(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("text"))
    job = new_job(workspace, model, "many")

    halted = run(workspace, job, RunRequest(budget=Budget(calls=7)))
    ended = run(workspace, job, resume())

    assert halted.state is RunState.HALTED
    assert ended.state is RunState.SUCCEEDED
    assert len(model.sent) == 10


class _Endless(ScriptedModel):
    """A model that begins to answer and never ends."""

    async def send(self, request: ModelRequest, *, on_wire: OnWire, on_text: OnText) -> ModelReply:
        await super().send(request, on_wire=on_wire, on_text=on_text)
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError("it is cancelled")

    begun: asyncio.Event


def test_cancelling_a_run_ends_its_call_and_keeps_what_came(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("half an ans"))
    endless = _Endless(model.answer, workspace)
    object.__setattr__(workspace, "models", endless)
    job = new_job(workspace, endless, "typed")

    async def execute() -> Run:
        endless.begun = asyncio.Event()
        async with wiring.executing(workspace) as executor:
            started = start(workspace, job.id, request=only("tally"), owner=executor.worker_id)
            finishing = asyncio.ensure_future(executor.finish(job.id, started.number))
            await endless.begun.wait()
            await asyncio.to_thread(cancel_run, workspace, job.id, actor="ada")
            return await finishing

    ended = asyncio.run(execute())

    (call,) = calls(workspace, job)
    assert ended.state is RunState.CANCELLED
    assert call.error is not None
    assert (call.state, call.error.code, call.usage, call.usd) == (CallState.FAILED, "interrupted", None, None)
    assert text(workspace, call.reply) == "half an ans"


def test_what_a_broken_answer_used_is_counted(open_desk: OpenDesk) -> None:
    broken = ModelFailed(
        ModelTrouble.BROKEN_ANSWER, "cut off", retry_after_seconds=0.0, usage=Usage(input_tokens=7, output_tokens=1)
    )
    workspace, model = open_desk(_failing(broken))
    job = new_job(workspace, model, "typed")

    run(workspace, job, only("tally"))

    spent = add_spending(calls(workspace, job))
    assert (spent.calls, spent.tokens, spent.unknown_usd) == (2, 128, 1)
