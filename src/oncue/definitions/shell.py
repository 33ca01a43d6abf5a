"""Shell steps: where they find their inputs, where their outputs go, and what their end means.

The text runs under ``bash -euo pipefail -c``, or ``sh -e -c`` where there is no bash, in the manifest's folder:

==========================  ==========================================================================
``$ONCUE_INPUTS/<step>/``   the upstream output: its files, ``stdout``, or of a question or a prompt ``value.json``
                            and ``answer`` (plain text); of a fan-out one folder per instance, named by its
                            key (percent-encoded)
``$ONCUE_OUTPUTS``          an empty folder for the declared ``outputs``
``$ONCUE_PARAM_<NAME>``     every parameter, as text (JSON for lists and mappings)
``$ONCUE_COMMENT``          what a person wrote for this step; empty where the step does not say that it reads it
``$ONCUE_JOB`` …            also ``ONCUE_RUN``, ``ONCUE_STEP``, ``ONCUE_ATTEMPT``
==========================  ==========================================================================
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from oncue.control.steps.calls import AsyncBody, StepCall, StepFailed, StepOutput
from oncue.control.steps.scratch import SHELL_LOG
from oncue.core.definition import StepDefinition
from oncue.definitions.process_group import GRACE_SECONDS, run_group
from oncue.definitions.shell_folders import pick_outputs, write_inputs
from oncue.definitions.shell_quoting import ShellText, render_shell
from oncue.definitions.templates import as_text, render

SHELL = "bash -euo pipefail"
"""Part of a step's definition hash: another way to run a text is another definition."""
COMMENT_VARIABLE = "ONCUE_COMMENT"
DETAIL_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellStep:
    """What the body of a shell step says; ``folder`` is that of the manifest."""

    run: str
    env: Mapping[str, str]
    outputs: tuple[str, ...]
    folder: str

    @classmethod
    def of(cls, definition: StepDefinition) -> ShellStep:
        """Read it back from a stored definition."""
        body: Mapping[str, Any] = definition.body
        return cls(run=body["run"], env=dict(body["env"]), outputs=tuple(body["outputs"]), folder=body["folder"])

    def identity(self) -> dict[str, object]:
        """What makes it another shell step when it changes."""
        return {"shell": SHELL, **{key: value for key, value in self.as_body().items() if key != "folder"}}

    def as_body(self) -> dict[str, object]:
        """The plain JSON that a definition keeps."""
        return {
            "kind": "shell",
            "run": self.run,
            "env": dict(self.env),
            "outputs": list(self.outputs),
            "folder": self.folder,
        }


def make_shell_body(step: ShellStep, *, grace_seconds: float = GRACE_SECONDS) -> AsyncBody:
    """A body that runs the step in a process group of its own."""

    async def run(call: StepCall) -> StepOutput:
        shell = render_shell(step.run, call.params)
        scratch = await asyncio.to_thread(_prepare, call)
        env = _environment(step, call, shell)
        log, stdout = scratch / SHELL_LOG, scratch / "stdout"
        status = await _execute(step, shell.text, env=env, scratch=scratch, grace_seconds=grace_seconds)
        if status != 0:
            raise StepFailed(explain_status(status), code="exit_status", detail=tail(log), log=log)
        if not step.outputs:
            return StepOutput(files={"stdout": stdout}, log=log)
        files = await asyncio.to_thread(pick_outputs, scratch / "outputs", step.outputs, log=log)
        return StepOutput(files=files, log=log)

    return AsyncBody(run=run)


def explain_status(status: int) -> str:
    """What an exit status says to a person; 128 and more is how a shell reports a signal."""
    if status < 0:
        return f"the shell was ended by signal {_signal_name(-status)}"
    if status > 128 and _signal_name(status - 128):
        return f"exit status {status} (signal {_signal_name(status - 128)})"
    meaning = {126: "a command that cannot be executed", 127: "a command that was not found"}.get(status)
    return f"exit status {status}" + (f" ({meaning})" if meaning else "")


def tail(log: Path) -> str:
    """The end of a log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4 * DETAIL_CHARACTERS))
        return file.read().decode(errors="replace")[-DETAIL_CHARACTERS:]


async def _execute(step: ShellStep, text: str, *, env: Mapping[str, str], scratch: Path, grace_seconds: float) -> int:
    with ExitStack() as files:
        log = files.enter_context((scratch / SHELL_LOG).open("wb", buffering=0))
        stdout = files.enter_context((scratch / "stdout").open("wb", buffering=0))
        try:
            return await run_group(
                _command(text),
                folder=Path(step.folder),
                env=env,
                sinks=(_Tee(log, stdout), log.write),
                grace_seconds=grace_seconds,
            )
        except asyncio.CancelledError as error:
            error.add_note(tail(scratch / SHELL_LOG))  # whoever turns it into a timeout can say what was printed last
            raise
        except FileNotFoundError as error:
            raise StepFailed(f"its folder is gone: {step.folder}", code="no_folder") from error
        except (OSError, ValueError) as error:
            raise StepFailed(f"the shell cannot be started: {error}", code="not_started") from error


class _Tee:
    """Standard output goes to the log, and to a file of its own."""

    def __init__(self, *files: BinaryIO) -> None:
        self._files = files

    def __call__(self, chunk: bytes) -> None:
        for file in self._files:
            file.write(chunk)


def _command(text: str) -> list[str]:
    bash = shutil.which("bash")
    return [bash, "-euo", "pipefail", "-c", text] if bash else ["/bin/sh", "-e", "-c", text]


def _prepare(call: StepCall) -> Path:
    scratch = call.context.folder.resolve()
    (scratch / "outputs").mkdir()
    write_inputs(call.inputs, scratch / "inputs")
    return scratch


def _environment(step: ShellStep, call: StepCall, shell: ShellText) -> dict[str, str]:
    context = call.context
    scratch = context.folder.resolve()
    values = dict(call.params)
    return {
        **os.environ,
        **{name: render(text, values, as_text) for name, text in step.env.items()},
        **{f"ONCUE_PARAM_{name.upper()}": as_text(value) for name, value in values.items()},
        **shell.values,
        "ONCUE_INPUTS": str(scratch / "inputs"),
        "ONCUE_OUTPUTS": str(scratch / "outputs"),
        COMMENT_VARIABLE: (call.definition.takes_comment and context.comment) or "",
        "ONCUE_JOB": context.job,
        "ONCUE_RUN": str(context.run),
        "ONCUE_STEP": context.step,
        "ONCUE_ATTEMPT": str(context.attempt),
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
