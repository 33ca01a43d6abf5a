"""Guided reruns through the shipped command: what a comment does, what it leaves alone, and what stays on record."""

import json
import zipfile

import pytest

from tests.acceptance.guided import STUDY, calls, comments, guide, study
from tests.acceptance.shipped import Shell, states

EXAMPLES = ["use lmfit", "use these columns: year, value", "reset seed"]


@pytest.fixture
def job(shell: Shell) -> str:
    """A study that was run once."""
    return study(shell)


@pytest.mark.proves("S0-3")
def test_a_guided_rerun_changes_no_byte_of_the_stored_prompt(shell: Shell, job: str) -> None:
    before = shell.rows()["definition"]
    source = (shell.folder / "study.yaml").read_bytes()

    guide(shell, job, "use lmfit", "--kind", "method")

    assert shell.rows()["definition"] == before
    assert (shell.folder / "study.yaml").read_bytes() == source
    request, again = ([part["text"] for part in calls(shell, job, run)[0]["sections"][:3]] for run in (1, 2))
    assert again == request
    assert states(shell.get("job", "show", job))["draft"] == "fresh"


@pytest.mark.proves("S0-5")
def test_a_rerun_without_a_comment_is_what_it_was_before_there_were_any(shell: Shell, job: str) -> None:
    run = shell.get("job", "rerun", job, "--only", "--step", "draft")["run"]

    shell.get("job", "export", job, "job.zip")
    with zipfile.ZipFile(shell.folder / "job.zip") as archive:
        requests = [run["request"] for run in json.loads(archive.read("job.json"))["runs"]]
    assert requests == [{"scope": "all"}, {"scope": "only", "steps": ["draft"], "downstream": "mark_stale"}]
    assert (run["comment"], run["comments_read"]) == (None, {})
    assert comments(shell, job) == []
    assert "comment" not in [part["name"] for part in calls(shell, job, 2)[0]["sections"]]


@pytest.mark.proves("S0-6")
def test_editing_the_prompt_is_an_edit_and_no_comment(shell: Shell, job: str) -> None:
    shell.write("study.yaml", STUDY.replace("Fit a curve", "Fit a parabola"))

    plan = shell.get("job", "rerun", job, "--failed", "--plan")["plan"]
    run = shell.get("job", "rerun", job, "--failed")["run"]

    (draft,) = [step for step in plan["steps"] if step["id"] == "draft"]
    assert [reason["code"] for reason in draft["reasons"]] == ["definition_changed"]
    assert run["comment"] is None
    assert comments(shell, job) == []
    assert "definition_changed" in [event["type"] for event in shell.get("job", "events", job)["events"]]
    assert "parabola" in json.dumps(calls(shell, job, 2)[0]["sections"])


@pytest.mark.parametrize("text", EXAMPLES)
@pytest.mark.proves("S0-11")
def test_each_example_changes_the_payload_and_is_kept_word_for_word(shell: Shell, job: str, text: str) -> None:
    guide(shell, job, text)

    (before,), (after,) = calls(shell, job, 1), calls(shell, job, 2)
    assert before["payload"] != after["payload"]
    assert text not in json.dumps(before)
    assert text in json.dumps(after)
    assert [comment["text"] for comment in comments(shell, job)] == [text]
    assert text in shell.run("job", "artifact", job, "draft").out


@pytest.mark.proves("S0-12")
def test_a_comment_may_say_what_kind_of_constraint_it_adds(shell: Shell, job: str) -> None:
    for kind in ("data", "method", "persona", "format", "other"):
        guide(shell, job, f"about {kind}", "--kind", kind)
    guide(shell, job, "about nothing")

    unknown = shell.run("job", "rerun", job, "--comment", "x", "--kind", "colour", "--json")
    alone = shell.run("job", "rerun", job, "--kind", "data", "--json")

    kinds = [comment["kind"] for comment in comments(shell, job)]
    assert kinds == ["data", "method", "persona", "format", "other", None]
    assert (unknown.code, list(unknown.error["fields"])) == (2, ["kind"])
    assert (alone.code, "--kind needs --comment" in alone.error["message"]) == (2, True)
    assert "comment (data) for draft: “about data”" in shell.run("job", "history", job).out


