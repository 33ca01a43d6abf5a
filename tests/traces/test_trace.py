"""What a trace says of attempts and calls: all of it, in order, and the unknown as unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from oncue.cli.text.tracetext import Shown, render_trace
from oncue.control.generation.carried import CarriedKind
from oncue.control.views.callview import attributes_of
from oncue.control.views.traceview import TraceWish, view_latest_attempts, view_trace
from oncue.control.workspace import Workspace
from oncue.core.model import ContextMode, Job
from oncue.core.modelcalls import CallState, ModelCall
from oncue.core.modelport import ModelFailed, ModelReply, ModelRequest, ModelTrouble
from oncue.core.promptdelta import Change
from oncue.core.prompts import SectionName
from oncue.core.request import Budget, RunRequest, Scope
from oncue.errors import NotFound, UnknownRun, UnknownStep
from tests.generating.conftest import Desk
from tests.generating.running import only, run
from tests.generating.scripted import always, reply
from tests.traces.scenes import first_calls, new_job, trace_of

OpenDesk = Callable[..., Desk]


def test_a_trace_lists_what_an_attempt_consumed_and_what_steered_it(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="use the 2024 column"))

    first, second = trace_of(workspace, job, step="draft").attempts

    assert [(one.kind, one.step, one.run) for one in first.carried] == [
        (CarriedKind.UPSTREAM, "table", 1),
        (CarriedKind.UPSTREAM, "guide", 1),
    ]
    assert [(one.kind, one.step, one.run, one.is_sent) for one in second.carried] == [
        (CarriedKind.UPSTREAM, "table", 1, None),
        (CarriedKind.UPSTREAM, "guide", 1, None),
        (CarriedKind.PREVIOUS, "draft", 1, True),
    ]
    assert [comment.text for comment in second.comments] == ["use the 2024 column"]
    assert [question.asking.type for question in second.answers] == ["tone"]
    assert second.as_dict()["consumed"]["comments"] == [2]
    assert set(second.as_dict()["consumed"]["steps"]) == {"table", "guide"}


def test_only_parameters_that_were_read_are_listed_with_the_values_they_had(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, RunRequest(scope=Scope.RESUME, params={"year": 2024}))

    first, second = trace_of(workspace, job, step="table").attempts

    assert (first.params, second.params) == ({"year": 2023}, {"year": 2024})


def test_a_clean_context_carries_over_nothing_of_the_steps_own(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, replace(only("draft"), context=ContextMode.CLEAN))

    trace = trace_of(workspace, job, step="draft").attempts[-1]

    assert trace.attempt.context is ContextMode.CLEAN
    assert {one.kind for one in trace.carried} == {CarriedKind.UPSTREAM}
    assert SectionName.PREVIOUS not in [section.name for section in trace.calls[0].sections]


def test_comments_that_are_kept_are_carried_over(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="one"))
    run(workspace, job, only("draft", comment="two", keep_comments=True))

    trace = trace_of(workspace, job, step="draft", run=3).attempts[0]

    assert [comment.text for comment in trace.comments] == ["one", "two"]
    assert [one.run for one in trace.carried if one.kind is CarriedKind.COMMENT] == [2]
    assert [comment.text for comment in trace.calls[0].comments] == ["one", "two"]


def test_a_call_says_which_sections_changed_since_the_run_before(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft", comment="use the 2024 column"))
    run(workspace, job, replace(only("draft"), context=ContextMode.CLEAN))

    first, second, third = first_calls(trace_of(workspace, job, step="draft"))

    assert (first.against, {section.change for section in first.sections}) == (None, {None})
    assert second.against == 1
    assert {section.name for section in second.sections if section.change is Change.ADDED} == {
        SectionName.PREVIOUS,
        SectionName.COMMENT,
    }
    assert (third.against, third.removed) == (2, (SectionName.PREVIOUS, SectionName.COMMENT))


def test_one_call_is_shown_with_every_byte_that_was_said(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    whole = trace_of(workspace, job, step="draft", call=1, has_texts=True)
    call = first_calls(whole)[0]

    assert call.payload is not None
    assert call.payload.encode() == model.sent[0]
    assert call.reply == "Rain fell."
    assert {section.name: section.text for section in call.sections}[SectionName.REQUEST] == "Write in a dry tone."
    text = "\n".join(render_trace(whole, Shown(has_sections=True, has_payload=True)))
    assert "| Write in a dry tone." in text
    assert "| Rain fell." in text
    assert json.dumps("Write in a dry tone.")[1:-1] in text


def test_texts_are_not_read_where_nobody_asks_for_them(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    record = trace_of(workspace, job).as_dict()

    call = record["attempts"][0]["calls"][0]
    assert {"payload_text", "reply_text"}.isdisjoint(call)
    assert all("text" not in section for section in call["sections"])


def test_a_text_that_was_pruned_is_said_to_be_gone(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("long " * 5000))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    stored = first_calls(trace_of(workspace, job))[0].call
    assert stored.reply is not None
    workspace.store.blobs.delete(stored.reply)

    view = trace_of(workspace, job, call=1, has_texts=True)

    assert first_calls(view)[0].reply is None
    assert "its text is not stored any more" in "\n".join(render_trace(view, Shown(has_sections=True)))


def test_what_is_unknown_is_said_to_be_unknown_and_counted(open_desk: OpenDesk) -> None:
    answers = iter([reply("One.", usd=None), reply("Two.", usage=None, usd=None), reply("Three.")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("draft"))
    run(workspace, job, only("draft"))

    view = trace_of(workspace, job)

    spent = view.as_dict()["spending"]
    assert (spent["calls"], spent["calls_of_unknown_tokens"], spent["calls_of_unknown_usd"]) == (3, 1, 2)
    text = "\n".join(render_trace(view, Shown()))
    assert "3 calls, 240 tokens, $0.01; the tokens of 1 of them are unknown; the cost of 2 of them is unknown" in text
    assert "tokens unknown, cost unknown" in text


def test_every_try_of_a_prompt_is_a_call_of_its_own(open_desk: OpenDesk) -> None:
    answers = iter([ModelFailed(ModelTrouble.RATE_LIMITED, "slow down", retry_after_seconds=0.0), reply("Rain fell.")])
    workspace, _ = open_desk(lambda _: next(answers))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    view = trace_of(workspace, job)

    busy, answered = view.attempts[0].calls
    assert (busy.outcome, busy.call.tries, answered.outcome, answered.call.tries) == ("failed", 1, "answered", 2)
    assert busy.as_dict()["error"]["code"] == "model_rate_limited"
    assert "generate, sent for the second time" in "\n".join(render_trace(view, Shown()))


def test_a_call_whose_attempt_nobody_holds_has_an_unknown_outcome(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    sent = replace(_one_call(workspace, job), number=2, state=CallState.SENT, usage=None, usd=None, reply=None, ended_at=None)
    workspace.store.write(lambda tx: tx.insert_call(sent))

    view = trace_of(workspace, job)

    assert [call.outcome for call in view.attempts[0].calls] == ["answered", "unknown"]
    text = "\n".join(render_trace(view, Shown()))
    assert "sent, outcome unknown" in text
    assert "the cost of 1 of them is unknown" in text


def test_an_attempt_says_from_which_others_it_goes_on(open_desk: OpenDesk) -> None:
    workspace, model = open_desk(always("rain"))
    job = new_job(workspace, "tests.generating.flows:lone", count=2)
    run(workspace, job, RunRequest(budget=Budget(calls=1)))
    run(workspace, job, RunRequest(scope=Scope.RESUME, budget=Budget(calls=1)))
    run(workspace, job, only("numbers"))

    first, second, third = trace_of(workspace, job).attempts

    assert [[key.run for key in trace.resumes] for trace in (first, second, third)] == [[], [1], []]
    assert [len(trace.calls) for trace in (first, second, third)] == [1, 1, 2]
    assert len(model.sent) == 4
    text = "\n".join(render_trace(trace_of(workspace, job), Shown()))
    assert "goes on from run 1: what was answered there is not asked again" in text


def test_a_call_that_is_under_way_is_not_yet_of_unknown_outcome(open_desk: OpenDesk) -> None:
    seen: list[str] = []
    desk: list[tuple[Workspace, Job]] = []

    def look(_: ModelRequest) -> ModelReply:
        view = trace_of(*desk[0])
        seen.extend([view.attempts[0].calls[0].outcome, "\n".join(render_trace(view, Shown()))])
        return reply("Rain fell.")

    workspace, _ = open_desk(look)
    desk.append((workspace, new_job(workspace, "yearly")))
    run(*desk[0])

    assert seen[0] == "under_way"
    assert "sent, the answer is awaited" in seen[1]


def test_a_comment_that_was_read_without_a_model_is_traced_with_what_the_step_wrote(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("unused"))
    job = new_job(workspace, "steered")
    run(workspace, job)
    run(workspace, job, only("search", comment="snow"))

    view = trace_of(workspace, job)

    assert [(one.attempt.key.run, one.attempt.key.step) for one in view.attempts] == [(2, "search")]
    trace = view.attempts[0]
    assert (trace.calls, [comment.text for comment in trace.comments]) == ((), ["snow"])
    assert trace.log[-1].endswith("added the words of the comment: snow")
    assert (len(trace.log), trace.log_left_out) == (20, 11)
    text = "\n".join(render_trace(view, Shown()))
    assert "no calls" in text
    assert "… 11 lines before: oncue job log" in text


def test_names_of_opentelemetry_stand_beside_ours(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    call = _one_call(workspace, job)

    known = attributes_of(call)
    unknown = attributes_of(replace(call, model="odd", url="http://[", usage=None, usd=None, finish="", answered_by=""))

    assert known == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "recorded",
        "gen_ai.request.model": "script",
        "gen_ai.response.model": "scripted-1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "oncue.cost.usd": 0.01,
        "server.address": "model.test",
        "server.port": 80,
    }
    assert unknown == {"gen_ai.operation.name": "chat", "gen_ai.request.model": "odd"}


@pytest.mark.parametrize(
    ("wish", "error", "code"),
    [
        (TraceWish(run=9), UnknownRun, "unknown_run"),
        (TraceWish(step="drift"), UnknownStep, "unknown_step"),
        (TraceWish(step="draft", run=2), NotFound, "no_attempt"),
        (TraceWish(step="draft", call=2), NotFound, "unknown_call"),
        (TraceWish(step="table", call=1), NotFound, "unknown_call"),
    ],
)
def test_what_is_not_there_is_an_error_of_its_own(
    open_desk: OpenDesk, wish: TraceWish, error: type[NotFound], code: str
) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    run(workspace, job)
    run(workspace, job, only("table"))

    with pytest.raises(error) as caught:
        view_trace(workspace, job.id, wish)

    assert caught.value.code == code


def test_the_last_attempts_of_a_step_are_told_with_what_all_of_them_cost(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("Rain fell."))
    job = new_job(workspace, "yearly")
    for request in (None, only("draft"), only("draft")):
        run(workspace, job, request)
    whole = trace_of(workspace, job, step="draft")

    latest = view_latest_attempts(workspace, job.id, "draft", run=None, count=2)
    of_first = view_latest_attempts(workspace, job.id, "draft", run=1, count=2)
    unmade = view_latest_attempts(workspace, job.id, "table", run=2, count=2)

    assert latest.attempts == whole.attempts[:0:-1]
    assert (latest.left_out, latest.spent) == (1, whole.spending)
    assert (of_first.attempts, of_first.left_out, of_first.spent.calls) == (whole.attempts[:1], 0, 1)
    assert (unmade.attempts, unmade.is_telling) == ((), False)


def test_an_attempt_that_failed_keeps_its_calls_and_says_why(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(lambda _: ModelFailed(ModelTrouble.BAD_REQUEST, "no such model"))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    trace = trace_of(workspace, job).attempts[0]

    assert trace.as_dict()["error"]["message"] == "no such model"
    assert trace.as_dict()["consumed"] is None
    assert [call.outcome for call in trace.calls] == ["failed"]


def test_an_answer_with_half_a_character_is_kept_and_paid_for(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("\ud83d\ude00 rain \ud800"))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    call = first_calls(trace_of(workspace, job, call=1, has_texts=True))[0]

    assert (call.outcome, call.reply, call.call.usd) == ("answered", "\U0001f600 rain \ufffd", 0.01)


def test_control_characters_of_an_answer_do_not_reach_the_terminal(open_desk: OpenDesk) -> None:
    workspace, _ = open_desk(always("\x1b[2J\u202egone"))
    job = new_job(workspace, "yearly")
    run(workspace, job)

    text = "\n".join(render_trace(trace_of(workspace, job, call=1, has_texts=True), Shown(has_sections=True)))

    assert "gone" in text
    assert not {"\x1b[2J", "\u202e"} & {text[at : at + 4] for at in range(len(text))}
    assert "\u202e" not in text


def _one_call(workspace: Workspace, job: Job) -> ModelCall:
    with workspace.store.read() as reader:
        return reader.list_calls(job.id)[0]
