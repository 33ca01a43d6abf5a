"""A value in a shell text stays a value: no text of it is ever read as program, wherever it stands."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oncue.control.steps.calls import StepFailed
from oncue.definitions.shell_quoting import render_shell

NASTY = "a b'c\"d$(touch hacked)`touch hacked`\\;*&|\n<x> #e!"


def shell_output(text: str, params: Mapping[str, object], *, folder: Path) -> str:
    """What bash prints for a rendered text."""
    shell = render_shell(text, params)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", shell.text], env=shell.values, cwd=folder, capture_output=True, check=True
    )
    return done.stdout.decode()


HACK = "';touch hacked;'\"`touch hacked`$(touch hacked)"
PLACES = [
    ("printf %s {{ params.x }}", "{}"),
    ("printf %s a{{ params.x }}b", "a{}b"),
    ('printf %s "{{ params.x }}"', "{}"),
    ('printf %s "a {{ params.x }} b"', "a {} b"),
    ("printf %s '{{ params.x }}'", "{}"),
    ("printf %s 'it is {{ params.x }}!'", "it is {}!"),
    ('printf %s "$(printf %s {{ params.x }})"', "{}"),
    ('printf %s "$(printf %s "{{ params.x }}")"', "{}"),
    ('printf %s "it\'s {{ params.x }}"', "it's {}"),
    ("printf %s \\'{{ params.x }}\\'", "'{}'"),
    ("# it's a comment\nprintf %s {{ params.x }}", "{}"),
    ("printf %s x#'y'; printf %s {{ params.x }}", "x#y{}"),
    ('X={{ params.x }}; printf %s "${X#"no"}"', "{}"),
    ('printf %s "${NOT_SET:-{{ params.x }}}"', "{}"),
    ("IFS= read -r -d '' X <<END || true\n{{ params.x }}\nEND\nprintf %s \"$X\"", "{}\n"),
    ("cat <<END > /dev/null\nit's\nEND\nprintf %s {{ params.x }}", "{}"),
    ("{% if params.x %}printf %s {{ params.x }}{% endif %}", "{}"),
    ("{% for y in [params.x, 1] %}printf %s {{ y }};{% endfor %}", "{}1"),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
@pytest.mark.parametrize("value", [NASTY, "eu", "", "two words", "'", '"', "\\", "-n", "é"])
def test_the_shell_sees_the_value_as_it_is(text: str, expected: str, value: str, tmp_path: Path) -> None:
    if "if params.x" in text and not value:
        expected = ""
    assert shell_output(text, {"x": value}, folder=tmp_path) == expected.replace("{}", value)
    assert list(tmp_path.iterdir()) == []


@given(
    before=st.text(alphabet="'\"$(){}`\\ #<\nEa;|", max_size=12),
    after=st.text(alphabet="'\"(){}` \nE;", max_size=6),
)
@settings(max_examples=150, deadline=None)
@example(before="$(case a in a) '", after="")
def test_no_text_around_it_makes_a_value_a_program(before: str, after: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("quoting")
    try:
        shell = render_shell(f"{before}{{{{ params.x }}}}{after}", {"x": HACK})
    except StepFailed:
        return
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run(
        [bash, "-c", shell.text],
        env={"PATH": "/usr/bin:/bin", **shell.values},
        cwd=folder,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=20,
    )
    assert not (folder / "hacked").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("eu", "x eu y"),
        (10, "x 10 y"),
        (0.5, "x 0.5 y"),
        (True, "x true y"),
        ("a/b.c-d_e:f=g,h@i%j+", "x a/b.c-d_e:f=g,h@i%j+ y"),
    ],
)
def test_a_plain_value_stands_in_the_text_as_it_is(value: object, text: str) -> None:
    shell = render_shell("x {{ params.x }} y", {"x": value})

    assert (shell.text, shell.values) == (text, {})


def test_lists_and_mappings_are_json() -> None:
    assert render_shell("{{ params.x }}", {"x": {"a": [1, "ä"]}}).values == {"ONCUE_VALUE_1": '{"a":[1,"ä"]}'}


def test_raw_puts_a_value_in_as_program(tmp_path: Path) -> None:
    assert shell_output("{{ params.x | raw }}", {"x": "echo $((1 + 1))"}, folder=tmp_path) == "2\n"


def test_a_value_in_a_quoted_here_document_is_refused_unless_it_is_plain() -> None:
    text = "cat <<'END'\n{{ params.x }}\nEND\n"

    assert render_shell(text, {"x": "eu"}).text == "cat <<'END'\neu\nEND\n"
    with pytest.raises(StepFailed, match="write <<END instead of <<'END'"):
        render_shell(text, {"x": "a b"})


def test_what_the_shell_writes_with_a_hash_is_no_comment_of_the_template() -> None:
    text = 'X=(1 2); echo "${#X[@]}" {#-- left out --#}{{ params.x }}'

    assert render_shell(text, {"x": 1}).text == 'X=(1 2); echo "${#X[@]}" 1'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ params.x.__class__ }}", "unsafe"),
        ("{{ params.x.nope }}", "no attribute 'nope'"),
        ("{{ params.x / 0 }}", "template:"),
        ("{{ params.x + 1 }}", "template:"),
    ],
)
def test_a_template_that_fails_with_these_values_fails_the_step(text: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message) as caught:
        render_shell(text, {"x": "text"})

    assert caught.value.code == "template"
