"""``oncue workflows``: the bundled workflows."""

from __future__ import annotations

import click

from oncue.cli.options import Invocation, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines, table


@click.command("workflows")
@json_option
@common_options
@click.pass_obj
def workflows(invocation: Invocation, *, is_json: bool) -> None:
    """List the workflows that come with Oncue; manifests and your own Python ones need no list."""
    from oncue.wiring import make_loader

    del invocation
    found = make_loader().bundled()
    if is_json:
        print_json({"workflows": [{"name": name, "summary": summary} for name, summary in found.items()]})
    else:
        print_lines(table([[name, summary] for name, summary in found.items()], indent=""))
