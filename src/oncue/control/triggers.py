"""The one place that mints triggers: the recorded human actions without which no run exists.

Only entry points that serve a person may import this module; an import contract keeps everything else out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from oncue.control.jobs import check_reason
from oncue.control.preflight import Prepared
from oncue.control.workspace import Workspace
from oncue.core.model import RunKind, Trigger, TriggerId, TriggerSource
from oncue.core.recommendations import Recommendation
from oncue.errors import InvalidInput

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def mint_trigger(
    workspace: Workspace,
    prepared: Prepared,
    *,
    source: TriggerSource,
    action: RunKind,
    actor: str,
    trigger_id: str | None,
    reason: str = "",
    metadata: Mapping[str, object] | None = None,
    recommendation: Recommendation | None = None,
) -> Trigger:
    """Record that a person wants exactly this plan to run, now.

    ``trigger_id`` comes from the person's client, so that repeating the action is harmless; None makes a new one. The time is
    always stamped here. ``recommendation`` is the advice it follows; what was advised is copied, so that what the person
    changed can be seen for ever.

    Raises:
        InvalidInput: an id of a strange shape, no actor, a reason that is too long or a secret, or advice for another job.
    """
    if trigger_id is not None and not _ID.fullmatch(trigger_id):
        raise InvalidInput("a trigger id has 1 to 64 letters, digits, dots, colons, dashes or underscores")
    if not actor.strip():
        raise InvalidInput("a trigger names the person who acts", hint="--actor NAME")
    check_reason(reason)
    if recommendation is not None and recommendation.job_id != prepared.snapshot.job.id:
        raise InvalidInput(f"recommendation {recommendation.id} is for another job", code="foreign_recommendation")
    return Trigger(
        id=TriggerId(trigger_id or workspace.new_id()),
        job_id=prepared.snapshot.job.id,
        source=source,
        action=action,
        actor=actor,
        reason=reason,
        plan_digest=prepared.plan.digest,
        triggered_at=workspace.clock.now(),
        metadata=metadata or {},
        recommendation_id=None if recommendation is None else recommendation.id,
        recommended=None if recommendation is None else recommendation.request,
    )
