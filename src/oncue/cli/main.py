"""The command ``oncue``: its groups, and what becomes of errors.

Exit codes: 0 done; 1 the run failed, or the workspace cannot be used; 2 usage; 3 blocked by preflight; 4 not found;
5 conflict; 130 cancelled; 143 ended by a termination signal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from oncue.cli.lazygroup import LazyGroup
from oncue.cli.options import Invocation, actor_option, common_options

CANCELLED = 130
COMMANDS_PACKAGE = "oncue.cli.commands"

COMMANDS = {
    "job": ("jobgroup:job", "Create jobs, run them, rerun any part, and see why."),
    "inbox": ("inbox:inbox", "List the questions that wait for a person."),
    "answer": ("inbox:answer", "Answer a question."),
    "config": ("configgroup:config", "Choose the language model, and set prices."),
    "workflows": ("workflowlist:workflows", "List the bundled workflows."),
    "serve": ("oncue.launching:serve", "Serve the pages and the HTTP API, and execute runs."),
    "mcp": ("oncue.launching:mcp", "Serve the workspace to an agent, which looks and recommends."),
    "user": ("usergroup:user", "Say who may use the server, and as what."),
    "prune": ("pruning:prune", "Free the space of outputs that were superseded."),
    "doctor": ("doctor:doctor", "Check this machine and the workspace."),
}


def _version(context: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
    del parameter
    if is_wanted:
        from importlib.metadata import version

        print(f"oncue {version('oncue')}")
        context.exit()


@click.group(
    name="oncue",
    cls=LazyGroup,
    commands_at={
        name: (place if "." in place else f"{COMMANDS_PACKAGE}.{place}", line) for name, (place, line) in COMMANDS.items()
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@common_options
@actor_option
@click.option(
    "--version", is_flag=True, is_eager=True, default=False, expose_value=False, callback=_version, help="Show the version."
)
def root() -> None:
    """Run long, expensive jobs on your cue: plan, start, rerun any part, and know what is stale and why."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out one command and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run_command(given))


def run_command(arguments: Sequence[str]) -> int:
    """Carry out one command; returns its exit code. Errors are reported on standard error."""
    invocation = Invocation()
    is_json = "--json" in arguments
    try:
        try:
            code = root.main(list(arguments), prog_name="oncue", obj=invocation, standalone_mode=False)
            sys.stdout.flush()
        finally:
            invocation.close()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, click.Abort):
        print("cancelled", file=sys.stderr)
        return CANCELLED
    except Exception as error:
        from oncue.cli.errorreport import report_error

        return report_error(error, invocation, is_json=is_json)
    return code if isinstance(code, int) else 0
