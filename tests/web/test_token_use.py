"""When a token was last used is on record to the minute, and no request waits for that or fails by it."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timedelta

import pytest

from oncue.clock import SystemClock
from oncue.control import membership
from oncue.control.membership import digest
from oncue.control.tokenuse import TokenUse
from oncue.control.workspace import Workspace
from oncue.core.people import Permission, Role
from oncue.core.writeport import Transaction
from oncue.web.access import people_source
from tests.engines.manual_clock import NOON, ManualClock
from tests.support.processes import PATIENCE_SECONDS
from tests.web.hosting import Host
from tests.web.test_roles import add, sign_in


def last_use(workspace: Workspace, name: str = "grace") -> list[datetime | None]:
    """Of every token of a person, once the writer has nothing left to do."""
    workspace.store.write(lambda _: None)
    with workspace.store.read() as reader:
        return [token.last_used_at for token in reader.list_tokens(name)]


@pytest.mark.parametrize("way", ["token", "session", "socket"])
def test_a_token_is_used_by_programs_by_its_sessions_and_by_its_streams(host: Host, way: str) -> None:
    began = SystemClock().now()
    secret = add(host)
    membership.issue_token(host.workspace, "grace", secret="other", scopes=[Permission.READ], label="unused")
    assert last_use(host.workspace) == [None, None]

    match way:
        case "token":
            assert host.bearer(secret).api("/me")["actor"] == "grace"
        case "session":
            assert sign_in(host, secret).api("/me")["actor"] == "grace"
        case _:
            with host.bearer(secret).listen("/live?topic=jobs") as socket:
                socket.recv(timeout=PATIENCE_SECONDS)

    used, unused = last_use(host.workspace)
    assert used is not None
    assert began <= used <= SystemClock().now()
    assert unused is None


def test_the_use_of_a_token_is_written_once_a_minute(workspace: Workspace) -> None:
    membership.add_person(workspace, "grace", Role.VIEWER, actor="ada", secret="secret", label="first")
    clock = ManualClock()
    find = people_source(workspace.store, clock)
    seen = []

    for seconds in (0, 30, 29, 1, 59, 1):
        clock.advance(seconds)
        assert find(digest("secret")) is not None
        seen.append(last_use(workspace))

    minute = timedelta(minutes=1)
    assert seen == [[NOON], [NOON], [NOON], [NOON + minute], [NOON + minute], [NOON + 2 * minute]]


def test_who_has_no_access_any_more_uses_nothing(workspace: Workspace) -> None:
    membership.add_person(workspace, "grace", Role.VIEWER, actor="ada", secret="secret", label="first")
    membership.remove_person(workspace, "grace")

    assert people_source(workspace.store, ManualClock())(digest("secret")) is None
    assert last_use(workspace) == [None]


def test_no_request_waits_until_the_use_of_its_token_is_written(host: Host) -> None:
    secret = add(host)
    entered, opened = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        entered.set()
        assert opened.wait(30)

    held = host.workspace.store.submit(hold)
    assert entered.wait(30)
    try:
        assert host.bearer(secret).api("/me")["actor"] == "grace"
    finally:
        opened.set()
        held.result(PATIENCE_SECONDS)
    assert last_use(host.workspace) != [None]


def test_a_database_that_takes_no_writes_is_still_read_and_asked_once_a_minute(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    membership.add_person(workspace, "grace", Role.VIEWER, actor="ada", secret="secret", label="first")
    connection = sqlite3.connect(f"{workspace.store.folder}/oncue.db")
    connection.execute("CREATE TRIGGER refuse BEFORE UPDATE ON access_token BEGIN SELECT RAISE(ABORT, 'read-only'); END")
    connection.close()
    clock = ManualClock()
    find = people_source(workspace.store, clock)

    for seconds in (0, 1, 1, 60):
        clock.advance(seconds)
        assert find(digest("secret")) is not None
        assert last_use(workspace) == [None]

    assert [record.event for record in caplog.records if hasattr(record, "event")] == ["token_use_not_noted"] * 2


def test_a_store_that_is_closed_meanwhile_fails_no_request(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    membership.add_person(workspace, "grace", Role.VIEWER, actor="ada", secret="secret", label="first")
    with workspace.store.read() as reader:
        (token,) = reader.list_tokens("grace")
    use = TokenUse(workspace.store, ManualClock())
    workspace.store.close()

    use.note(token)

    assert [record.event for record in caplog.records if hasattr(record, "event")] == ["token_use_not_noted"]
