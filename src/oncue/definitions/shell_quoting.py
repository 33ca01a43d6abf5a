"""Values put into shell text as data, wherever they stand.

Quoting a value as text is only safe if one knows how the shell will read the place where it goes: ``'$(x)'`` protects
between words and does nothing inside double quotes. So a value that is more than plain characters is passed in an
environment variable and only the reference is put into the text; the shell never reads the value as program. How the
reference is written depends on the quotes around it, which a small scanner follows; where it is mistaken the text comes out
odd, and is still not executed.

==========================  ===========================================
``cp {{ params.x }} .``     ``cp "${ONCUE_VALUE_1}" .``
``"in {{ params.x }}"``     ``"in ${ONCUE_VALUE_1}"``
``'in {{ params.x }}'``     ``'in '"${ONCUE_VALUE_1}"''``
``cat <<END`` … ``END``     ``${ONCUE_VALUE_1}``
any of them, value ``eu``   ``eu``
==========================  ===========================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from oncue.control.steps.calls import StepFailed
from oncue.definitions.templates import Raw, as_text, render

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_MARK = re.compile("\ue000([0-9]+)\ue001")
_HEREDOC = re.compile(r"<<-?[ \t]*(\\?)(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\2")


@dataclass(slots=True)
class ShellText:
    """Shell text with its values beside it, as variables for the environment."""

    text: str
    values: dict[str, str] = field(default_factory=dict)


def render_shell(text: str, params: Mapping[str, object]) -> ShellText:
    """The program with the parameters in it.

    Raises:
        StepFailed: the template fails, or a value stands where nothing can protect it (in a quoted here-document).
    """
    result = ShellText("")

    def finalize(value: object) -> str:
        if isinstance(value, Raw):
            return str(value)
        shown = as_text(value)
        if _PLAIN.fullmatch(shown):
            return shown
        name = f"ONCUE_VALUE_{len(result.values) + 1}"
        result.values[name] = shown
        return f"\ue000{len(result.values)}\ue001"

    rendered = render(text, params, finalize)
    result.text = _place_references(rendered) if result.values else rendered
    return result


def _place_references(text: str) -> str:
    scanner = _QuoteScanner()
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        before = text[end : mark.start()]
        scanner.feed(before)
        parts += [before, _reference(f"ONCUE_VALUE_{mark[1]}", scanner.state)]
        scanner.feed("x")
        end = mark.end()
    return "".join([*parts, text[end:]])


def _reference(name: str, state: str) -> str:
    match state:
        case '"' | "heredoc":
            return f"${{{name}}}"
        case "'":
            return f"'\"${{{name}}}\"'"
        case "literal":
            raise StepFailed(
                "a parameter stands in a here-document whose end word is quoted, where the shell replaces nothing; "
                "write <<END instead of <<'END', or | raw",
                code="template",
            )
        case _:
            return f'"${{{name}}}"'


class _QuoteScanner:
    """Follows the quotes of a shell text, piece by piece; ``state`` says what the end of the text stands in."""

    def __init__(self) -> None:
        self._stack: list[str] = [""]
        self._heredoc: tuple[str, bool] | None = None
        self._in_heredoc = False
        self._line = ""
        self._last = "\n"

    @property
    def state(self) -> str:
        """Empty for plain text, a quote, ``(`` in a substitution, ``#`` in a comment, ``heredoc`` or ``literal``."""
        if self._in_heredoc and self._heredoc is not None:
            return "literal" if self._heredoc[1] else "heredoc"
        return self._stack[-1]

    def feed(self, text: str) -> None:
        index = 0
        while index < len(text):
            index += self._step(text, index)

    def _step(self, text: str, index: int) -> int:
        """Take what stands at an index; returns how many characters that were."""
        character, top = text[index], self._stack[-1]
        if character == "\n":
            self._end_line()
            return 1
        self._line += character
        if self._in_heredoc:
            return 1
        previous, self._last = self._last, character
        if character == "\\" and top != "'":
            self._last = "\\"
            return 2 if text[index + 1 : index + 2] != "\n" else 1
        if top in ("'", '"', "`") and character == top:
            self._stack.pop()
        elif top not in ("'", "#"):
            return self._open(text, index, previous)
        return 1

    def _open(self, text: str, index: int, previous: str) -> int:
        character, top = text[index], self._stack[-1]
        if text.startswith("$(", index) or text.startswith("${", index):
            self._stack.append(text[index + 1])
            return 2
        if (top == "(" and character == ")") or (top == "{" and character == "}"):
            self._stack.pop()
        elif character in '`"' or self._opens(character, previous):
            self._stack.append(character)
        elif top != '"' and text.startswith("<<", index) and not text.startswith("<<<", index):
            return self._open_heredoc(text, index)
        return 1

    def _opens(self, character: str, previous: str) -> bool:
        """Whether a character that opens something in some places does so here."""
        top = self._stack[-1]
        match character:
            case "'":
                return top != '"'
            case "(":
                return top in ("(", "{")
            case "#":
                return top not in ('"', "{") and previous in " \t\n;(&|"
            case _:
                return False

    def _open_heredoc(self, text: str, index: int) -> int:
        found = _HEREDOC.match(text, index)
        if found is None:
            return 2
        self._heredoc = (found[3], bool(found[1] or found[2]))
        return found.end() - index

    def _end_line(self) -> None:
        if self._in_heredoc and self._heredoc is not None:
            if self._line.strip("\t") == self._heredoc[0]:
                self._in_heredoc, self._heredoc = False, None
        elif self._heredoc is not None:
            self._in_heredoc = True
        if self._stack[-1] == "#":
            self._stack.pop()
        self._line, self._last = "", "\n"
