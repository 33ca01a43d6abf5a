"""Two servers of one workspace know the same sessions, at once and after a restart."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from oncue import wiring
from oncue.control.workspace import Workspace
from oncue.web.sessions import FILE, SessionFile
from tests.engines.manual_clock import NOON, ManualClock
from tests.web.hosting import Client, Host, hosted

ME = "/api/v1/me"
TOMORROW = NOON + timedelta(days=1)


def at(host: Host, browser: Client) -> int:
    """What a browser with a session of another server is told here, where it brings the same cookie."""
    value = browser.headers["Cookie"].partition("=")[2]
    return host.nobody.get(ME, {"Cookie": f"oncue_{host.port}={value}"}).status


def sign_out(browser: Client) -> None:
    """As the button does."""
    assert browser.ask("POST", "/signout", b"", {"Content-Type": "application/x-www-form-urlencoded"}).status == 303


def test_whoever_signs_in_or_out_at_one_server_does_so_at_the_other(workspace: Workspace, folder: Path) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(hosted(workspace))
        second = stack.enter_context(hosted(_open_again(stack, folder)))
        ada, bob = first.browser(), second.browser()
        assert [at(host, browser) for host in (first, second) for browser in (ada, bob)] == [200] * 4

        sign_out(ada)

        assert [at(host, ada) for host in (first, second)] == [401, 401]
        assert [at(host, bob) for host in (first, second)] == [200, 200]


def test_a_restart_of_one_of_two_servers_loses_no_session_and_revives_none(workspace: Workspace, folder: Path) -> None:
    with ExitStack() as stack:
        with hosted(workspace) as first:
            gone, kept = first.browser(), first.browser()
            second = stack.enter_context(hosted(_open_again(stack, folder)))
            sign_out(gone)
            late = second.browser()

        again = stack.enter_context(hosted(workspace))

        for host in (again, second):
            assert [at(host, browser) for browser in (gone, kept, late)] == [401, 200, 200]


def _open_again(stack: ExitStack, folder: Path) -> Workspace:
    workspace = wiring.open_workspace(folder / ".oncue", create=False, synchronous="NORMAL")
    stack.callback(workspace.store.close)
    return workspace


def test_people_who_sign_in_at_two_servers_at_the_same_time_all_have_a_session(tmp_path: Path) -> None:
    servers = [SessionFile(tmp_path, ManualClock()) for _ in range(2)]
    names = [f"session {number}" for number in range(100)]

    def keep(number: int) -> None:
        servers[number % 2].keep(names[number], token=f"token {number}", until=TOMORROW)

    with ThreadPoolExecutor(8) as people:
        list(people.map(keep, range(len(names))))

    for server in servers:
        assert [name for name in names if server.load(name) is None] == []


def test_a_session_file_that_is_removed_signs_everybody_out(tmp_path: Path) -> None:
    sessions = SessionFile(tmp_path, ManualClock())
    sessions.keep("session", token="token", until=TOMORROW)

    (tmp_path / FILE).unlink()

    assert sessions.load("session") is None


def test_sessions_that_cannot_be_written_last_as_long_as_the_server(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("no folder", encoding="utf-8")
    sessions = SessionFile(tmp_path / "folder", ManualClock())

    sessions.keep("one", token="token", until=TOMORROW)
    sessions.keep("two", token="token", until=TOMORROW)
    sessions.drop("one")

    assert (sessions.load("one"), sessions.load("two")) == (None, ("token", TOMORROW))


def test_a_session_file_that_cannot_be_read_just_now_signs_nobody_out(tmp_path: Path) -> None:
    sessions = SessionFile(tmp_path, ManualClock())
    sessions.keep("session", token="token", until=TOMORROW)

    (tmp_path / FILE).unlink()
    os.symlink(FILE, tmp_path / FILE)  # a loop: there is something, and nobody can read it

    assert sessions.load("session") == ("token", TOMORROW)