@pytest.mark.proves("S0-13", "S0-14")
def test_every_guided_rerun_stays_on_record_in_order(shell: Shell, job: str) -> None:
    guide(shell, job, "use 2024", "--kind", "data", "--reason", "wrong year", "--context", "keep")
    guide(shell, job, "shorter", "--context", "clean", "--actor", "bob", "--reason", "too long")
    first = comments(shell, job)
    guide(shell, job, "use 2024", "--reason", "once more")

    listed = comments(shell, job)

    assert listed[:2] == first
    facts = [(one["run"], one["text"], one["kind"], one["author"], one["reason"], one["steps"]) for one in listed]
    assert facts == [
        (2, "use 2024", "data", "ada", "wrong year", ["draft"]),
        (3, "shorter", None, "bob", "too long", ["draft"]),
        (4, "use 2024", None, "ada", "once more", ["draft"]),
    ]
    assert [one["read_by"][0]["context"] for one in listed] == ["keep", "clean", "keep"]
    assert all(one["given_at"].endswith("Z") for one in listed)
    runs = shell.get("job", "history", job)["runs"]
    assert [run["comment"] and run["comment"]["text"] for run in runs] == [None, "use 2024", "shorter", "use 2024"]


@pytest.mark.proves("S0-17")
def test_what_came_of_a_comment_is_recorded(shell: Shell, job: str) -> None:
    guide(shell, job, "use 2024")
    shell.write("study.yaml", STUDY.replace("Fit a curve", "Fit a parabola"))
    guide(shell, job, "use 2024")
    shell.get("job", "rerun", job, "--step", "table")
    guide(shell, job, "use 2023")

    effects = [
        (
            reading["before"],
            reading["after"],
            reading["prompt_changed"],
            reading["definition_changed"],
            reading["output_changed"],
        )
        for comment in comments(shell, job)
        for reading in comment["read_by"]
    ]

    assert effects == [
        ("fresh", "succeeded", True, False, True),
        ("stale", "succeeded", True, True, False),
        ("fresh", "succeeded", True, False, True),
    ]
    text = shell.run("job", "comments", job).out
    assert "read by draft in run 2  fresh → succeeded: prompt and output changed, same definition" in text
    assert "read by draft in run 3  stale → succeeded: prompt and definition changed, same output" in text


@pytest.mark.proves("S0-18")
def test_what_was_traced_before_a_guided_rerun_reads_the_same_after_it(shell: Shell, job: str) -> None:
    before = calls(shell, job, 1)

    guide(shell, job, "use lmfit")
    guide(shell, job, "use scipy")

    assert calls(shell, job, 1) == before


@pytest.mark.proves("S0-20")
def test_a_comment_is_shown_wherever_its_run_or_step_is(shell: Shell, job: str) -> None:
    guide(shell, job, "use lmfit", "--kind", "method")

    shown = shell.get("job", "show", job)
    (draft,) = [step for step in shown["steps"] if step["id"] == "draft"]
    assert (shown["latest_run"]["comment"]["text"], draft["comments"]) == ("use lmfit", [2])
    assert shown["latest_run"]["comments_read"] == {"draft": [2]}
    assert shell.get("job", "why", job, "draft")["steered_by"][0]["text"] == "use lmfit"
    for words in (("show",), ("history",), ("why", "draft"), ("trace", "draft"), ("delta", "draft"), ("comments",)):
        answer = shell.run("job", words[0], job, *words[1:])
        assert (words, answer.code, "use lmfit" in answer.out) == (words, 0, True)
    assert "run 2, with its comment" in shell.run("job", "show", job).out


def test_a_plan_says_which_steps_get_the_comment_before_anything_is_sent(shell: Shell, job: str) -> None:
    words = ("job", "rerun", job, "--step", "draft", "--comment", "use lmfit", "--kind", "method", "--plan")

    plan = shell.get(*words)["plan"]

    assert plan["comment"] == {"run": None, "text": "use lmfit", "kind": "method", "steps": ["draft"]}
    assert (plan["estimate"]["tokens"]["low"] > 0, plan["estimate"]["usd"]["low"] > 0) == (True, True)
    text = shell.run(*words).out
    assert "comment (method) for draft: “use lmfit”" in text
    assert " tokens, $0.000" in text
    assert (len(shell.get("job", "history", job)["runs"]), comments(shell, job)) == (1, [])


