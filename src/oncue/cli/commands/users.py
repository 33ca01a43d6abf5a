"""``oncue user add``, ``list``, ``token``, ``role``, ``revoke`` and ``remove``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from oncue.cli.options import Invocation, actor_option, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines, say, table
from oncue.core.people import Permission, Role
from oncue.errors import NoWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oncue.control.membership import PersonView

TOKEN_BYTES = 32
ONCE = "the token is shown this once; whoever has it acts in the name of"
_name = click.argument("name")
_role = click.Choice([role.value for role in Role])
_scope = click.Choice([scope.value for scope in Permission])


@click.command("add")
@_name
@click.option("--role", type=_role, required=True, help="What the person is.")
@click.option("--token-label", "label", default="", metavar="L", help="A name for the token, so that it can be told apart.")
@json_option
@actor_option
@common_options
@click.pass_obj
def add(invocation: Invocation, name: str, *, role: str, label: str, is_json: bool) -> None:
    """Add NAME, and print their first token. Triggers and answers are signed with NAME."""
    from oncue.control.membership import add_person

    secret = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        workspace = invocation.open()
    except NoWorkspace:  # a server may be set up before its first job
        workspace = invocation.open(create=True)
    person = add_person(workspace, name, Role(role), actor=invocation.actor, secret=secret, label=label)
    if is_json:
        print_json({"name": person.name, "role": person.role.value, "label": label, "token": secret})
        return
    print_lines([secret])
    say(f"{person.name} is {person.role.value}; {ONCE} {person.name}")


@click.command("list")
@json_option
@common_options
@click.pass_obj
def list_users(invocation: Invocation, *, is_json: bool) -> None:
    """List everybody, with their tokens; who was removed is listed too."""
    from oncue.control.membership import list_people

    people = list_people(invocation.open())
    if is_json:
        print_json({"people": [view.as_dict() for view in people]})
        return
    rows = [row for view in people for row in _rows(view)]
    head = [["NAME", "ROLE", "TOKEN", "SCOPES", "MADE", "LAST USED"]]
    print_lines(table(head + rows, indent="") if rows else ["nobody so far: oncue user add NAME --role operator"])


def _rows(view: PersonView) -> Iterator[list[str]]:
    from oncue.cli.text.textviews import show_time

    person = view.person
    role = person.role.value if person.removed_at is None else "removed"
    living = [token for token in view.tokens if token.revoked_at is None]
    for token in living:
        scopes = ", ".join(scope.value for scope in Permission if scope in token.scopes) or "all of the role"
        used = show_time(token.last_used_at) if token.last_used_at else "never"
        yield [person.name, role, token.label or "-", scopes, show_time(token.made_at), used]
    if not living:
        yield [person.name, role, "-", "no token", show_time(person.removed_at or person.added_at), "-"]


@click.command("token")
@_name
@click.option(
    "--scope", "scopes", type=_scope, multiple=True, help="Narrow it to this; may be repeated. None: all of the role."
)
@click.option("--label", default="", metavar="L", help="A name for the token, so that it can be told apart.")
@json_option
@actor_option
@common_options
@click.pass_obj
def token(invocation: Invocation, name: str, *, scopes: tuple[str, ...], label: str, is_json: bool) -> None:
    """Print another token of NAME.

    With `--scope recommend` it is an adviser's, as an agent needs: it looks and recommends, and can never start, answer, accept
    or cancel anything.
    """
    from oncue.control.membership import issue_token, token_as_dict

    secret = secrets.token_urlsafe(TOKEN_BYTES)
    made = issue_token(invocation.open(), name, secret=secret, scopes=[Permission(scope) for scope in scopes], label=label)
    if is_json:
        print_json({"name": name, **token_as_dict(made), "token": secret})
        return
    print_lines([secret])
    narrowed = f" ({', '.join(scope.value for scope in Permission if scope in made.scopes)} only)" if made.scopes else ""
    say(f"{ONCE} {name}{narrowed}")


@click.command("role")
@_name
@click.argument("role", type=_role)
@json_option
@actor_option
@common_options
@click.pass_obj
def role(invocation: Invocation, name: str, *, role: str, is_json: bool) -> None:
    """Make NAME a viewer, an answerer or an operator."""
    from oncue.control.membership import change_role

    person = change_role(invocation.open(), name, Role(role))
    if is_json:
        print_json({"name": person.name, "role": person.role.value})
    else:
        print_lines([f"{person.name} is {person.role.value}"])


@click.command("revoke")
@_name
@click.option("--label", default="", metavar="L", help="The name of the token; without it, those that have none.")
@json_option
@actor_option
@common_options
@click.pass_obj
def revoke(invocation: Invocation, name: str, *, label: str, is_json: bool) -> None:
    """End the token of NAME with this label, and every session that was opened with it."""
    from oncue.control.membership import revoke_tokens

    count = revoke_tokens(invocation.open(), name, label)
    if is_json:
        print_json({"name": name, "label": label, "revoked": count})
    else:
        print_lines([f"{count} token{'' if count == 1 else 's'} of {name} revoked"])


@click.command("remove")
@_name
@json_option
@actor_option
@common_options
@click.pass_obj
def remove(invocation: Invocation, name: str, *, is_json: bool) -> None:
    """End the access of NAME at once. What they did stays under their name."""
    from oncue.control.membership import remove_person

    person = remove_person(invocation.open(), name)
    if is_json:
        print_json({"name": person.name, "removed": True})
    else:
        print_lines([f"{person.name} has no access any more; what they did stays under their name"])
