"""What guided a job: comments, calls of models, and how their prompts changed."""

from __future__ import annotations

from oncue.web.schemas.runshapes import CommentRecord
from oncue.web.schemas.wire import Answer, SpendingRecord


class ReadingRecord(Answer):
    """An attempt that read a comment, and what came of it."""

    run: int
    step: str
    attempt: int
    before: str | None
    after: str
    context: str
    prompt_changed: bool | None
    definition_changed: bool | None
    output_changed: bool | None


class CommentEntry(CommentRecord):
    """A comment with every attempt that read it, in its run or later."""

    run_status: str
    read_by: list[ReadingRecord]


class CommentsRecord(Answer):
    """The comments of a job, or those that concern a step."""

    job_id: str
    step: str | None
    comments: list[CommentEntry]


class TraceRecord(Answer):
    """Attempts with what they consumed and the calls they made; ``spending`` adds up the calls that are listed.

    ``complete`` says that none comes after them; else ``next_cursor`` leads on.
    """

    job_id: str
    workflow: str
    spending: SpendingRecord
    complete: bool
    attempts: list[dict[str, object]]
    next_cursor: str | None


class CallsRecord(Answer):
    """Calls of a job, of a step or of a run; ``spending`` adds up those that are listed.

    ``complete`` says that none comes after them; else ``next_cursor`` leads on.
    """

    job_id: str
    workflow: str
    spending: SpendingRecord
    complete: bool
    calls: list[dict[str, object]]
    next_cursor: str | None


class DeltaRecord(Answer):
    """The prompts of a step in two of its runs, section by section."""

    job_id: str
    step: str
    steps: list[dict[str, object]]
