"""From the body of an HTTP request to the one request object; every way to ask for a run goes through here.

``rerun_mode`` and ``rerun_comment`` are the names of the edge for what is ``context`` and ``comment`` inside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from oncue.control.views.panelview import fold_breaks
from oncue.core.comments import Comment, CommentKind, InvalidComment, read_comment
from oncue.core.model import ContextMode
from oncue.core.request import Budget, RunRequest, Scope
from oncue.core.secrets import known_secrets
from oncue.web.refusals import InvalidFields
from oncue.web.schemas.runshapes import BudgetBody, OptionsBody, RequestBody, RestartPhaseBody, RestartStepBody

MAX_METADATA_BYTES = 8_000
SCOPES_WITH_STEPS = (Scope.FROM, Scope.ONLY)
SCOPES_WITH_DOWNSTREAM = (Scope.ONLY, Scope.PHASE)


def read_request(body: RequestBody) -> RunRequest:
    """What to run.

    Raises:
        InvalidFields: fields that contradict each other; names them.
        InvalidComment: the comment cannot be taken.
    """
    _check_scope(body)
    return _request(body, scope=body.scope, steps=tuple(body.steps), phase=body.phase)


def read_phase_restart(body: RestartPhaseBody) -> RunRequest:
    """The same request, of one phase."""
    return _request(body, scope=Scope.PHASE, phase=body.phase)


def read_step_restart(body: RestartStepBody) -> RunRequest:
    """The same request, of one step: alone, or with everything that depends on it."""
    return _request(body, scope=Scope.ONLY if body.only else Scope.FROM, steps=(body.step,))


def check_metadata(metadata: Mapping[str, object]) -> Mapping[str, object]:
    """What a client says of itself, as long as it is short.

    Raises:
        InvalidFields: it has more than 8,000 bytes.
    """
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_METADATA_BYTES:
        raise InvalidFields({"ui_trigger_metadata": f"it has more than {MAX_METADATA_BYTES} bytes"})
    return metadata


def _check_scope(body: RequestBody) -> None:
    fields: dict[str, str] = {}
    if body.scope in SCOPES_WITH_STEPS and not body.steps:
        fields["steps"] = f"the scope {body.scope.value} needs at least one step"
    if body.scope not in SCOPES_WITH_STEPS and body.steps:
        fields["steps"] = f"the scope {body.scope.value} takes no steps; from and only do"
    if body.scope is Scope.PHASE and not body.phase:
        fields["phase"] = "the scope phase needs one"
    if body.scope is not Scope.PHASE and body.phase is not None:
        fields["phase"] = f"the scope {body.scope.value} takes no phase"
    if body.scope not in SCOPES_WITH_DOWNSTREAM and "downstream" in body.model_fields_set:
        fields["downstream"] = f"the scope {body.scope.value} runs what depends on it anyway; only and phase take this"
    if fields:
        raise InvalidFields(fields)


def _request(body: OptionsBody, *, scope: Scope, steps: tuple[str, ...] = (), phase: str | None = None) -> RunRequest:
    return RunRequest(
        scope=scope,
        steps=steps,
        phase=phase,
        context=_context(body),
        downstream=body.downstream,
        params=body.params,
        budget=_budget(body.budget),
        refresh=body.refresh,
        definition=body.definition,
        answers=body.answers,
        comment=_comment(body.rerun_comment, body.comment_kind),
        keep_comments=body.keep_comments,
    )


def _context(body: OptionsBody) -> ContextMode | None:
    if body.context is not None and body.rerun_mode not in (None, body.context):
        raise InvalidFields({"rerun_mode": f"it is another name of context, which says {body.context.value}"})
    return body.context or body.rerun_mode


def _budget(body: BudgetBody) -> Budget:
    return Budget(seconds=body.seconds, tokens=body.tokens, usd=body.usd, calls=body.calls)


def _comment(text: str | None, kind: CommentKind | None) -> Comment | None:
    if text is None:
        if kind is not None:
            raise InvalidFields({"comment_kind": "there is no rerun_comment that it could be the kind of"})
        return None
    text = fold_breaks(text)  # how browsers send a line break; it counts as one character
    try:
        return read_comment(text, kind.value if kind else None, known=known_secrets(os.environ))
    except InvalidComment as error:
        name = "rerun_comment" if error.field == "comment" else error.field
        raise InvalidComment(error.message, field=name, hint=error.hint) from error
