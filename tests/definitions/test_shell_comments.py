"""Comments in shell steps: found where a step says that it reads them, and nowhere else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from oncue.core.comments import GivenComment
from oncue.core.model import JobId
from tests.definitions.desk import MemoryDesk, make_call, run_body
from tests.definitions.manifests import load_text

COMMENTS = (
    GivenComment(job_id=JobId("job-1"), run=2, text="wind only", given_at=datetime(2026, 1, 1, tzinfo=UTC)),
    GivenComment(job_id=JobId("job-1"), run=3, text="$(reboot) 'x'", given_at=datetime(2026, 1, 2, tzinfo=UTC)),
)


def say_comment(folder: Path, keys: str, *, program: str = "tell.sh") -> tuple[str, int]:
    """What a step with these keys finds of two comments, and how often they were read on its behalf."""
    (folder / program).write_text('printf %s "${ONCUE_COMMENT-unset}"')
    loaded = load_text(folder, f"steps: [{{id: a, {keys}}}]")
    desk = MemoryDesk(folder / "scratch", comments=COMMENTS)
    result = run_body(loaded, make_call(loaded, "a", folder=folder, desk=desk))
    return result.files["stdout"].read_text(), desk.comment_reads


@pytest.mark.parametrize(
    "keys",
    [
        "run: 'printf %s \"$ONCUE_COMMENT\"'",
        "run: sh tell.sh, comment: true",
    ],
)
def test_a_step_that_reads_comments_finds_them_as_they_were_written(keys: str, tmp_path: Path) -> None:
    assert say_comment(tmp_path, keys) == ("wind only\n$(reboot) 'x'", 1)


def test_a_step_that_does_not_say_so_finds_no_comment_and_none_counts_as_read(tmp_path: Path) -> None:
    assert say_comment(tmp_path, "run: sh tell.sh") == ("", 0)


def test_without_a_comment_the_variable_is_empty(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "steps: [{id: a, run: 'printf %s \"<$ONCUE_COMMENT>\"'}]")

    result = run_body(loaded, make_call(loaded, "a", folder=tmp_path / "scratch"))

    assert result.files["stdout"].read_text() == "<>"


@pytest.mark.parametrize(
    ("keys", "takes"),
    [
        ("run: ls", False),
        ("run: echo $ONCUE_COMMENT", True),
        ("run: ls, env: {A: $ONCUE_COMMENT}", True),
        ("run: ls, comment: true", True),
        ("ask: {message: Go}", False),
        ("prompt: Go", True),
    ],
)
def test_a_step_takes_a_comment_where_it_can_have_an_effect(keys: str, takes: bool, tmp_path: Path) -> None:
    assert load_text(tmp_path, f"steps: [{{id: a, {keys}}}]").definition.steps[0].takes_comment is takes
