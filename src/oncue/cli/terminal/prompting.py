"""A question at the terminal: one line that shows the time left and what is typed, and goes away when it is not needed."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from rich.cells import cell_len

from oncue.cli.terminal.formfiles import parse_form, read_form
from oncue.cli.terminal.lineeditor import Key, LineEditor
from oncue.cli.text.printing import say
from oncue.cli.text.questiontext import one_line, say_default, show_left
from oncue.control.workspace import Workspace
from oncue.core.questions import InvalidAnswer, Question, QuestionKind, check_answer, read_answer
from oncue.errors import OncueError

CHUNK = 65_536
CLEAR_LINE = "\r\x1b[K"
_WANTED = {
    QuestionKind.CHOICE: "a number or an option",
    QuestionKind.CHOICES: "numbers or options, with commas between them",
    QuestionKind.TEXT: "your text",
    QuestionKind.NUMBER: "a number",
    QuestionKind.CONFIRM: "yes or no",
    QuestionKind.FORM: 'a file with JSON, or {"field": value}',
}


def has_person() -> bool:
    """Whether a person sits at this terminal: all three streams are one, and this process is in its foreground."""
    try:
        is_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
        return is_terminal and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # a stream that was closed, or is none
        return False


class Keyboard:
    """The terminal's keys while a question is put: no echo, no lines, but Ctrl-C as ever. Everything is put back at the end."""

    def __init__(self, happened: Callable[[], None]) -> None:
        self.lines: list[str | Key] = []
        self.editor = LineEditor()
        self._happened = happened
        self._file = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._file)
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Keyboard:
        modes = termios.tcgetattr(self._file)
        modes[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self._file, termios.TCSADRAIN, modes)
        self._loop.add_reader(self._file, self._read)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.remove_reader(self._file)
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        try:
            data = os.read(self._file, CHUNK)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._file)
        self.lines += self.editor.feed(data)
        self._happened()


class PromptLine:
    """The line on which a question is answered."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._shown = ""

    def draw(self, typed: str, now: datetime) -> None:
        """Show the time left and what is typed; of a long text its end."""
        deadline = self._question.deadline
        left = f"[{show_left(deadline, now)}] " if deadline is not None else ""
        default = say_default(self._question)
        head = f"{left}{_WANTED[self._question.asking.kind]}{f' [{one_line(default, cells=40)}]' if default else ''}: "
        room = max(10, _width() - cell_len(head) - 1)
        tail = typed
        while cell_len(tail) > room:
            tail = tail[max(1, (len(tail) - room) // 2) :]
        line = head + tail
        if line != self._shown:
            self._shown = line
            sys.stderr.write(CLEAR_LINE + line)
            sys.stderr.flush()

    def keep(self) -> None:
        """Leave the line as it is, and go on below it."""
        sys.stderr.write("\n")
        sys.stderr.flush()
        self._shown = ""

    def clear(self) -> None:
        """Take the line away."""
        sys.stderr.write(CLEAR_LINE)
        sys.stderr.flush()
        self._shown = ""


def read_typed(question: Question, text: str) -> object:
    """What a line means: a number stands for the option at its place, nothing for the default.

    Raises:
        InvalidAnswer, InvalidInput: it cannot be meant.
    """
    asking = question.asking
    if not text.strip():
        if asking.has_default:
            return asking.default
        raise InvalidAnswer("nothing was typed")
    match asking.kind:
        case QuestionKind.CHOICE:
            return read_answer(asking, [_option_at(question, text.strip())])
        case QuestionKind.CHOICES:
            parts = text.split(",") if "," in text else _words(question, text)
            return read_answer(asking, [_option_at(question, part.strip()) for part in parts])
        case QuestionKind.FORM:
            given = text.strip()
            value = parse_form(given.encode(), name="what was typed") if given.startswith("{") else _read_file(given)
            return check_answer(asking, value)
        case _:
            return read_answer(asking, [text])


def _option_at(question: Question, text: str) -> str:
    """The id of the option with this number, unless the text is an option itself."""
    options = question.asking.options
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(options) and all(option.id != text for option in options):
        return options[int(text) - 1].id
    return text


def _words(question: Question, text: str) -> list[str]:
    """Several answers without commas: one of them may be an option whose name has spaces."""
    folded = text.strip().casefold()
    if any(folded in (option.id.casefold(), option.label.casefold()) for option in question.asking.options):
        return [text]
    return text.split()


def _read_file(name: str) -> object:
    return read_form(str(Path(name).expanduser()))


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80


def say_error(error: OncueError) -> None:
    """Say what is wrong with an answer; the question stays."""
    say(f"  {one_line(error.message, cells=300)}{f' ({one_line(error.hint, cells=300)})' if error.hint else ''}")


def now_of(workspace: Workspace) -> datetime:
    """The present instant."""
    return workspace.clock.now()
