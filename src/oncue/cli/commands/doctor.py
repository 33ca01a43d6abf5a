"""``oncue doctor``: whether this machine and the workspace are in order."""

from __future__ import annotations

import click

from oncue.cli.options import Invocation, common_options, json_option
from oncue.cli.text.printing import coloured, print_json, print_lines, table


@click.command("doctor")
@json_option
@common_options
@click.pass_obj
def doctor(invocation: Invocation, *, is_json: bool) -> None:
    """Check Python, SQLite, the workspace, its locks and workers, its language model, the disk, and the PostgreSQL driver."""
    from oncue.cli.commands.doctorchecks import Grade, check_all

    checks = check_all(invocation)
    is_sound = all(check.grade is not Grade.FAIL for check in checks)
    if is_json:
        print_json({"ok": is_sound, "checks": [check.as_dict() for check in checks]})
    else:
        print_lines(table([[coloured(check.grade.value), check.name, check.message] for check in checks], indent=""))
        print_lines(f"hint: {check.hint}" for check in checks if check.hint)
    raise click.exceptions.Exit(0 if is_sound else 1)
