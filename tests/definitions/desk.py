"""What tests of bodies need: a desk that keeps all in memory and one folder, and calls made from plain values."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from oncue.control.forms import check_question, check_response
from oncue.control.steps.calls import AsyncBody, LoadedWorkflow, Params, StepCall, StepOutput
from oncue.control.steps.context import StepContext, Suspended
from oncue.control.steps.drafts import DraftWish
from oncue.control.steps.outputs import Output
from oncue.core.comments import GivenComment
from oncue.core.model import ArtifactKind, ContentHash, ContextMode, step_id
from oncue.core.questions import Asking


class MemoryDesk:
    """An ``AttemptDesk`` whose scratch folder is made on first use.

    ``answers`` has, by the type of a question, what a person says to its first, second … occurrence; where there is no
    answer the step is suspended. ``asked`` has every question put, with what was configured. ``comments`` are there to be
    read, and ``comment_reads`` counts how often they were. ``drafts`` has what the model says, in order; ``wished`` what it was
    asked for.
    """

    def __init__(
        self,
        folder: Path,
        previous: object = None,
        *,
        answers: Mapping[str, Sequence[object]] | None = None,
        comments: Sequence[GivenComment] = (),
        drafts: Sequence[object] = (),
    ) -> None:
        self._folder = folder
        self._previous = previous
        self._counts: Counter[str] = Counter()
        self.answers: dict[str, list[object]] = {name: list(given) for name, given in (answers or {}).items()}
        self.asked: list[tuple[Asking, object]] = []
        self.comments = tuple(comments)
        self.comment_reads = 0
        self.drafts = list(drafts)
        self.wished: list[DraftWish] = []
        self.memos: dict[str, bytes] = {}
        self.progress: list[tuple[float, float | None, str]] = []

    def load_memo(self, name: str) -> bytes | None:
        return self.memos.get(name)

    def keep_memo(self, name: str, body: bytes) -> None:
        self.memos[name] = body

    def report_progress(self, *, done: float, total: float | None, message: str) -> None:
        self.progress.append((done, total, message))

    def load_previous(self) -> object:
        return self._previous

    def scratch_folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def open_log(self) -> logging.Logger:
        return logging.getLogger("oncue.step")

    def ask(self, asking: Asking, *, configured: object = None) -> object:
        check_question(asking)
        self.asked.append((asking, configured))
        self._counts[asking.type] += 1
        if configured is not None:
            return check_response(asking, configured)
        given = self.answers.get(asking.type, [])
        if len(given) < self._counts[asking.type]:
            raise Suspended(asking.type)
        return check_response(asking, given[self._counts[asking.type] - 1])

    def enter_again(self) -> None:
        """As after an answer: the step begins at its top, and its memos and answers are kept."""
        self._counts.clear()
        self.asked.clear()

    def is_cancelled(self) -> bool:
        return False

    def read_comments(self) -> tuple[GivenComment, ...]:
        self.comment_reads += 1
        return self.comments

    def has_model(self) -> bool:
        return bool(self.drafts)

    def generate(self, wish: DraftWish) -> object:
        self.wished.append(wish)
        return self.drafts.pop(0)

    async def generate_async(self, wish: DraftWish) -> object:
        return self.generate(wish)


def output(value: object) -> Output:
    """The output of a step that returned this JSON value."""
    body = json.dumps(value).encode()
    address = ContentHash(f"sha256:{sha256(body).hexdigest()}")
    return Output(address=address, kind=ArtifactKind.VALUE, value=json.loads(body))


def make_call(
    loaded: LoadedWorkflow,
    step: str,
    *,
    folder: Path,
    inputs: Mapping[str, Output | Mapping[str, Output]] | None = None,
    params: Mapping[str, object] | None = None,
    item: object = None,
    key: str | None = None,
    desk: MemoryDesk | None = None,
) -> StepCall:
    """A call of one step with given inputs."""
    definition = next(found for found in loaded.definition.steps if found.name == step)
    defaults = {param.name: param.default for param in loaded.definition.params}
    context = StepContext(
        desk or MemoryDesk(folder), job="job-1", step=step_id(step, key), run=1, attempt=1, mode=ContextMode.KEEP
    )
    return StepCall(
        definition=definition,
        inputs=inputs or {},
        params=Params({**defaults, **(params or {})}),
        context=context,
        item=item,
        has_item=key is not None,
    )


def run_body(loaded: LoadedWorkflow, call: StepCall) -> StepOutput:
    """Run the body of the called step to its end, whichever kind it is."""
    body = loaded.bodies[call.definition.name]
    if isinstance(body, AsyncBody):
        return asyncio.run(_awaited(body, call))
    return body.run(call)


async def _awaited(body: AsyncBody, call: StepCall) -> StepOutput:
    return await body.run(call)
