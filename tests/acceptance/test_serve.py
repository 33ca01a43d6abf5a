"""The shipped server as a person starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.sync.client import connect

from tests.acceptance.shipped import Shell, runs_of, states
from tests.support.processes import PATIENCE_SECONDS, wait_until

ORDER = {"ui_trigger_id": "00000000-0000-4000-8000-000000000001", "ui_trigger_source": "api_client"}
HOLDING = """\
name: holding
steps:
  - {id: first, run: "echo first >> calls.log; echo one"}
  - {id: hold, run: "echo hold >> calls.log; cat gate"}
  - {id: last, run: "echo last >> calls.log; cat $ONCUE_INPUTS/hold/stdout"}
"""


class Served:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.lines = [process.stdout.readline() for _ in range(2)]
        address = urlsplit(self.lines[1].strip())
        self.port = address.port or 0
        self.token = parse_qs(address.query)["token"][0]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", body=None if body is None else json.dumps(body), headers=headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        return answer.status, found

    def start(self, job: str, trigger: str = ORDER["ui_trigger_id"]) -> int:
        _, plan = self.ask("POST", f"/jobs/{job}/runs/preflight", {})
        body = {**ORDER, "ui_trigger_id": trigger, "plan_digest": plan["plan"]["digest"]}
        status, run = self.ask("POST", f"/jobs/{job}/runs", body)
        assert status in (200, 201), run
        return int(run["number"])

    def hear_until(self, job: str, name: str, *, after: int = 0) -> int:
        """Wait for an event of a job; returns its number."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"ws://127.0.0.1:{self.port}/api/v1/events?job={job}&after={after}"
        with connect(address, additional_headers=headers, open_timeout=PATIENCE_SECONDS, proxy=None) as socket:
            while True:
                event = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
                if event.get("name") == name:
                    return int(event["seq"])

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Ask it to end; returns its exit code and what it said on standard error."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, said


@contextmanager
def serving(shell: Shell, *options: str) -> Iterator[Served]:
    process = shell.start("serve", "--no-open", "--port", "0", *options)
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_in_a_new_folder_a_job_is_made_run_and_read_with_the_server_alone(shell: Shell) -> None:
    shell.write("words.yaml", "name: words\nphases: [all]\nsteps:\n  - {id: word, phase: all, run: printf hello}\n")
    with serving(shell) as server:
        status, job = server.ask("POST", "/jobs", {"workflow": "words.yaml"})
        server.start(job["job_id"])
        server.hear_until(job["job_id"], "run:complete")

    assert status == 201
    assert shell.run("job", "artifact", job["job_id"], "word").out == "hello"


def test_a_port_that_is_taken_is_said(shell: Shell, chain: str) -> None:
    assert chain
    with serving(shell) as first:
        answer = shell.run("serve", "--no-open", "--port", str(first.port))

    assert answer.code == 1
    assert f"cannot listen on 127.0.0.1:{first.port}" in answer.err
    assert "--port 0" in answer.err


def test_a_run_that_is_started_over_http_is_executed_and_seen_at_the_command_line(shell: Shell, chain: str) -> None:
    with serving(shell) as server:
        number = server.start(chain)
        server.hear_until(chain, "run:complete")
        ended = server.end()

    assert (number, ended) == (1, (0, ""))
    assert set(states(shell.get("job", "show", chain)).values()) == {"fresh"}
    (run,) = shell.get("job", "history", chain)["runs"]
    assert (run["trigger"]["actor"], run["trigger"]["source"]) == ("ada", "api_client")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_the_end_of_the_server_interrupts_goes_on_at_its_next_start(shell: Shell, number: signal.Signals) -> None:
    shell.write("holding.yaml", HOLDING)
    gate = shell.pipe("gate")
    job = shell.create("holding.yaml")
    with serving(shell) as server:
        server.start(job)
        with gate.open("w", encoding="utf-8"):  # opens when the step reads
            code, said = server.end(number)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0), said
    wait_until(lambda: not has_reader(gate), "the step of the server that ended is over as well")

    with serving(shell) as again:
        with gate.open("w", encoding="utf-8") as writer:
            writer.write("through\n")
        again.hear_until(job, "run:complete")
        repeated = again.start(job)
        assert again.end() == (0, "")

    assert repeated == 1
    calls = shell.calls()
    assert (calls.count("first"), calls.count("last")) == (1, 1)
    assert runs_of(shell.get("job", "show", job)) == {"first": 1, "hold": 1, "last": 1}


