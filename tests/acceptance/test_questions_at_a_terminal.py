"""Questions at a terminal: put there, counted down, answered by keys, and withdrawn when somebody else was faster."""

import pytest

from tests.acceptance.interviews import decisions, settle_in, terminal, waiting
from tests.acceptance.shipped import Shell


@pytest.mark.proves("S3-5")
def test_the_questions_of_a_run_are_answered_one_after_the_other(shell: Shell) -> None:
    shell.write("rounds.txt", "1")
    job = settle_in(shell, "survey")

    with terminal(shell, "job", "run", job) as screen:
        shown = screen.until("a number or an option: ")
        assert "Select which pillars to analyze" in shown
        assert "3  P1    P1: Evidence the weakest" in shown
        assert "time left: 5 min 0 s" in shown or "time left: 4 min" in shown
        screen.type("9\r")
        assert "is not an option" in screen.until("is not an option")
        screen.type("3x\x7f\r")
        screen.until("answered: P1 (P1: Evidence)")
        assert "default: ONCE" in screen.until("a number or an option [ONCE]: ")
        screen.type("\r")
        screen.until("answered: ONCE")
        screen.until("yes or no: ")
        screen.type("\r")
        screen.until("nothing was typed")
        screen.type("y\r")
        screen.until("answered: yes")
        assert screen.end() == 0

    assert [(found["response"], found["how"], found["actor"]) for found in decisions(shell, job)] == [
        ("P1", "person", "ada"), ("ONCE", "person", "ada"), (True, "person", "ada"),
    ]  # fmt: skip


def test_the_deadline_counts_down(shell: Shell) -> None:
    job = settle_in(shell, "timed", "seconds=50")

    with terminal(shell, "job", "run", job) as screen:
        first = screen.until("a number or an option [left]: ")
        left = [int(screen.until(" s] ").rpartition("[")[2].removesuffix(" s] ")) for _ in range(3)]
        screen.type("right\r")
        screen.until("answered: right")
        assert screen.end() == 0

    assert "then the run ends" in first
    assert 50 >= left[0] > left[1] > left[2]


def test_a_prompt_disappears_when_somebody_else_answers(shell: Shell) -> None:
    job = settle_in(shell, "timed", "policy=wait", "seconds=600")

    with terminal(shell, "job", "run", job) as screen:
        screen.until("a number or an option [left]: ")
        shell.get("answer", waiting(shell)[0]["question_id"], "right", "--actor", "bob")
        assert "right, by bob" in screen.until("by bob")
        assert screen.end() == 0

    assert [found["actor"] for found in decisions(shell, job)] == ["bob"]


def test_a_prompt_disappears_when_its_time_is_up(shell: Shell) -> None:
    job = settle_in(shell, "timed", "seconds=3")

    with terminal(shell, "job", "run", job) as screen:
        screen.until("a number or an option [left]: ")
        screen.until("timed out after 3.0 s")
        assert screen.end() == 130
        assert "asks again, and goes on" in screen.seen


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_leave_the_run_waiting_and_say_how_to_continue(shell: Shell, keys: str) -> None:
    job = settle_in(shell, "flaky")

    with terminal(shell, "job", "run", job) as screen:
        screen.until("a number or an option: ")
        screen.type(keys)
        assert screen.end() == 130
        assert f"oncue job run {job} goes on with it" in screen.seen

    assert shell.get("job", "show", job)["status"] == "waiting"
    with terminal(shell, "job", "run", job) as screen:
        screen.until("a number or an option: ")
        screen.type("1\r")
        assert screen.end() == 0


KEYS = {
    "colour": ("a number or an option: ", "Grass Green"),
    "toppings": ("with commas between them: ", "3, 1"),
    "remark": ("your text: ", "äöü – fine"),
    "amount": ("a number: ", "7"),
    "agreed": ("yes or no: ", "n"),
    "person": ('{"field": value}: ', '{"nam": 1}', "answer.json"),
}


def test_every_kind_is_answered_by_keys(shell: Shell) -> None:
    job = settle_in(shell, "kinds")
    shell.write("answer.json", '{"name": "Ada"}')

    with terminal(shell, "job", "run", job) as screen:
        for _ in KEYS:  # they were asked at the same time: any of them comes first
            screen.until("question ")
            kind = screen.until("), step").partition("(")[2].partition(")")[0]
            prompt, *lines = KEYS[kind]
            for line in lines:
                screen.until(prompt)
                screen.type(f"{line}\r")
        assert screen.end() == 0

    assert {found["type"]: found["response"] for found in decisions(shell, job)} == {
        "colour": "green", "toppings": ["olives", "corn"], "remark": "äöü – fine", "amount": 7, "agreed": False,
        "person": {"name": "Ada"},
    }  # fmt: skip
