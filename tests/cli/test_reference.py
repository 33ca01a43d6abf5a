"""The page about the command line is what the commands say, and the short lists of commands agree with them."""

import click
import pytest

from oncue.cli import main
from oncue.cli.commands import jobgroup
from oncue.cli.lazygroup import LazyGroup
from tools.cli_help import PAGE, render_page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), "Run: make docs"


@pytest.mark.parametrize("group", [main.root, jobgroup.job], ids=lambda group: str(group.name))
def test_every_listed_command_exists_and_is_called_so(group: LazyGroup) -> None:
    context = click.Context(group)

    commands = {name: group.get_command(context, name) for name in group.list_commands(context)}

    assert {name: command.name for name, command in commands.items() if command} == {name: name for name in commands}
    assert all(command.help for command in commands.values() if command)


@pytest.mark.parametrize("name", sorted(set(jobgroup.COMMANDS) - {"log"}))  # a log is bytes as they were written
def test_every_command_that_prints_data_takes_json(name: str) -> None:
    command = jobgroup.job.get_command(click.Context(jobgroup.job), name)

    assert command is not None
    assert {"--json", "--workspace"} <= {option for parameter in command.params for option in parameter.opts}


@pytest.mark.proves("S2-45")
def test_no_command_compares_the_results_of_a_step() -> None:
    assert not {"diff", "compare"} & (set(main.COMMANDS) | set(jobgroup.COMMANDS))
