"""What came out of a step in two runs: whether it is the same, and how its text differs where it is text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncue.control.generation.composing import previous_text
from oncue.control.steps.bodies import Bodies
from oncue.control.steps.outputs import Output
from oncue.core.model import Attempt, ContentHash
from oncue.core.promptdelta import Change, diff_texts
from oncue.errors import NoArtifact

MAX_CHARS = 1 << 20
"""Longer texts are not compared line by line: nobody reads that, and it takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDelta:
    """The outputs of one step in two runs.

    ``change`` None: neither run put anything out. ``diff`` is a unified diff of the values as text; empty where they are
    equal, None where they cannot be compared, and then ``note`` says why. ``files`` names the files that differ.
    """

    change: Change | None
    before: ContentHash | None = None
    after: ContentHash | None = None
    diff: str | None = ""
    files: Mapping[str, Change] | None = None
    note: str = ""

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "change": self.change.value if self.change else None,
            "before": self.before,
            "after": self.after,
            "diff": self.diff,
            "files": {name: change.value for name, change in (self.files or {}).items()},
            "note": self.note,
        }


def compare_outputs(bodies: Bodies, before: Attempt | None, after: Attempt) -> OutputDelta:
    """Compare what two attempts put out; without an earlier one everything is new."""
    names = tuple(f"output of run {one.key.run}" if one and one.artifact else "/dev/null" for one in (before, after))
    return compare_bodies(bodies, before.artifact if before else None, after.artifact, names=(names[0], names[1]))


def compare_bodies(bodies: Bodies, was: ContentHash | None, now: ContentHash | None, *, names: tuple[str, str]) -> OutputDelta:
    """Compare two outputs; None is no output."""
    if was is None and now is None:
        return OutputDelta(change=None)
    change = _change(was, now)
    if change is Change.SAME:
        return OutputDelta(change=change, before=was, after=now)
    try:
        old, new = (bodies.output(address) if address else None for address in (was, now))
    except NoArtifact:
        return OutputDelta(change=change, before=was, after=now, diff=None, note="an output is not stored any more")
    texts = ["" if output is None else previous_text(output.value) or "" for output in (old, new)]
    if max(map(len, texts)) > MAX_CHARS:
        note = "too long to be compared line by line"
        return OutputDelta(change=change, before=was, after=now, diff=None, files=_files(old, new), note=note)
    diff = diff_texts(texts[0], texts[1], names=names)
    return OutputDelta(change=change, before=was, after=now, diff=diff, files=_files(old, new))


def _files(old: Output | None, new: Output | None) -> Mapping[str, Change]:
    """What became of each file that is not the same."""
    then = {name: file.address for name, file in old.files.items()} if old else {}
    now = {name: file.address for name, file in new.files.items()} if new else {}
    changes = {name: _change(then.get(name), now.get(name)) for name in sorted({*then, *now})}
    return {name: change for name, change in changes.items() if change is not Change.SAME}


def _change(was: ContentHash | None, now: ContentHash | None) -> Change:
    if was == now:
        return Change.SAME
    if was is None:
        return Change.ADDED
    return Change.REMOVED if now is None else Change.CHANGED
