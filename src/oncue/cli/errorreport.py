"""How an error reaches the person: its message and the next command, never a traceback unless one is asked for."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import tempfile
import traceback
from pathlib import Path

import click

from oncue import config
from oncue.cli.options import Invocation
from oncue.errors import ErrorBody, OncueError

log = logging.getLogger("oncue.cli")
LOG_FILE = "oncue.log"
_JOB = re.compile(r"\bJOB\b")


def report_error(error: Exception, invocation: Invocation, *, is_json: bool) -> int:
    """Print an error on standard error; returns the exit code that goes with it."""
    if config.is_debugging():
        traceback.print_exception(error)
    body, code = describe_error(error, invocation)
    body["hint"] = name_job(body["hint"], invocation.job)
    if is_json:
        print(json.dumps({"error": body}, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"error: {body['message']}", file=sys.stderr)
        if body["hint"]:
            print(f"hint: {body['hint']}", file=sys.stderr)
    return code


def describe_error(error: Exception, invocation: Invocation) -> tuple[ErrorBody, int]:
    """The error body of every surface, and the exit code."""
    if isinstance(error, OncueError):
        return error.as_dict(), error.exit_code
    if isinstance(error, click.ClickException):
        return _describe_usage(error), 2
    return _describe_defect(error, invocation), 1


def _describe_usage(error: click.ClickException) -> ErrorBody:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"{context.command_path} --help" if context else "oncue --help"
    body: ErrorBody = {"code": "usage", "message": error.format_message(), "hint": hint}
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if parameter is not None and parameter.name:
        body["fields"] = {parameter.name: error.message or "missing"}
    return body


def _describe_defect(error: Exception, invocation: Invocation) -> ErrorBody:
    """Log what nobody foresaw under an id of its own."""
    name = secrets.token_hex(4)
    file = write_log(Path(invocation.workspace_location), f"{name} {''.join(traceback.format_exception(error))}")
    message = f"something failed that should not: {type(error).__name__} (error {name})"
    return {"code": "internal", "message": message, "hint": f"{file} says more, at {name}; ONCUE_DEBUG=1 shows it here"}


def write_log(folder: Path, text: str) -> Path:
    """Append to the log file of the workspace; where there is none, to one in the folder for temporary files."""
    for place in (folder, Path(tempfile.gettempdir())):
        file = place / LOG_FILE
        try:
            if place.is_dir():
                with file.open("a", encoding="utf-8") as sink:
                    sink.write(text)
                return file
        except OSError:
            continue
    log.error("defect", extra={"event": "defect", "text": text})
    return Path("-")


def name_job(hint: str, job: str) -> str:
    """A hint with the id of the job in place of ``JOB``."""
    return _JOB.sub(job, hint) if job else hint
