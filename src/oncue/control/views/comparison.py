"""Two runs of a job side by side: what was asked, what was decided, and what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oncue.control.amounts import describe_spending
from oncue.control.sources import follow_definition
from oncue.control.views.callview import MAX_CALLS, latest_calls
from oncue.control.views.decisionview import describe_response
from oncue.control.views.runlist import RunPage, read_run_page
from oncue.control.workspace import Workspace, load_job
from oncue.core.model import ContentHash, JobId, StepId
from oncue.core.modelcalls import ModelCall
from oncue.core.planrecord import decode_plan
from oncue.core.ports import Reader
from oncue.core.promptdelta import Change, pair_calls
from oncue.core.questions import Question

MAX_OUTPUTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One thing of both runs, in words; empty where a run has no such thing. ``step`` is set for outputs."""

    name: str
    left: str
    right: str
    step: StepId | None = None

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.left != self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """Two runs side by side; ``outputs`` says for each step whether both made or used the same output.

    ``left_out`` is how many steps are not listed. ``prompts`` are the steps that called a model in both runs.
    """

    left: RunPage
    right: RunPage
    requests: tuple[Pair, ...]
    decisions: tuple[Pair, ...]
    outputs: tuple[Pair, ...]
    left_out: int
    prompts: tuple[Pair, ...] = ()


def view_comparison(workspace: Workspace, job_id: JobId, *, left: int, right: int) -> ComparisonView:
    """Compare two runs.

    Raises:
        UnknownRun: the job has no such run.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        pages = [read_run_page(workspace, reader, job_id, number=number) for number in (left, right)]
        names = follow_definition(workspace, reader, job).graph.names
        made = [_outputs(reader, job_id, number) for number in (left, right)]
        prompts = tuple(_prompts(reader, job_id, left=left, right=right))
    order = {name: place for place, name in enumerate(names)}
    steps = sorted({*made[0], *made[1]}, key=lambda this: (order.get(this.partition("[")[0], len(order)), this))
    outputs = [_pair_output(this, made[0].get(this), made[1].get(this)) for this in steps]
    outputs.sort(key=lambda pair: not pair.differs)
    return ComparisonView(
        left=pages[0],
        right=pages[1],
        requests=tuple(_requests(pages[0], pages[1])),
        decisions=tuple(_decisions(pages[0], pages[1])),
        outputs=tuple(outputs[:MAX_OUTPUTS]),
        left_out=max(0, len(outputs) - MAX_OUTPUTS),
        prompts=prompts[:MAX_OUTPUTS],
    )


def _prompts(reader: Reader, job_id: JobId, *, left: int, right: int) -> Iterator[Pair]:
    """The steps that called a model in both runs, and what of their prompts is not the same."""
    made = [_calls(reader, job_id, number) for number in (left, right)]
    for this in made[0].keys() & made[1].keys():
        pairs = pair_calls(made[0][this], made[1][this])
        changed = sum(pair.change is not Change.SAME for pair in pairs)
        words = f"{changed} of {len(pairs)} are others" if changed else "the same"
        yield Pair(name=this, left=f"{len(made[0][this])} calls" if changed else words, right=words, step=this)


def _calls(reader: Reader, job_id: JobId, number: int) -> dict[StepId, list[ModelCall]]:
    """Step → the calls that count in a run."""
    found: dict[StepId, list[ModelCall]] = {}
    for call in reader.list_calls(job_id, run=number, limit=MAX_CALLS):
        found.setdefault(call.key.step, []).append(call)
    return {this: latest_calls(calls)[number] for this, calls in found.items()}


Made = tuple[ContentHash, int]


def _outputs(reader: Reader, job_id: JobId, number: int) -> dict[StepId, Made]:
    """Step → the output that a run made or built on, and the run that made it."""
    reused: dict[int, set[StepId]] = {}
    for this, run in decode_plan(reader.load_plan(job_id, number)).reused.items():
        reused.setdefault(run, set()).add(this)
    made: dict[StepId, Made] = {}
    for run, steps in reused.items():
        made |= {this: (artifact, run) for this, artifact in reader.outputs_of_run(job_id, run, steps).items()}
    return made | {this: (artifact, number) for this, artifact in reader.outputs_of_run(job_id, number).items()}


def _pair_output(this: StepId, left: Made | None, right: Made | None) -> Pair:
    if left is not None and right is not None and left[0] == right[0]:
        return Pair(name=this, left=f"the same, of run {left[1]}", right=f"the same, of run {left[1]}", step=this)
    words = [f"of run {made[1]}" if made else "none" for made in (left, right)]
    return Pair(name=this, left=words[0], right=words[1], step=this)


def _requests(left: RunPage, right: RunPage) -> Iterator[Pair]:
    rows = [_request_words(page) for page in (left, right)]
    for name in dict.fromkeys((*rows[0], *rows[1])):
        yield Pair(name=name, left=rows[0].get(name, ""), right=rows[1].get(name, ""))


def _request_words(page: RunPage) -> Mapping[str, str]:
    trigger = page.view.trigger
    words = {name: _spell(value) for name, value in page.request.items() if name not in ("params", "comment")}
    comment = page.request.get("comment")
    if isinstance(comment, Mapping):
        words["comment"] = str(comment["text"])
    if trigger is not None:
        words |= {"started by": trigger.actor, "from": trigger.source, "reason": trigger.reason}
    words["outcome"] = page.word
    words["cost"] = describe_spending(page.view.spent)
    return words | {f"parameter {name}": _spell(value) for name, value in page.view.params.items()}


def _decisions(left: RunPage, right: RunPage) -> Iterator[Pair]:
    rows = [{_place(question): _answer(question) for question in page.questions} for page in (left, right)]
    for name in dict.fromkeys((*rows[0], *rows[1])):
        yield Pair(name=name, left=rows[0].get(name, "not asked"), right=rows[1].get(name, "not asked"))


def _place(question: Question) -> str:
    again = f", {question.occurrence}" if question.occurrence > 1 else ""
    return f"{question.key.step}: {question.asking.type}{again}"


def _answer(question: Question) -> str:
    if question.decision is None:
        return "waits"
    return f"{describe_response(question, question.decision.response)} ({question.decision.how.value})"


def _spell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
