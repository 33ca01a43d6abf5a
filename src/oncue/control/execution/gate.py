"""The question at the end of a run that was asked to ask: shall what became stale run as well?

It is asked by the run itself: its attempt has the number 0. The answer yes releases the held steps; no ends the run, and they
stay stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from oncue.core.model import AttemptKey, Run, StepId
from oncue.core.questions import Asking, Question, QuestionId, QuestionKind
from oncue.core.readport import Reader

TYPE = "regenerate"
NUMBER = 0


def asks_downstream(run: Run) -> bool:
    """Whether a run asks before it executes what became stale."""
    return run.request.get("downstream") == "ask"


def load_gate(reader: Reader, run: Run) -> Question | None:
    """The question, if the run has asked it already."""
    if not asks_downstream(run):
        return None
    asked = reader.list_questions(job_id=run.job_id, run=run.number)
    return next((question for question in asked if question.key.number == NUMBER), None)


def make_gate(run: Run, held: Sequence[StepId], *, question_id: str, at: datetime) -> Question:
    """The question about these steps."""
    listed = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
    asking = Asking(
        type=TYPE,
        message=f"{listed} no longer {'follows' if len(held) == 1 else 'follow'} from the inputs. Run what became stale now?",
        kind=QuestionKind.CONFIRM,
        default=False,
        has_default=True,
        extra={"steps": list(held)},
    )
    key = AttemptKey(job_id=run.job_id, run=run.number, step=held[0], number=NUMBER)
    return Question(id=QuestionId(question_id), key=key, occurrence=1, asking=asking, asked_at=at)
