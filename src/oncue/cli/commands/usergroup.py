"""``oncue user``: who may use the server of a workspace."""

from __future__ import annotations

import click

from oncue.cli.lazygroup import LazyGroup
from oncue.cli.options import actor_option, common_options

COMMANDS = {
    "add": ("users:add", "Add a person, and print their first token."),
    "list": ("users:list_users", "List everybody, with their tokens."),
    "token": ("users:token", "Make another token, which may be narrowed to scopes."),
    "role": ("users:role", "Change what a person is."),
    "revoke": ("users:revoke", "End a token."),
    "remove": ("users:remove", "End a person's access, all their tokens with it."),
}


@click.group(
    name="user",
    cls=LazyGroup,
    commands_at={name: (f"oncue.cli.commands.{place}", line) for name, (place, line) in COMMANDS.items()},
)
@common_options
@actor_option
def user() -> None:
    """Say who may use the server of a workspace, and as what.

    A `viewer` looks and recommends; an `answerer` also answers questions; an `operator` also creates, runs, cancels, accepts
    and stops. A token is printed once; only its SHA-256 is kept. Changes count from the next request on, without a restart.
    """
