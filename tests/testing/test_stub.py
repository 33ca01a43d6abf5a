"""The stub server for whoever tests a workflow: what it answers, what it keeps, and how it is run from a shell."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

import oncue.testing
from oncue.testing import CommandFailed, CommandLine, InvalidScript, ModelStub, Script, load_script, read_script

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hello?"}]}]
USED = {"input": 9, "output": 2, "cached": 4}


def post(address: str, body: Mapping[str, Any], **headers: str) -> tuple[int, Any]:
    """What a server answers to a POST."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_the_public_names_are_the_promised_ones() -> None:
    assert oncue.testing.__all__ == [
        "CommandFailed", "CommandLine", "InvalidScript", "ModelStub", "Script", "StubRequest", "load_script", "read_script",
    ]  # fmt: skip
    assert all(hasattr(oncue.testing, name) for name in oncue.testing.__all__)


def test_chat_completions_are_answered_whole_where_no_stream_is_asked_for() -> None:
    with ModelStub([{"reply": {"text": "Hello.", "usage": USED}}]) as stub:
        status, answer = post(f"{stub.url}/v1/chat/completions", {"model": "m", "messages": ASKED})

    assert status == 200
    assert answer["model"] == "m"
    assert answer["choices"][0]["message"]["content"] == "Hello."
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] == 11
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 4


def test_messages_are_answered_whole_where_no_stream_is_asked_for() -> None:
    body = {"model": "m", "max_tokens": 9, "system": "Be brief.", "messages": ASKED[1:]}
    with ModelStub([{"reply": {"text": "Hello.", "usage": USED}}]) as stub:
        status, answer = post(f"{stub.url}/v1/messages", body)

    assert status == 200
    assert answer["content"] == [{"type": "text", "text": "Hello."}]
    assert answer["stop_reason"] == "end_turn"
    assert answer["usage"] == {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 4}


def test_a_refusal_and_a_cut_answer_are_there_without_a_stream_too() -> None:
    with ModelStub([{"reply": [{"error": "refused", "message": "No."}, {"error": "broken_answer", "raw": "half"}]}]) as stub:
        _, refused = post(f"{stub.url}/v1/chat/completions", {"messages": ASKED})
        with pytest.raises((OSError, HTTPException)):
            post(f"{stub.url}/v1/chat/completions", {"messages": ASKED})

    assert refused["choices"][0]["message"] == {"role": "assistant", "content": None, "refusal": "No."}


def test_everything_that_came_is_kept_as_it_came(tmp_path: Path) -> None:
    record = tmp_path / "sent.jsonl"
    with ModelStub([{"when": {"anywhere": "Hello"}, "reply": "Hello."}], record=record) as stub:
        post(f"{stub.url}/v1/chat/completions", {"messages": ASKED}, Authorization="Bearer key-1")
        post(f"{stub.url}/v1/messages", {"messages": ASKED}, **{"X-Api-Key": "key-2"})

        first, second = stub.wait_for_requests(2)

    assert (first.number, first.path, first.key) == (1, "/v1/chat/completions", "key-1")
    assert first.json == {"messages": ASKED}
    assert first.text == "Be brief.\nHello?"
    assert second.key == "key-2"
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [line["body"] for line in lines] == [first.json, second.json]
    assert "key-1" not in record.read_text(encoding="utf-8")


def test_a_request_that_no_rule_answers_is_refused_with_the_sections_it_has() -> None:
    with ModelStub([{"when": {"call": 7}, "reply": "x"}]) as stub:
        status, answer = post(f"{stub.url}/v1/chat/completions", {"messages": ASKED})

    assert status == 400
    assert "no rule answers call 1" in answer["error"]["message"]


def test_other_addresses_are_not_found_and_the_list_of_models_is_empty() -> None:
    with ModelStub([{"reply": "x"}]) as stub:
        status, _ = post(f"{stub.url}/v1/embeddings", {})
        with urllib.request.urlopen(f"{stub.url}/v1/models", timeout=30) as response:
            models = json.loads(response.read())

    assert status == 404
    assert models == {"object": "list", "data": []}
    assert stub.requests == ()


def test_waiting_for_what_does_not_come_says_what_did() -> None:
    with ModelStub([{"reply": "x"}]) as stub, pytest.raises(TimeoutError, match="2 requests; it has 0 requests"):
        stub.wait_for_requests(2, timeout_seconds=0)


def test_a_script_is_given_as_data_as_a_file_or_read_beforehand(tmp_path: Path) -> None:
    path = tmp_path / "replies.yaml"
    path.write_text("- {reply: from a file}", encoding="utf-8")
    scripts: list[Any] = [
        path,
        str(path),
        load_script(path),
        read_script([{"reply": "from a file"}]),
        [{"reply": "from a file"}],
    ]

    answers = []
    for script in scripts:
        with ModelStub(script) as stub:
            answers.append(post(f"{stub.url}/v1/chat/completions", {})[1]["choices"][0]["message"]["content"])

    assert answers == ["from a file"] * len(scripts)
    assert isinstance(scripts[2], Script)


def test_a_wrong_script_is_refused_when_the_server_is_made() -> None:
    with pytest.raises(InvalidScript, match="rules"):
        ModelStub({"rules": []})


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    path = tmp_path / "replies.yaml"
    path.write_text("- {reply: {hang: true}}", encoding="utf-8")
    with ModelStub(path) as stub:
        client = subprocess.Popen([sys.executable, "-c", HANGING, f"{stub.url}/v1/messages"], stderr=subprocess.DEVNULL)
        stub.wait_for_requests(1)

    assert client.wait(timeout=30) == 3


HANGING = """
import sys, urllib.request
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], b"{}"), timeout=60)
except OSError:
    sys.exit(3)
"""


def test_from_a_shell_it_prints_its_address_and_writes_down_what_comes(tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text("- {reply: hello}", encoding="utf-8")
    command = [sys.executable, "-m", "oncue.testing", "--script", "replies.yaml", "--record", "sent.jsonl"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        status, _ = post(f"{address}/v1/chat/completions", {"messages": ASKED})
    finally:
        server.send_signal(signal.SIGINT)
        code = server.wait(timeout=30)
        server.stdout.close()

    assert (status, code) == (200, 0)
    assert json.loads((tmp_path / "sent.jsonl").read_text(encoding="utf-8"))["body"] == {"messages": ASKED}


def test_from_a_shell_a_wrong_script_is_explained(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "oncue.testing", "--script", "nowhere.yaml"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 2
    assert done.stderr.startswith("error: the replies in nowhere.yaml cannot be read")


def test_the_command_line_runs_in_its_folder_and_reports_what_fails(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("params: {who: nobody}\nsteps:\n  - {id: a, run: 'echo {{ params.who }}'}\n", "utf-8")
    command = CommandLine(folder=tmp_path, actor="grace", environment={"ONCUE_DEBUG": "0"})

    job = command.create("one.yaml", who="ada")
    run = command.json("job", "run", job)["run"]

    assert run["status"] == "succeeded"
    assert command.text("job", "artifact", job, "a") == "ada\n"
    assert [entry["trigger"]["actor"] for entry in command.json("job", "history", job)["runs"]] == ["grace"]
    with pytest.raises(CommandFailed, match="no job"):
        command.json("job", "show", "nowhere")
