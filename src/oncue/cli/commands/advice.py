"""``oncue job recommendations``: every run that was recommended, and why. Listing them starts nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from oncue.cli.options import Invocation, common_options, job_argument, json_option
from oncue.cli.text.printing import coloured, print_json, print_lines

if TYPE_CHECKING:
    from oncue.core.recommendations import Recommendation


@click.command("recommendations")
@job_argument
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N", help="At most so many.")
@json_option
@common_options
@click.pass_obj
def recommendations(invocation: Invocation, job: str, *, limit: int, is_json: bool) -> None:
    """List the runs of JOB that were recommended, the newest first: what, why, by whom, and what stood in the way."""
    from oncue.control.recommending import list_recommendations, recommendation_record

    workspace, found = invocation.open_job(job)
    given = list_recommendations(workspace, found.id, limit=limit)
    if is_json:
        print_json({"job_id": found.id, "recommendations": [recommendation_record(one) for one in given]})
        return
    print_lines(line for one in given for line in render_recommendation(one))
    if not given:
        print_lines([f"nobody recommended a run of job {found.id} so far"])


def render_recommendation(given: Recommendation) -> list[str]:
    """One recommendation; its reasons are not cut."""
    from oncue.cli.text.questiontext import plain
    from oncue.cli.text.textviews import show_time

    options = ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in given.request.items()
    )
    lines = [f"{given.id}  by {plain(given.author)}, {show_time(given.given_at)}", f"  {plain(options)}"]
    lines += [f"  > {line}" for line in plain(given.rationale).splitlines()]
    for kind, findings in (("failed", given.blockers), ("warning", given.warnings)):
        word = "blocked then" if kind == "failed" else "warned then"
        lines += [f"  {coloured(kind, word)}: {plain(finding['message'])}" for finding in findings]
    return lines