def has_reader(pipe: Path) -> bool:
    """Whether somebody would get what is written into it."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def test_a_server_with_open_sockets_ends_and_lets_every_client_go(shell: Shell, chain: str) -> None:
    with serving(shell) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        sockets = [
            connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=headers, proxy=None, legacy=True)
            for path in ("/live?topic=jobs", f"/api/v1/events?job={chain}") * 5
        ]
        idle = HTTPConnection("127.0.0.1", server.port)
        idle.connect()
        code, said = server.end()
        for socket in sockets:
            socket.close()
        idle.close()

    assert (code, said) == (0, "")


def test_a_run_that_the_command_line_starts_is_left_to_it(shell: Shell, chain: str) -> None:
    with serving(shell) as server:
        assert shell.run("job", "run", chain).code == 0
        server.hear_until(chain, "run:complete")
        assert server.end() == (0, "")

    assert shell.calls() == ["fetch", "clean", "count", "report"]


def test_the_last_use_of_a_token_is_listed(shell: Shell, chain: str) -> None:
    secret = shell.run("user", "add", "grace", "--role", "viewer", "--token-label", "laptop").out.strip()
    with serving(shell) as server:
        server.token = secret
        assert server.ask("GET", f"/jobs/{chain}")[0] == 200
        assert server.end() == (0, "")

    ((token,),) = [person["tokens"] for person in shell.get("user", "list")["people"]]
    used = datetime.fromisoformat(token["last_used_at"])
    listed = shell.run("user", "list").out
    assert token["last_used_at"].endswith("Z")
    assert used.astimezone().strftime("%Y-%m-%d %H:%M:%S") in listed
    assert "never" not in listed


@pytest.mark.parametrize("address", ["*", "proxy.example", "10.0.0.5/24", "", "127.0.0.1,"])
def test_a_proxy_is_trusted_by_its_address_or_its_network_alone(shell: Shell, address: str) -> None:
    refused = shell.run("serve", "--no-open", "--port", "0", "--forwarded-allow-ips", address)

    assert refused.code == 2
    assert "is no address such as" in refused.err


def test_what_a_trusted_proxy_says_of_a_request_is_believed(shell: Shell) -> None:
    trusted = (
        "--allow-host",
        "oncue.example",
        "--forwarded-allow-ips",
        "10.0.0.0/8, 127.0.0.1",
        "--forwarded-allow-ips",
        "::1",
    )
    with serving(shell, *trusted) as server:
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", f"/?token={server.token}", headers={"Host": "oncue.example", "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        cookie = answer.headers["Set-Cookie"]
        connection.close()

    assert server.lines[1].strip() == f"http://127.0.0.1:{server.port}/?token={server.token}"
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert cookie.startswith(f"__Host-oncue_{server.port}=")
    assert "; Secure" in cookie


def test_the_token_is_nowhere_in_the_workspace(shell: Shell, chain: str) -> None:
    with serving(shell) as server:
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", f"/?token={server.token}")
        assert connection.getresponse().status == 303
        connection.close()
        server.end()
        token = server.token.encode()

    files = [path for path in (shell.folder / ".oncue").rglob("*") if path.is_file()]
    assert chain
    assert [path.name for path in files if token in path.read_bytes()] == []
    assert os.stat(shell.folder / ".oncue" / "sessions.json").st_mode & 0o077 == 0
