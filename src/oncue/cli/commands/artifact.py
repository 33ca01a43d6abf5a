"""``oncue job artifact``: print or save the output of a step."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oncue.cli.options import Counter, Invocation, StepCommand, common_options, json_option
from oncue.cli.text.printing import print_json, print_lines, say, table
from oncue.errors import InvalidInput

if TYPE_CHECKING:
    from oncue.control.views.artifactview import ArtifactView


@click.command("artifact", cls=StepCommand)
@click.option("--run", type=Counter(), default=None, metavar="N", help="The output that run N made or built on.")
@click.option("--file", "file", default=None, metavar="NAME", help="Write one of its files to standard output.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, metavar="DIR", help="Save its files, or its value, in DIR."
)
@json_option
@common_options
@click.pass_obj
def artifact(
    invocation: Invocation,
    words: tuple[str, str],
    *,
    run: int | None,
    file: str | None,
    out: Path | None,
    is_json: bool,
) -> None:
    """Print the output of STEP; for a fan-out, the outputs of all its instances."""
    from oncue.control.views.artifactview import view_artifacts

    if file is not None and out is not None:
        raise click.UsageError("--file and --out exclude each other: one prints a file, the other saves all of them")
    workspace, found = invocation.open_job(words[0])
    views = view_artifacts(workspace, found.id, words[1], run=run)
    if file is not None:
        _print_file(views, file)
    elif out is not None:
        _save(views, out, is_json=is_json)
    elif is_json:
        print_json(views[0].as_dict() if len(views) == 1 else {"step": words[1], "instances": [v.as_dict() for v in views]})
    else:
        for view in views:
            if len(views) > 1:
                print_lines([f"== {view.step}"])
            _print_output(view)


def _print_file(views: tuple[ArtifactView, ...], name: str) -> None:
    if len(views) > 1:
        raise InvalidInput(f"{len(views)} instances: name one of them", hint=f"'{views[0].step}' is the first")
    views[0].check_file(name)
    for chunk in views[0].chunks(name):
        sys.stdout.buffer.write(chunk)


def _save(views: tuple[ArtifactView, ...], out: Path, *, is_json: bool) -> None:
    from urllib.parse import quote

    from oncue.core.model import step_key

    written: list[Path] = []
    for view in views:
        try:
            written += view.write_to(out if len(views) == 1 else out / quote(step_key(view.step) or "", safe=""))
        except OSError as error:
            raise InvalidInput(f"{out} cannot be written: {error.strerror}", hint="name another folder") from error
    if is_json:
        print_json({"files": [str(path) for path in written]})
    else:
        print_lines(str(path) for path in written)


def _print_output(view: ArtifactView) -> None:
    """The value as text; an output that is one file as its bytes; of several files the list."""
    from oncue.core.staleness import StepState

    if view.state is StepState.STALE:
        say(f"this output of {view.step} is stale (from run {view.run})")
    files = view.output.files
    if view.output.value is not None or not files:
        value = view.output.value
        print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
    elif len(files) == 1:
        sys.stdout.flush()
        for chunk in view.chunks(next(iter(files))):
            sys.stdout.buffer.write(chunk)
        return
    if files:
        print_lines(table([["file", file.name, f"{file.size} bytes"] for file in files.values()]), is_error=True)
