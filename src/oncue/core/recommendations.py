"""Recommendations: advice, by an agent or a person, to run a job in a certain way. They are read, used, and start nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from oncue.core.findings import Finding
from oncue.core.model import JobId

RecommendationId = NewType("RecommendationId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Advice on record. ``request`` is the stored form of the run request that is recommended.

    ``blockers`` and ``warnings`` are what preflight found when it was given, ``plan_digest`` the plan it was given for.
    """

    id: RecommendationId
    job_id: JobId
    request: Mapping[str, object]
    rationale: str
    author: str
    given_at: datetime
    plan_digest: str
    blockers: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    estimate: Mapping[str, object] = field(default_factory=dict)