def test_earlier_comments_are_left_behind_with_a_warning_or_kept(shell: Shell, job: str) -> None:
    guide(shell, job, "use lmfit")
    words = ("job", "rerun", job, "--only", "--step", "draft")

    without = shell.get(*words, "--plan")["plan"]
    with_it = shell.get(*words, "--comment", "shorter", "--keep-comments", "--plan")["plan"]
    run = shell.get(*words, "--comment", "shorter", "--keep-comments")["run"]

    assert [finding["code"] for finding in without["warnings"]] == ["comment_dropped"]
    assert with_it["warnings"] == []
    assert with_it["kept_comments"] == [{"run": 2, "text": "use lmfit", "kind": None, "steps": ["draft"]}]
    assert run["comments_read"] == {"draft": [2, 3]}
    (call,) = calls(shell, job, 3)
    (section,) = [part["text"] for part in call["sections"] if part["name"] == "comment"]
    assert section.index("use lmfit") < section.index("shorter")
    readers = [[reading["run"] for reading in comment["read_by"]] for comment in comments(shell, job)]
    assert readers == [[2, 3], [3]]


def test_going_on_keeps_the_comments_that_were_given(shell: Shell, job: str) -> None:
    guide(shell, job, "use lmfit")
    shell.write("study.yaml", STUDY.replace("2024,7", "2024,8"))

    run = shell.get("job", "run", job)["run"]

    assert (run["executed"], run["comments_read"]) == (["table", "draft", "report"], {"draft": [2]})
    assert "Done, with: use lmfit" in shell.run("job", "artifact", job, "report").out
    assert "with the comment of run 2: draft" in shell.run("job", "history", job).out


def test_a_comment_that_can_reach_nothing_is_refused(shell: Shell, job: str) -> None:
    refused = shell.run("job", "rerun", job, "--only", "--step", "table", "--comment", "use lmfit", "--json")

    assert (refused.code, refused.error["code"]) == (3, "comment_without_effect")
    assert comments(shell, job) == []


def test_comments_are_listed_for_one_step(shell: Shell, job: str) -> None:
    shell.get("job", "rerun", job, "--comment", "for all of it")
    guide(shell, job, "only the draft")

    by_step = {step: [one["text"] for one in comments(shell, job, "--step", step)] for step in ("1", "draft", "report")}
    unknown = shell.run("job", "comments", job, "--step", "drat", "--json")

    assert by_step == {
        "1": ["for all of it"],
        "draft": ["for all of it", "only the draft"],
        "report": ["for all of it"],
    }
    assert (unknown.code, unknown.error["code"]) == (4, "unknown_step")


def test_without_comments_the_list_says_how_one_is_given(shell: Shell, job: str) -> None:
    answer = shell.run("job", "comments", job)

    assert answer.code == 0
    assert "no comment was given" in answer.out
    assert f"oncue job rerun {job} --step STEP --comment TEXT" in answer.out


def test_a_comment_that_no_step_read_is_said_to_be_so(shell: Shell) -> None:
    shell.write("flows.py", QUIET)
    job = shell.create("flows:quiet")
    shell.get("job", "run", job)

    ended = shell.run("job", "rerun", job, "--comment", "look closer")
    shell.run("job", "rerun", job, "--comment", "fail", "--param", "fails=true")

    assert ended.code == 0
    assert "comment for every step: “look closer”; no step read it" in ended.out
    first, second = comments(shell, job)
    assert (first["unread"], first["read_by"], first["run_status"]) == (True, [], "succeeded")
    assert (second["unread"], second["run_status"]) == (True, "failed")
    history = shell.run("job", "history", job).out
    assert "“look closer”; no step read it" in history
    assert "“fail”; no output was made with it: maybe came to no end" in history
    assert "no step read it" in shell.run("job", "comments", job).out


def test_comments_survive_in_an_export(shell: Shell, job: str) -> None:
    guide(shell, job, "use lmfit", "--kind", "method")

    shell.get("job", "export", job, "job.zip")

    with zipfile.ZipFile(shell.folder / "job.zip") as archive:
        record = json.loads(archive.read("job.json"))
        readme = archive.read("README.md").decode()
    assert [(one["text"], one["kind"]) for one in record["comments"]] == [("use lmfit", "method")]
    assert "| 2 | draft | method | use lmfit | ada | draft |" in readme


QUIET = """
from oncue import Params, StepContext, Workflow

quiet = Workflow("quiet", params={"fails": False, "reads": False})

@quiet.step
def maybe(ctx: StepContext, params: Params) -> str:
    if params.fails:
        raise ValueError("as asked")
    return ctx.comment or "" if params.reads else "nothing"
"""
