"""Write ``docs/reference/cli.md``: every command of the command line with its options, from the commands themselves.

Run as ``python -m tools.cli_help``; with ``--check`` nothing is written and a difference is an error.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from oncue.cli.main import root

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"
WIDTH = 100

HEADER = """\
# Command line

`oncue` creates jobs, runs them, reruns any part of them, and says what is stale and why. This page is generated from the
commands by `make docs`.

## What all commands share

- **JOB** is the id of a job, the beginning of one that fits no other, or left out where `ONCUE_JOB` is set. **STEP** is a
  number from 1, an id, or one instance of a fan-out: `finding[solar]`, or `finding[2]` for the second.
- `--workspace PATH|URL`, or `ONCUE_WORKSPACE`, chooses the workspace: a folder (`.oncue` in the current folder where nothing is
  said) or a `postgresql://` URL. Only `oncue job create` and `oncue config set` make one.
- `--json` prints one JSON document on standard output. Keys may be added to it, and none is renamed. Errors are then
  `{"error": {"code", "message", "hint"}}` on standard error, with `"fields"` where a field of the request is at fault.
- Results go to standard output. Plans and progress go to standard error: as a live table on a terminal, else as plain lines.
- `--actor NAME`, or `ONCUE_ACTOR`, names the person who acts; without them it is the user of the operating system.
- Ctrl-C asks the run to end; a second one leaves at once. After a termination signal or a crash, `oncue job run JOB`
  continues the same run.

| exit code | meaning |
|---:|---|
| 0 | done |
| 1 | the run failed or halted, or the workspace cannot be used |
| 2 | the command cannot be meant: usage, a step out of range, a wrong parameter or manifest |
| 3 | preflight found a blocker; nothing was started |
| 4 | a job, step, run, workflow or workspace does not exist |
| 5 | a conflict with the present state: the plan changed, another run executes, an ambiguous prefix |
| 130 | cancelled |
| 143 | ended by a termination signal; the run is kept and can be continued |
"""


def render_page() -> str:
    """The whole page."""
    return "\n".join([HEADER, *_sections(root, click.Context(root, info_name="oncue", help_option_names=["-h", "--help"]))])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """The help of a command, then of every command below it."""
    formatter = click.HelpFormatter(width=WIDTH)
    command.format_help(context, formatter)
    yield f"## `{context.command_path}`\n\n```text\n{formatter.getvalue().rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, f"{name} is listed and cannot be found"
            yield from _sections(below, click.Context(below, info_name=name, parent=context))


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with ``--check`` compare it; give the exit code."""
    page = render_page()
    if "--check" not in arguments:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        print("docs/reference/cli.md is out of date. Run: make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
