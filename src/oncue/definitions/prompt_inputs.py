"""Upstream outputs as the texts of a prompt: what was printed, the text of files, values as JSON.

Nothing is cut: an input that is too large for any model, or no text, fails the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import Undefined

from oncue.control.steps.calls import StepFailed
from oncue.control.steps.drafts import join_context, show_value
from oncue.control.steps.outputs import Output

MAX_FILE_BYTES = 4_000_000
"""Roughly a million tokens."""
STDOUT = "stdout"


class FileTexts(Mapping[str, str]):
    """The files of an output by name, read when they are asked for; as a whole, one after the other, each under its name."""

    def __init__(self, step: str, output: Output) -> None:
        self._step = step
        self._output = output

    def __getitem__(self, name: str) -> str:
        stored = self._output.files[name]
        if stored.size > MAX_FILE_BYTES:
            raise StepFailed(
                f"{name} of step {self._step!r} has {stored.size:,} bytes, and a prompt takes at most {MAX_FILE_BYTES:,}; "
                "pick what matters in a step before",
                code="input_too_large",
            )
        with self._output.open(name) as file:
            body = file.read()
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise StepFailed(f"{name} of step {self._step!r} is not UTF-8 text", code="input_not_text") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._output.files)

    def __len__(self) -> int:
        return len(self._output.files)

    def __contains__(self, name: object) -> bool:
        return name in self._output.files

    def __str__(self) -> str:
        if len(self) == 1:
            return next(iter(self.values()))
        return join_context({name: text.rstrip("\n") for name, text in self.items()})


class InputTexts(Mapping[str, object]):
    """What templates know as ``inputs``: the output of each step that is needed, read when it is asked for."""

    def __init__(self, inputs: Mapping[str, Output | Mapping[str, Output]]) -> None:
        self._inputs = inputs

    def __getitem__(self, step: str) -> object:
        given = self._inputs[step]
        if isinstance(given, Output):
            return _content(step, given)
        return {key: _content(f"{step}[{key}]", output) for key, output in given.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def __contains__(self, step: object) -> bool:
        return step in self._inputs


def prompt_text(value: object) -> str:
    """What an expression of a template puts into a prompt."""
    if isinstance(value, Undefined | FileTexts):
        return str(value)  # of an undefined value: says what is undefined
    return show_value(value)


def _content(step: str, output: Output) -> object:
    """What was printed, without the line ends after it, as a shell's ``$(…)`` has it; files; or the value."""
    if not output.files:
        return output.value
    files = FileTexts(step, output)
    return files[STDOUT].rstrip("\n") if set(files) == {STDOUT} else files
