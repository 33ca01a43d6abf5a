"""``oncue job``: everything about jobs."""

from __future__ import annotations

import click

from oncue.cli.lazygroup import LazyGroup
from oncue.cli.options import actor_option, common_options

COMMANDS = {
    "create": ("creating:create", "Make a job of a workflow; nothing runs yet."),
    "run": ("running:run", "Run a job, or continue what was interrupted."),
    "step": ("running:step", "Execute only the next step, in the same run."),
    "rerun": ("rerunning:rerun", "Run a job again: all of it, or any part."),
    "replay": ("replaying:replay", "Make a new job with the same configuration and decisions, and run it."),
    "show": ("looking:show", "Show every step: its state, and why."),
    "history": ("looking:history", "List every run: who, when, what, and how it ended."),
    "decisions": ("decisions:decisions", "List what was asked, and how it was decided."),
    "comments": ("commentlist:comments", "List what people wrote for reruns, and what came of it."),
    "recommendations": ("advice:recommendations", "List the runs that were recommended."),
    "why": ("looking:why", "Explain why a step is as it is."),
    "trace": ("tracing:trace", "List what was sent to language models, and what came back."),
    "delta": ("tracing:delta", "Show how the prompts of a step changed between two runs."),
    "artifact": ("artifact:artifact", "Print or save the output of a step."),
    "log": ("logs:log", "Print what a step wrote while it ran."),
    "export": ("exporting:export", "Write everything about a job to a ZIP."),
    "accept": ("changing:accept", "Accept a stale output as it is."),
    "list": ("looking:list_jobs", "List the jobs of the workspace."),
    "events": ("looking:events", "List what happened in a job."),
    "cancel": ("changing:cancel", "Cancel the runs of a job that have not ended."),
    "stop": ("changing:stop", "End a job for good; it takes no more runs."),
}


@click.group(
    name="job",
    cls=LazyGroup,
    commands_at={name: (f"oncue.cli.commands.{place}", line) for name, (place, line) in COMMANDS.items()},
)
@common_options
@actor_option
def job() -> None:
    """Create jobs, run them, rerun any part, and see why.

    JOB is an id, the beginning of one, or left out where ONCUE_JOB is set. STEP is a number (steps are numbered from 1), an id,
    or one instance of a fan-out: 'finding[solar]', or 'finding[2]' for the second.
    """
