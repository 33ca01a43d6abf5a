"""The deliverables of two runs side by side: how their text and their files differ, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from oncue.control.steps.bodies import Bodies
from oncue.control.steps.outputs import Output
from oncue.control.views.outputdelta import OutputDelta, compare_bodies
from oncue.core.model import ContentHash, StepId
from oncue.core.promptdelta import Change, diff_texts
from oncue.errors import NoArtifact

Made = tuple[ContentHash, int]
"""An output, and the run that made it."""
MAX_PAIRS = 20
MAX_FILES = 20
MAX_FILE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """A file that is not the same in both; ``diff`` is None where it is no text, or too long to be read line by line."""

    name: str
    change: Change
    diff: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPair:
    """A deliverable that is not the same in both runs; ``made_by`` are the runs that made either, None where there is none.

    ``more_files`` is how many other files differ.
    """

    step: StepId
    made_by: tuple[int | None, int | None]
    delta: OutputDelta
    files: tuple[FilePair, ...]
    more_files: int


def pair_results(bodies: Bodies, made: Iterable[tuple[StepId, Made | None, Made | None]]) -> list[ResultPair]:
    """The first deliverables that differ, each with how."""
    differing = [(this, left, right) for this, left, right in made if (left and left[0]) != (right and right[0])]
    return [_pair(bodies, this, left=left, right=right) for this, left, right in differing[:MAX_PAIRS]]


def _pair(bodies: Bodies, this: StepId, *, left: Made | None, right: Made | None) -> ResultPair:
    was, now = left[0] if left else None, right[0] if right else None
    delta = compare_bodies(bodies, was, now, names=("before", "after"))
    files = list(_pair_files(bodies, delta))
    return ResultPair(
        step=this,
        made_by=(left[1] if left else None, right[1] if right else None),
        delta=delta,
        files=tuple(files),
        more_files=max(0, len(delta.files or {}) - len(files)),
    )


def _pair_files(bodies: Bodies, delta: OutputDelta) -> Iterator[FilePair]:
    changes = list((delta.files or {}).items())[:MAX_FILES]
    if not changes:
        return
    try:
        outputs = [bodies.output(address) if address else None for address in (delta.before, delta.after)]
    except NoArtifact:
        return
    for name, change in changes:
        texts = [_text(output, name) for output in outputs]
        is_text = None not in texts
        yield FilePair(name=name, change=change, diff=diff_texts(texts[0] or "", texts[1] or "") if is_text else None)


def _text(output: Output | None, name: str) -> str | None:
    """What a file says, nothing where there is none; None where that is not a short text, or is not stored any more."""
    if output is None or name not in output.files:
        return ""
    if output.files[name].size > MAX_FILE_BYTES:
        return None
    try:
        with output.open(name) as stream:
            body = stream.read()
        return None if b"\0" in body else body.decode()
    except (UnicodeDecodeError, NoArtifact, OSError):
        return None
