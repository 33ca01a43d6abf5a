"""``oncue serve`` (the pages, the HTTP API and the execution of runs) and ``oncue mcp`` (the server for agents).

The entry points know nothing of each other; this module stands above them, and is imported by its commands alone.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import click

from oncue.cli.options import Invocation, actor_option, common_options
from oncue.cli.text.printing import print_lines
from oncue.errors import OncueError


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8040, show_default=True, metavar="N", help="The port; 0 takes a free one."
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    default=(),
    metavar="NAME",
    help="Another name of this server, as behind a reverse proxy; may be repeated.",
)
@click.option(
    "--forwarded-allow-ips",
    "proxies",
    multiple=True,
    default=(),
    metavar="ADDRESS",
    callback=lambda _context, _parameter, given: read_proxies(given),
    help="A reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed: an address or a network; may be repeated."
    " By default nobody's are.",
)
@click.option("--no-open", is_flag=True, default=False, help="Do not open a browser.")
@actor_option
@common_options
@click.pass_obj
def serve(
    invocation: Invocation, *, host: str, port: int, allowed_hosts: tuple[str, ...], proxies: tuple[str, ...], no_open: bool
) -> None:
    """Serve the pages and the HTTP API of the workspace, and execute its runs, until Ctrl-C.

    The URL that is printed holds a token: whoever has it acts in your name. Runs that are interrupted go on at the next start.
    """
    workspace = invocation.open(create=True)  # whoever starts in the browser has made no job yet
    from oncue.web.serving import Serving
    from oncue.web.serving import serve as start

    def announce(url: str) -> None:
        last = "  Ctrl-C ends it; runs that are interrupted go on at the next start"
        print_lines([f"Oncue serves {workspace.store.url}", f"  {url}", last])
        if not no_open and sys.stdout.isatty():
            click.launch(url)

    _show_warnings()
    wanted = Serving(
        workspace=workspace,
        actor=invocation.actor,
        announce=announce,
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        proxies=proxies,
    )
    start(wanted)


@click.command("mcp")
@actor_option
@common_options
@click.pass_obj
def mcp(invocation: Invocation) -> None:
    """Serve the workspace to an agent over standard input and output (Model Context Protocol), until its input ends.

    The agent looks at jobs, runs, decisions, traces and outputs, plans runs and recommends them. It can start, answer, accept
    and cancel nothing: a person decides. Needs the extra `mcp`.
    """
    try:
        from oncue.mcp.adviser import make_adviser
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "mcp":
            raise
        raise ExtraMissing("the server for agents needs the extra mcp", hint="pip install 'oncue[mcp]'") from error
    make_adviser(invocation.open(), author=f"the agent of {invocation.actor}").run("stdio")


class ExtraMissing(OncueError):
    """An optional part of the program is not installed."""

    code = "extra_missing"


def read_proxies(given: Sequence[str]) -> tuple[str, ...]:
    """The addresses and networks of proxies, also several in one text with commas, as for uvicorn.

    Raises:
        click.BadParameter: it is neither; uvicorn would compare it with nothing, and say nothing.
    """
    import ipaddress

    found = []
    for text in (part.strip() for one in given for part in one.split(",")):
        try:
            found.append(str(ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text)))
        except ValueError as error:
            advice = " Everybody could claim to be anybody; name the network of the proxy." if text == "*" else ""
            raise click.BadParameter(
                f"{text!r} is no address such as 10.0.0.5, and no network such as 10.0.0.0/24.{advice}"
            ) from error
    return tuple(found)


def _show_warnings() -> None:
    """What goes wrong while it serves is said, even where no log was asked for."""
    logger = logging.getLogger("oncue")
    if logger.getEffectiveLevel() > logging.INFO or logger.level == logging.NOTSET:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        handler.setLevel(logging.WARNING)
        logger.addHandler(handler)
