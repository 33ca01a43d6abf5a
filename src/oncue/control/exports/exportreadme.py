"""The ``README.md`` of an export: what the job is, which outputs are stale, and what lies where in the archive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from oncue.control.amounts import describe_spending
from oncue.control.exports.exportfacts import JobFacts, RunFacts
from oncue.control.exports.exportrecord import PlacedContent, count_states, list_pruned
from oncue.control.instants import show_instant
from oncue.control.views.jobview import StepView
from oncue.core.model import StepId, step_name
from oncue.core.modelcalls import add_spending
from oncue.core.reasons import explain_reason
from oncue.core.staleness import StepState


def render_readme(facts: JobFacts, placed: Sequence[PlacedContent], *, pruned_texts: Sequence[str] = ()) -> str:
    """The page, of facts that are redacted already: escaping would hide a secret from its pattern."""
    lines = [*_head(facts), *_staleness(facts), *_outputs(facts, placed), *_runs(facts), *_comments(facts)]
    return "\n".join([*lines, *_pruned([*list_pruned(placed), *pruned_texts]), *_contents(facts)]) + "\n"


def _head(facts: JobFacts) -> Iterator[str]:
    job = facts.job
    summary = f": {_text(facts.definition.summary)}" if facts.definition.summary else ""
    yield f"# Job {_text(job.id)}: {_text(job.workflow)}"
    yield ""
    yield f"An export of one job of the workflow {_code(job.workflow)}{summary}"
    yield ""
    yield f"- status: {facts.status}"
    yield f"- created: {show_instant(job.created_at)}"
    yield f"- state as of: {show_instant(facts.at)} (event {job.event_seq})"
    if job.stopped_at:
        yield f"- stopped: {show_instant(job.stopped_at)}"
    if job.replayed_from:
        yield f"- replays the parameters and decisions of job {_code(job.replayed_from)}"
    yield f"- runs: {len(facts.runs)}; questions asked: {len(facts.questions)}"
    if facts.calls:
        yield f"- calls of language models: {describe_spending(add_spending(facts.calls))}"
    if job.params:
        yield "- parameters:"
        yield from (f"    - {_code(name)}: {_code(_shown(value))}" for name, value in job.params.items())
    yield ""


def _staleness(facts: JobFacts) -> Iterator[str]:
    yield "## Is it up to date?"
    yield ""
    counts = count_states(facts)
    if facts.stale:
        noun = "output is" if len(facts.stale) == 1 else "outputs are"
        yield f"**No: {len(facts.stale)} {noun} stale.** They were kept, and no longer follow from what they were made from:"
        yield ""
        yield from (f"- {_code(step.id)} (of run {step.run}): {_reasons(step)}" for step in facts.stale)
    elif StepState.MISSING in counts:
        yield f"No output is stale; {counts[StepState.MISSING]} of {len(facts.steps)} steps have none yet."
    else:
        yield "**Yes.** Every output follows from its inputs, or was accepted as it is."
    accepted = [step for step in facts.steps if step.state is StepState.ACCEPTED]
    if accepted:
        yield ""
        yield "Accepted by a person although they are not up to date:"
        yield ""
        yield from (f"- {_code(step.id)}: {_reasons(step)}{_word_of(facts, step)}" for step in accepted)
    if facts.note:
        yield ""
        yield f"Note: {_text(facts.note)}"
    yield ""


def _word_of(facts: JobFacts, step: StepView) -> str:
    given = [one for one in facts.acceptances if one.step == step.id and one.run == step.run]
    return f". {_text(given[-1].actor)}: “{_text(given[-1].reason)}”" if given else ""


def _outputs(facts: JobFacts, placed: Sequence[PlacedContent]) -> Iterator[str]:
    folders: dict[StepId, list[str]] = {}
    for one in placed:
        if one.placement.is_current and one.content.files:
            folders.setdefault(one.placement.step, []).append(one.folder)
    yield "## Outputs"
    yield ""
    yield "| step | phase | state | run | folder |"
    yield "|---|---|---|---|---|"
    for step in facts.steps:
        where = ", ".join(_code(folder) for folder in folders.get(step.id, [])) or "–"
        state = f"**{step.state.value}**" if step.state is StepState.STALE else step.state.value
        yield f"| {_cell(_code(step.id))} | {_cell(step.phase)} | {state} | {step.run or '–'} | {_cell(where)} |"
    for record in facts.gone:
        where = ", ".join(_code(folder) for folder in folders.get(record.step, [])) or "–"
        run = record.current.run if record.current else "–"
        is_instance = any(step.name == step_name(record.step) for step in facts.definition.steps)
        state = "no longer in its list" if is_instance else "no longer in the workflow"
        yield f"| {_cell(_code(record.step))} | – | {state} | {run} | {_cell(where)} |"
    yield ""


def _runs(facts: JobFacts) -> Iterator[str]:
    yield "## Runs"
    yield ""
    if not facts.runs:
        yield "This job has not been run."
        yield ""
        return
    yield "| run | status | what | steps executed | authorized by | at | reason |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_run_row(run) for run in facts.runs)
    yield ""


def _run_row(facts: RunFacts) -> str:
    view, trigger = facts.view, facts.trigger
    status = "interrupted" if view.is_interrupted else view.status.value
    actor, reason = (trigger.actor, trigger.reason) if trigger else ("", "")
    at = show_instant(trigger.triggered_at) if trigger else None
    cells = [view.number, status, f"{view.kind.value} ({view.scope})", len(view.executed), actor, at or "", reason]
    return "| " + " | ".join(_cell(_text(str(cell))) for cell in cells) + " |"


def _comments(facts: JobFacts) -> Iterator[str]:
    if not facts.comments:
        return
    views = {run.run.number: run.view for run in facts.runs}
    yield "## Comments"
    yield ""
    yield "What people wrote for the steps of a run. No comment changed the workflow itself."
    yield ""
    yield "| run | for | kind | comment | by | read by |"
    yield "|---|---|---|---|---|---|"
    for comment in facts.comments:
        readers = ", ".join(views[comment.run].guidance.readers()) if comment.run in views else ""
        steps = ", ".join(comment.steps) or "every step"
        cells = [comment.run, steps, comment.kind or "", comment.text, comment.author, readers or "no step"]
        yield "| " + " | ".join(_cell(_text(str(cell))) for cell in cells) + " |"
    yield ""


def _pruned(missing: Sequence[str]) -> Iterator[str]:
    if not missing:
        return
    yield "## Not included"
    yield ""
    yield "The bodies of these outputs and texts are not stored any more, only what is known of them:"
    yield ""
    yield from (f"- {_code(entry)}" for entry in missing)
    yield ""


def _contents(facts: JobFacts) -> Iterator[str]:
    yield "## What lies where"
    yield ""
    yield "- `job.json`: the job with its parameters, steps, runs, triggers, plans, attempts, comments, acceptances, decisions"
    yield "- `workflow.json`: the definition stored with the job"
    yield "- `events.jsonl`: everything that happened, one event a line"
    if facts.questions:
        yield "- `prompt_history.json`, `prompt_history.txt`: the questions that were asked, and how they were settled"
    if facts.calls:
        yield "- `traces/calls.jsonl`: every call of a language model, one a line; `traces/texts/`: what was said, by its hash"
    yield "- `artifacts/STEP/`: the current output of every step"
    yield "- `deliverables/STEP/`: the current output of every deliverable; `run-N/` in it: what each run made"
    yield "- `ro-crate-metadata.json`: all of it as an [RO-Crate](https://w3id.org/ro/crate/1.1), for programs"
    yield ""
    yield "Names of steps and files are quoted as in URLs where they have special characters. Text shaped like a secret is"
    yield "replaced by a mark everywhere but in the outputs themselves, which are as the steps made them."


def _reasons(step: StepView) -> str:
    return "; ".join(_text(explain_reason(reason)) for reason in step.reasons)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _text(text: str) -> str:
    """Text in one line that means nothing else in Markdown or HTML."""
    line = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|&!" else character for character in line)


def _code(text: str) -> str:
    """Text in one line as code; enough ticks around it that it cannot end early."""
    line = " ".join(text.split()) or " "
    longest = max((len(run) for run in _ticks(line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _ticks(line: str) -> list[str]:
    return "".join(character if character == "`" else " " for character in line).split()


def _cell(text: str) -> str:
    """Text in a table: a bar would end its cell, also inside code."""
    return text.replace("\\|", "|").replace("|", "\\|")
