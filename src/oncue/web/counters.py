"""The numbers that a request may name: runs, attempts, calls, pages, events; higher ones than can exist are refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from oncue.core.counting import HIGHEST_EVENT, HIGHEST_NUMBER

Counter = Annotated[int, Field(ge=1, le=HIGHEST_NUMBER)]
"""A run, an attempt or a call."""
MaybeCounter = Annotated[int | None, Query(ge=1, le=HIGHEST_NUMBER)]
"""A run or an attempt that need not be named."""
EventNumber = Annotated[int, Query(ge=0, le=HIGHEST_EVENT)]
"""The event after which others are wanted; 0 is the beginning."""
Page = Annotated[int, Query(ge=1, le=1_000_000)]
"""A page of a list."""
