"""``oncue prune``: free the space of bodies that nobody needs any more."""

from __future__ import annotations

import click

from oncue.cli.options import Invocation, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines


@click.command("prune")
@json_option
@common_options
@click.pass_obj
def prune(invocation: Invocation, *, is_json: bool) -> None:
    """Prune the bodies of superseded outputs to their metadata.

    Current outputs, deliverables, steps with keep_history and everything on record stay. A large body goes
    with the first pruning that comes an hour after it was found superseded.
    """
    from oncue.wiring import prune_workspace

    pruned = prune_workspace(invocation.open())
    if is_json:
        print_json({"pruned": {"bodies": pruned.bodies, "blobs": pruned.blobs, "bytes": pruned.size}})
    else:
        print_lines([f"{pruned.bodies} bodies and {pruned.blobs} blobs pruned, {pruned.size} bytes freed"])
