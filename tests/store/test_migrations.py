"""A workspace of an older release, with data in it, is brought up to date when it is opened, whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from oncue.core.listports import Narrowing
from oncue.core.model import AttemptState
from oncue.errors import WorkspaceError
from oncue.store import open_store, rows
from oncue.store.migrations.upgrade import FOLDER, run_migrations
from oncue.store.peoplerows import person_row, token_row
from oncue.store.questionrows import question_row
from oncue.store.sqltext import HEAD
from tests.store.callrecords import a_call, a_comment, a_setting, answered, keep_calls, keep_comments
from tests.store.conftest import Place
from tests.store.processes import running
from tests.store.records import JOB, NOON, a_decision, a_job, a_question, a_trigger, after, an_attempt, ended, keep_questions
from tests.store.test_people_contract import ADA, a_token, advice

WAITING = replace(an_attempt("ask"), state=AttemptState.WAITING)
DONE = ended(an_attempt("collect"))


@contextmanager
def connected(place: Place) -> Iterator[Connection]:
    """A connection to the tables themselves; what it does is committed."""
    is_server = place.location.startswith("postgresql")
    url = place.location.replace("postgresql:", "postgresql+psycopg:") if is_server else f"sqlite:///{place.folder}/oncue.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def insert(connection: Connection, table: str, row: Sequence[Any]) -> None:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))})", tuple(row))


@pytest.fixture
def old(place: Place) -> Place:
    """A workspace as the first release made it."""
    make_first_release(place)
    return place


def make_first_release(place: Place) -> None:
    """Its tables, with a job and attempts that have no column that came later."""
    place.folder.mkdir()
    with connected(place) as connection:
        text = (FOLDER / "baseline" / f"{connection.dialect.name}.sql").read_text(encoding="utf-8")
        for statement in text.strip().removesuffix(";").split(";\n"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
            " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        insert(connection, "alembic_version", ["0001"])
        insert(connection, "job", rows.job_row(a_job())[:-1])
        insert(connection, "job_params", [JOB, rows.encode(a_job().params)])
        for attempt in (WAITING, DONE):
            insert(connection, "attempt", rows.attempt_row(attempt)[:-1])
    if not place.location.startswith("postgresql"):
        with connected(place) as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def revision(place: Place) -> object:
    with connected(place) as connection:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()


def test_an_older_workspace_keeps_its_data_and_takes_questions(old: Place) -> None:
    with closing(old.open(create=False)) as store:
        keep_questions(store, a_question(deadline=NOON))
        assert store.write(lambda tx: tx.end_attempts([replace(WAITING, state=AttemptState.CANCELLED, losses=0)])) == []

        with store.read() as reader:
            assert reader.load_job(JOB) == a_job()
            assert reader.load_attempt(DONE.key) == DONE
            assert reader.list_questions(job_id=JOB, is_waiting=True) == [a_question(deadline=NOON)]

    assert revision(old) == HEAD
    old.open(create=False).close()


def test_a_workspace_of_the_second_release_keeps_its_data_and_takes_model_calls(old: Place) -> None:
    with connected(old) as connection:
        run_migrations(connection, ScriptDirectory(str(FOLDER)), to="0002")
        insert(connection, "question", question_row(a_question(deadline=NOON))[:-1])
        insert(connection, "attempt", rows.attempt_row(replace(an_attempt("find"), losses=2)))
    assert revision(old) == "0002"

    with closing(old.open(create=False)) as store:
        keep_calls(store, answered(a_call()))
        keep_comments(store, a_comment())
        store.write(lambda tx: tx.put_setting(a_setting()))

        with store.read() as reader:
            assert reader.load_job(JOB) == a_job()
            assert reader.load_attempt(DONE.key) == DONE
            assert reader.load_attempt(an_attempt("find").key) == replace(an_attempt("find"), losses=2)
            assert reader.list_questions(job_id=JOB) == [a_question(deadline=NOON)]
            assert reader.list_calls(JOB) == [answered(a_call())]
            assert reader.list_comments(JOB) == [a_comment()]
            assert reader.list_settings() == [a_setting()]
    assert revision(old) == HEAD


@pytest.mark.proves("S1-35")
def test_a_workspace_of_the_third_release_keeps_its_triggers_and_takes_people_and_recommendations(old: Place) -> None:
    trigger = a_trigger()
    with connected(old) as connection:
        run_migrations(connection, ScriptDirectory(str(FOLDER)), to="0003")
        insert(connection, "trigger", rows.trigger_row(trigger, 1)[:-2])
    assert revision(old) == "0003"

    with closing(old.open(create=False)) as store:
        followed = replace(a_trigger(2), recommendation_id="r1", recommended={"scope": "all"})
        store.write(lambda tx: tx.insert_trigger(followed, run=2))
        store.write(lambda tx: tx.put_person(ADA))
        store.write(lambda tx: tx.insert_token(a_token()))
        store.write(lambda tx: tx.insert_recommendation(advice()))

        with store.read() as reader:
            assert reader.list_triggers(JOB) == {1: trigger, 2: followed}
            assert reader.list_people() == [ADA]
            assert reader.list_tokens("ada") == [a_token()]
            assert reader.list_recommendations(JOB) == [advice()]
    assert revision(old) == HEAD


def test_a_workspace_of_the_fourth_release_keeps_its_tokens_and_notes_when_they_are_used(old: Place) -> None:
    with connected(old) as connection:
        run_migrations(connection, ScriptDirectory(str(FOLDER)), to="0004")
        insert(connection, "person", person_row(ADA))
        insert(connection, "access_token", token_row(a_token())[:-1])
    assert revision(old) == "0004"

    with closing(old.open(create=False)) as store:
        with store.read() as reader:
            assert reader.list_tokens("ada") == [a_token()]
        store.write(lambda tx: tx.touch_token("aa", after(9), before=after(8)))
        with store.read() as reader:
            assert reader.list_tokens("ada") == [a_token(last_used_at=after(9))]
    assert revision(old) == HEAD


def test_decisions_of_the_sixth_release_are_found_by_their_words(old: Place) -> None:
    decided = replace(a_question("q-2", occurrence=2), decision=a_decision("Ada"))
    with connected(old) as connection:
        run_migrations(connection, ScriptDirectory(str(FOLDER)), to="0006")
        for question in (a_question(), decided):
            insert(connection, "question", question_row(question)[:-1])
    assert revision(old) == "0006"

    with closing(old.open(create=False)) as store, store.read() as reader:
        assert reader.list_decisions(JOB, Narrowing(text="ada"), offset=0, limit=9) == [decided]
        assert reader.count_decisions(JOB, Narrowing(text="nobody")) == 0
        assert reader.list_questions(job_id=JOB, is_waiting=True) == [a_question()]
    assert revision(old) == HEAD


def test_processes_that_open_an_older_workspace_at_once_all_find_it_up_to_date(old: Place) -> None:
    with ExitStack() as stack:
        openers = [stack.enter_context(running(old, "create")) for _ in range(4)]
        said = [opener.end() for opener in openers]

    assert said == ["1"] * 4
    assert revision(old) == HEAD


def test_a_migration_that_fails_leaves_the_workspace_as_it_was(old: Place) -> None:
    with connected(old) as connection:
        connection.exec_driver_sql("CREATE TABLE question (theirs INTEGER)")
        before = columns(connection)

    with pytest.raises(Exception, match="question"):
        old.open(create=False)

    with connected(old) as connection:
        assert columns(connection) == before
        connection.exec_driver_sql("DROP TABLE question")
    assert revision(old) == "0001"
    old.open(create=False).close()
    assert revision(old) == HEAD


def columns(connection: Connection) -> dict[str, list[str]]:
    seen = inspect(connection)
    return {table: [column["name"] for column in seen.get_columns(table)] for table in seen.get_table_names()}


def test_a_migration_without_the_right_to_alter_tables_says_so(postgres_url: str, tmp_path: Path) -> None:
    place = Place(location=postgres_url, folder=tmp_path / ".oncue")
    make_first_release(place)
    with connected(place) as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest LOGIN")
        connection.exec_driver_sql("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO guest")

    with pytest.raises(WorkspaceError, match="may not do this"):
        open_store(postgres_url.replace("postgres@", "guest@"), create=False, folder=place.folder)

    assert revision(place) == "0001"
