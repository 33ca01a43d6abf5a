"""The attempts of a run that began here and have not ended: what each must do, and which of them a task executes already."""

from __future__ import annotations

from functools import partial

from oncue.control.elements import Elements, fan_outs_by_list
from oncue.control.tasks import task_key
from oncue.control.work import Work
from oncue.core.model import Attempt, Run, StepId, step_name
from oncue.core.progress import RunProgress


class Workbench:
    """Work by the key of its task."""

    def __init__(self, run: Run, progress: RunProgress, elements: Elements) -> None:
        self._params = run.params
        self._progress = progress
        self._elements = elements
        self._fan_outs = fan_outs_by_list(progress.graph)
        self._work: dict[str, Work] = {}
        self._delivered: set[str] = set()

    def __len__(self) -> int:
        return len(self._work)

    @property
    def keys(self) -> list[str]:
        """The tasks of everything that is here."""
        return list(self._work)

    @property
    def undelivered(self) -> list[str]:
        """The tasks that no engine has delivered yet."""
        return [key for key in self._work if key not in self._delivered]

    def has_step(self, step: StepId | None) -> bool:
        """Whether an attempt of a step is here."""
        return any(work.attempt.key.step == step for work in self._work.values())

    def add(self, attempt: Attempt) -> None:
        """An attempt begins, with what its step consumes now."""
        step = attempt.key.step
        definition = self._progress.graph.steps[step_name(step)]
        self._work[task_key(attempt)] = Work(
            attempt=attempt,
            step=definition,
            consumption=self._progress.consumption(step),
            params=self._params,
            load_item=partial(self._elements.load, step) if definition.each is not None else None,
            previous=self._progress.currents.get(step),
            fans_out=self._fan_outs.get(definition.name, ()),
        )

    def deliver(self, key: str) -> Work | None:
        """What a task must do that is delivered now; None where it is not due here any more."""
        work = self._work.get(key)
        if work is not None:
            self._delivered.add(key)
        return work

    def remove(self, key: str) -> Work:
        """An attempt ended."""
        self._delivered.discard(key)
        return self._work.pop(key)
