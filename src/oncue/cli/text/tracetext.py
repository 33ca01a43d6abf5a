"""Traces as text for people. What went to a model or came from one is shown without its control characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oncue.cli.text.printing import coloured, fold, show_seconds
from oncue.cli.text.questiontext import one_line, plain
from oncue.cli.text.textviews import show_params, show_time
from oncue.control.amounts import describe_spending, show_dollars
from oncue.core.modelcalls import CallState
from oncue.core.promptdelta import Change
from oncue.core.questionwords import describe_response

if TYPE_CHECKING:
    from oncue.control.generation.carried import Carried
    from oncue.control.views.attempttrace import AttemptTrace
    from oncue.control.views.callview import CallView, SectionView
    from oncue.control.views.traceview import TraceView
    from oncue.core.comments import GivenComment
    from oncue.core.modelcalls import ModelCall

_OUTCOMES = {
    "answered": "answered",
    "failed": "failed",
    "under_way": "sent, the answer is awaited",
    "unknown": "sent, outcome unknown",
}
_COLOURS = {"answered": "ok", "failed": "failed", "under_way": "running", "unknown": "warn"}
_CELLS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How much of each call is shown."""

    has_sections: bool = False
    has_payload: bool = False


def render_trace(view: TraceView, shown: Shown) -> list[str]:
    """A trace: what each attempt was given, and its calls."""
    lines = [f"job {view.job_id}  {view.workflow}: {describe_spending(view.spending)}"]
    if not view.attempts:
        lines.append("no step has called a model or read a comment")
    for attempt in view.attempts:
        lines += ["", *_attempt_lines(attempt, shown)]
    return lines


def _attempt_lines(trace: AttemptTrace, shown: Shown) -> Iterator[str]:
    attempt = trace.attempt
    number = f" (attempt {attempt.key.number})" if attempt.key.number > 1 else ""
    state = coloured(attempt.state.value)
    yield f"run {attempt.key.run}  {attempt.key.step}{number}  {state}  {attempt.context.value} context"
    if trace.carried:
        yield f"  carried over: {fold([_carried(one) for one in trace.carried], limit=20)}"
    if attempt.inputs is None:
        yield "  what it consumed is on record only where it succeeds"
    for key in trace.resumes:
        which = f"run {key.run}" + (f", attempt {key.number}" if key.number > 1 else "")
        yield f"  goes on from {which}: what was answered there is not asked again"
    if trace.params:
        yield f"  params: {plain(show_params(trace.params))}"
    for comment in trace.comments:
        yield f"  comment {describe_comment(comment)}"
    for question in trace.answers:
        decision = question.decision
        answer = describe_response(question, decision.response) if decision else "no answer yet"
        how = f" ({', '.join(word for word in (decision.how.value, decision.actor) if word)})" if decision else ""
        yield f"  answer to {question.asking.type}: {one_line(answer, cells=_CELLS)}{how}"
    for call in trace.calls:
        yield from _call_lines(call, shown)
    if not trace.calls:
        yield f"  no model was called{' again' if trace.resumes else ''}" + (
            ": what the step wrote about it" if trace.log else ""
        )
    if trace.log_left_out:
        yield f"    … {trace.log_left_out} lines before: oncue job log"
    yield from (f"    | {plain(line)}" for line in trace.log)


def describe_comment(comment: GivenComment) -> str:
    """A comment on one line, whole."""
    kind = f" ({comment.kind.value})" if comment.kind else ""
    return f"of run {comment.run} by {comment.author}{kind}: {' '.join(plain(comment.text).split())}"


def _carried(one: Carried) -> str:
    run = f" of run {one.run}" if one.run is not None else ""
    match one.kind.value:
        case "previous":
            told = {None: "", True: " (shown to the model)", False: " (not shown to the model)"}[one.is_sent]
            return f"its own output{run}{told}"
        case "comment":
            return f"the comment{run}"
        case _:
            return f"{one.step}{run}"


def _call_lines(view: CallView, shown: Shown) -> Iterator[str]:
    call = view.call
    tries = f", sent for the {_ordinal(call.tries)} time" if call.tries > 1 else ""
    outcome = coloured(_COLOURS[view.outcome], _OUTCOMES[view.outcome])
    took = f"  {show_seconds(view.seconds)}" if view.seconds is not None else ""
    yield f"  call {call.number}  {call.purpose.value}{tries}  {plain(call.model)}  {outcome}{took}  {_cost(call)}"
    if call.error is not None:
        yield f"    {call.error.code}: {plain(call.error.message)}"
    yield f"    {', '.join(_section(section) for section in view.sections)}{_against(view)}"
    if shown.has_sections:
        yield from _whole(view)
    if shown.has_payload:
        yield from _text("payload", f"{call.payload}, sent to {plain(call.url)}", view.payload)
    if shown.has_sections and call.reply is not None:
        yield from _text("reply", call.reply, view.reply)


def _whole(view: CallView) -> Iterator[str]:
    call = view.call
    yield f"    sent at {show_time(call.sent_at)} to {plain(call.url)}; prompt {call.prompt}"
    if call.state is CallState.ANSWERED:
        by = f"answered by {plain(call.answered_by)}" if call.answered_by else "answered"
        yield f"    {by}, finish: {plain(call.finish) or 'not said'}; price: {plain(call.price_source or '') or 'unknown'}"
    for section in view.sections:
        yield from _text(section.name.value, section.hash, section.text)


def _text(name: str, about: str, text: str | None) -> Iterator[str]:
    yield f"    --- {name} ({about})"
    if text is None:
        yield "    (its text is not stored any more)"
    else:
        yield from (f"    | {line}" for line in plain(text).split("\n"))


def _section(section: SectionView) -> str:
    notes = [section.change.value] if section.change not in (None, Change.SAME) else []
    if section.redacted:
        notes.append(f"{section.redacted} secret{'s' if section.redacted > 1 else ''} taken out")
    return section.name.value + (f" ({', '.join(notes)})" if notes else "")


def _against(view: CallView) -> str:
    if view.against is None:
        return ""
    gone = f"; without {', '.join(name.value for name in view.removed)}" if view.removed else ""
    is_same = all(section.change is Change.SAME for section in view.sections) and not view.removed
    return f"{gone}  [{'the same as' if is_same else 'compared with'} run {view.against}]"


def _cost(call: ModelCall) -> str:
    usage = call.usage
    tokens = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens" if usage else "tokens unknown"
    money = show_dollars(call.usd) if call.usd is not None else "cost unknown"
    return f"{tokens}, {money}"


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third", 4: "fourth"}.get(number, f"{number}th")
