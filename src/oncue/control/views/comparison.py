"""Two runs of a job side by side: what was asked, what was decided, and what came out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oncue.control.amounts import describe_spending
from oncue.control.sources import follow_definition
from oncue.control.steps.bodies import Bodies
from oncue.control.views.callview import latest_calls
from oncue.control.views.requestwords import describe_request, describe_source
from oncue.control.views.resultpairs import Made, ResultPair, pair_results
from oncue.control.views.runlist import RunPage, read_run_page
from oncue.control.workspace import Workspace, load_job
from oncue.core.counting import RunSpan
from oncue.core.model import AttemptState, JobId, StepId, step_name
from oncue.core.modelcalls import ModelCall
from oncue.core.planrecord import decode_plan
from oncue.core.promptdelta import Change, pair_calls
from oncue.core.questions import Question
from oncue.core.questionwords import describe_response
from oncue.core.readport import Reader

MAX_OUTPUTS = 300
FEW_STEPS = 20
"""So many steps are looked for one by one; more of them run by run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One thing of both runs, in words; empty where a run has no such thing.

    ``step`` is set for outputs and prompts, ``made_by`` are then the runs that made the output of either side. ``is_unasked``
    is a decision that only one of the runs needed, which is no difference between answers.
    """

    name: str
    left: str
    right: str
    step: StepId | None = None
    made_by: tuple[int | None, int | None] = (None, None)
    is_same: bool = False
    is_unasked: bool = False

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return not self.is_same and not self.is_unasked and self.left != self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """Two runs side by side; ``outputs`` says for each step whether both made or used the same output.

    ``left_out`` is how many steps are not listed. ``prompts`` are the steps that called a model in both runs. ``results`` are
    the deliverables that differ, as people read them.
    """

    left: RunPage
    right: RunPage
    requests: tuple[Pair, ...]
    decisions: tuple[Pair, ...]
    outputs: tuple[Pair, ...]
    left_out: int
    prompts: tuple[Pair, ...] = ()
    results: tuple[ResultPair, ...] = ()


def view_comparison(workspace: Workspace, job_id: JobId, *, left: int, right: int) -> ComparisonView:
    """Compare two runs.

    Raises:
        UnknownRun: the job has no such run.
    """
    with workspace.store.read() as reader:
        job = load_job(reader, job_id)
        pages = [read_run_page(workspace, reader, job_id, number=number) for number in (left, right)]
        graph = follow_definition(workspace, reader, job).graph
        made = [_outputs(reader, job_id, number) for number in (left, right)]
        known = made[0].keys() | made[1].keys()
        made = [
            one | _left_alone(reader, job_id, number, missing=known - one.keys())
            for number, one in zip((left, right), made, strict=True)
        ]
        prompts = tuple(_prompts(reader, job_id, left=left, right=right))
    order = {name: place for place, name in enumerate(graph.names)}
    steps = sorted({*made[0], *made[1]}, key=lambda this: (order.get(this.partition("[")[0], len(order)), this))
    outputs = [_pair_output(this, made[0].get(this), made[1].get(this)) for this in steps]
    outputs.sort(key=lambda pair: not pair.differs)
    delivered = [one for one in steps if (name := step_name(StepId(one))) in graph.steps and graph.steps[name].is_deliverable]
    results = pair_results(Bodies(workspace.store), [(this, made[0].get(this), made[1].get(this)) for this in delivered])
    return ComparisonView(
        left=pages[0],
        right=pages[1],
        requests=tuple(_requests(pages[0], pages[1])),
        decisions=tuple(_decisions(pages[0], pages[1])),
        outputs=tuple(outputs[:MAX_OUTPUTS]),
        left_out=max(0, len(outputs) - MAX_OUTPUTS),
        prompts=prompts[:MAX_OUTPUTS],
        results=tuple(results),
    )


def _prompts(reader: Reader, job_id: JobId, *, left: int, right: int) -> Iterator[Pair]:
    """The steps that called a model in both runs, and what of their prompts is not the same."""
    made = [_calls(reader, job_id, number) for number in (left, right)]
    for this in made[0].keys() & made[1].keys():
        pairs = pair_calls(made[0][this], made[1][this])
        changed = sum(pair.change is not Change.SAME for pair in pairs)
        words = "the same" if not changed else "changed" if len(pairs) == 1 else f"{changed} of {len(pairs)} changed"
        yield Pair(name=this, left=f"{len(made[0][this])} calls" if changed else words, right=words, step=this)


def _calls(reader: Reader, job_id: JobId, number: int) -> dict[StepId, list[ModelCall]]:
    """Step → the calls that count in a run."""
    found: dict[StepId, list[ModelCall]] = {}
    for call in reader.list_calls(job_id, run=number):
        found.setdefault(call.key.step, []).append(call)
    return {this: latest_calls(calls)[number] for this, calls in found.items()}


def _outputs(reader: Reader, job_id: JobId, number: int) -> dict[StepId, Made]:
    """Step → the output that a run made or built on, and the run that made it."""
    reused: dict[int, set[StepId]] = {}
    for this, run in decode_plan(reader.load_plan(job_id, number)).reused.items():
        reused.setdefault(run, set()).add(this)
    made: dict[StepId, Made] = {}
    for run, steps in reused.items():
        made |= {this: (artifact, run) for this, artifact in reader.outputs_of_run(job_id, run, steps).items()}
    made |= {this: (artifact, number) for this, artifact in reader.outputs_of_run(job_id, number).items()}
    return made | _kept(reader, job_id, number)


def _kept(reader: Reader, job_id: JobId, number: int) -> dict[StepId, Made]:
    """The outputs of the steps that were due only if needed, and were not: those that were there before."""
    run = reader.load_run(job_id, number)
    return _earlier(reader, job_id, number, missing=set(run.cut_off) if run else set())


def _left_alone(reader: Reader, job_id: JobId, number: int, *, missing: Iterable[StepId]) -> dict[StepId, Made]:
    """The outputs of steps that a run did not touch: those that were current then.

    Of a fan-out whose list the run made anew, what is missing left the list.
    """
    anew = {step_name(step.id) for step in decode_plan(reader.load_plan(job_id, number)).executing if step.is_expanding}
    return _earlier(reader, job_id, number, missing={this for this in missing if step_name(this) not in anew})


def _earlier(reader: Reader, job_id: JobId, number: int, *, missing: set[StepId]) -> dict[StepId, Made]:
    """The last outputs of these steps from before a run."""
    kept: dict[StepId, Made] = {}
    for earlier in range(number - 1, 0, -1):
        if len(missing) <= FEW_STEPS:
            break
        found = reader.outputs_of_run(job_id, earlier, missing)
        kept |= {this: (artifact, earlier) for this, artifact in found.items()}
        missing -= found.keys()
    before = RunSpan(last=number - 1)
    for this in missing:
        for made in reader.latest_attempts(job_id, this, before, limit=1, states=(AttemptState.SUCCEEDED,)):
            if made.artifact is not None:
                kept[this] = (made.artifact, made.key.run)
    return kept


def _pair_output(this: StepId, left: Made | None, right: Made | None) -> Pair:
    is_same = left is not None and right is not None and left[0] == right[0]
    words = [f"{'the same, ' if is_same else ''}of run {made[1]}" if made else "none" for made in (left, right)]
    runs = left[1] if left else None, right[1] if right else None
    return Pair(name=this, left=words[0], right=words[1], step=this, made_by=runs, is_same=is_same)


def _requests(left: RunPage, right: RunPage) -> Iterator[Pair]:
    rows = [_request_words(page) for page in (left, right)]
    for name in dict.fromkeys((*rows[0], *rows[1])):
        yield Pair(name=name, left=rows[0].get(name, ""), right=rows[1].get(name, ""))


def _request_words(page: RunPage) -> Mapping[str, str]:
    trigger = page.view.trigger
    words = dict(describe_request(page.request))
    comment = page.request.get("comment")
    if isinstance(comment, Mapping):
        words["comment"] = str(comment["text"])
    if trigger is not None:
        words |= {"started by": trigger.actor, "from": describe_source(trigger.source), "reason": trigger.reason}
    words["outcome"] = page.word
    words["cost"] = describe_spending(page.view.spent)
    return words | {f"parameter {name}": _spell(value) for name, value in page.view.params.items()}


def _decisions(left: RunPage, right: RunPage) -> Iterator[Pair]:
    rows = [{_place(question): _answer(question) for question in page.questions} for page in (left, right)]
    for name in dict.fromkeys((*rows[0], *rows[1])):
        yield Pair(
            name=name,
            left=rows[0].get(name, "not asked"),
            right=rows[1].get(name, "not asked"),
            is_unasked=not (name in rows[0] and name in rows[1]),
        )


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
