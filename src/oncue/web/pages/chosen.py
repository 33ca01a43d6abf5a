"""Which instances of a fan-out somebody has ticked.

A fragment carries them in its own address, so that they stay ticked on every page of a list and whatever is searched there.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

MAX_CHOSEN = 500


class ChosenSteps:
    """The ticked instances, in the order in which they came."""

    def __init__(
        self, step: Annotated[list[Annotated[str, Query(max_length=1000)]], Query(default_factory=list, max_length=MAX_CHOSEN)]
    ) -> None:
        self.ids = tuple(dict.fromkeys(step))

    @property
    def query(self) -> str:
        """The same as a query."""
        return urlencode([("step", one) for one in self.ids])


TheChosen = Annotated[ChosenSteps, Depends()]
