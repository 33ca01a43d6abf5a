"""While a run waits for a person: its questions are put at the terminal, or this process waits for answers from elsewhere.

Waiting holds nothing: no step, no worker thread, no transaction. The executor's watch over deadlines goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from oncue.cli.terminal.driving import Outcome, Signals
from oncue.cli.terminal.lineeditor import Key
from oncue.cli.terminal.prompting import Keyboard, PromptLine, read_typed, say_error
from oncue.cli.text.printing import coloured, say
from oncue.cli.text.questiontext import RESPONSE_CELLS, describe_how, one_line, render_question
from oncue.control.answers import AlreadyAnswered, Answered, Taken, answer_question
from oncue.control.execution.storedrun import may_go_on
from oncue.control.promptrecords import decision_record
from oncue.control.views.decisionview import answer_command, use_late_command, waiting_questions
from oncue.control.workspace import Workspace
from oncue.core.model import Run, RunState
from oncue.core.ports import Watch
from oncue.core.questions import Question
from oncue.core.questionwords import describe_response
from oncue.errors import OncueError

LOOK_SECONDS = 0.1
LOOKS_WITHOUT_CHANGE = 10


class Place(Enum):
    """Where the answers come from."""

    TERMINAL = "terminal"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"
    """Nobody waits for them here: the process leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A run as it is now: whether it still waits, whether it could go on, and what it asks."""

    is_waiting: bool
    may_go_on: bool
    questions: tuple[Question, ...]


@dataclass(slots=True, kw_only=True)
class Attendant:
    """Waits for the person of a run; ``announce`` shows a question to whoever reads standard error."""

    workspace: Workspace
    actor: str
    place: Place
    announce: Callable[[Workspace, Question], None]

    async def attend(self, run: Run, signals: Signals) -> Outcome | None:
        """Wait until something of the run may go on: None then, else why this process stops.

        A person who answers here is asked everything that waits before the run goes on.
        """
        watch = self.workspace.store.watch()
        try:
            return await self._attend(run, signals, watch=watch)
        finally:
            watch.close()

    async def _attend(self, run: Run, signals: Signals, *, watch: Watch) -> Outcome | None:
        announced: set[str] = set()
        has_answered = False
        while True:
            look = await asyncio.to_thread(self._look, run)
            if not look.is_waiting or (look.may_go_on and not (has_answered and look.questions)):
                return None
            if self.place is Place.NOWHERE:
                return Outcome.ENDED
            if self.place is Place.TERMINAL:
                outcome, has_answered = await self._put(run, look.questions, signals=signals)
            else:
                for question in look.questions:
                    if question.id not in announced:
                        announced.add(question.id)
                        self.announce(self.workspace, question)
                outcome = await _rest_until_changed(signals, watch)
            if outcome is not None:
                return outcome

    def _look(self, run: Run) -> _Look:
        with self.workspace.store.read() as reader:
            now = reader.load_run(run.job_id, run.number)
            questions = waiting_questions(reader, run.job_id, run.number)
            is_waiting = now is not None and now.state is RunState.WAITING
            could = now is not None and may_go_on(reader, now)
        return _Look(is_waiting=is_waiting, may_go_on=could, questions=questions)

    async def _put(self, run: Run, questions: tuple[Question, ...], *, signals: Signals) -> tuple[Outcome | None, bool]:
        """Put the first of the questions until it is answered, or another one is, elsewhere: then the run may go on.

        Returns why this process stops, if it does, and whether the question was answered here.
        """
        question, before = questions[0], {waiting.id for waiting in questions}
        for line in render_question(question, self.workspace.clock.now()):
            say(line)
        prompt = PromptLine(question)
        with Keyboard(signals.happened.set) as keyboard:
            while True:
                prompt.draw(keyboard.editor.text, self.workspace.clock.now())
                outcome = await _rest(signals)
                typed = keyboard.lines.pop(0) if keyboard.lines else None
                if outcome is not None or typed is Key.LEAVE:
                    prompt.keep()
                    return outcome or Outcome.PUT_OFF, False
                if isinstance(typed, str):
                    prompt.keep()
                    if await self._take(question, typed):
                        return None, True
                look = await asyncio.to_thread(self._look, run)
                still = {waiting.id for waiting in look.questions}
                if not look.is_waiting or not before <= still:
                    prompt.clear()
                    if question.id not in still:
                        say(await asyncio.to_thread(self._describe_end, question))
                    return None, False

    async def _take(self, question: Question, typed: str) -> bool:
        """Take what was typed; False where it is no answer."""
        try:
            response = await asyncio.to_thread(read_typed, question, typed)
            answered = await asyncio.to_thread(
                lambda: answer_question(self.workspace, question, actor=self.actor, response=response)
            )
        except AlreadyAnswered:
            return False  # the look that follows says by whom
        except OncueError as error:
            say_error(error)
            return False
        say(_describe_taken(answered))
        return True

    def _describe_end(self, question: Question) -> str:
        """How a question was settled that was being put here."""
        with self.workspace.store.read() as reader:
            now = reader.load_question(question.id)
        if now is None or now.decision is None:
            return f"question {question.id} is not open any more"
        given = one_line(describe_response(now, now.decision.response), cells=RESPONSE_CELLS)
        return f"question {question.id} was settled meanwhile: {given}, {describe_how(now, now.decision)}"


def _describe_taken(answered: Answered) -> str:
    given = one_line(describe_response(answered.question, answered.response), cells=RESPONSE_CELLS)
    if answered.taken is Taken.LATE:
        return f"too late, but kept: {given}; {use_late_command(answered.question)}"
    return f"answered: {coloured('ok', given)}"


async def _rest_until_changed(signals: Signals, watch: Watch) -> Outcome | None:
    """Wait until somebody wrote something, or for a second: looking at the questions again costs more than this."""
    for _ in range(LOOKS_WITHOUT_CHANGE):
        outcome = await _rest(signals)
        if outcome is not None or watch.changed():
            return outcome
    return None


async def _rest(signals: Signals) -> Outcome | None:
    """Wait a moment, or for something to happen; why this process stops, if it does."""
    with suppress(TimeoutError):
        await asyncio.wait_for(signals.happened.wait(), LOOK_SECONDS)
    signals.happened.clear()
    if signals.is_terminated:
        return Outcome.TERMINATED
    return Outcome.PUT_OFF if signals.interrupts else None


def announce_as_text(workspace: Workspace, question: Question) -> None:
    """Show a question to people who read standard error."""
    for line in render_question(question, workspace.clock.now()):
        say(line)
    say(f"  answer it from anywhere: {answer_command(question)}")


def announce_as_json(workspace: Workspace, question: Question) -> None:
    """Show a question to programs that read standard error: one line, so that no one waits without a word."""
    del workspace
    record = {"question": decision_record(question), "answer": answer_command(question)}
    say(json.dumps(record, ensure_ascii=False))
