"""Statements that pages and execution ask often find what they want by an index, however much a job has on record."""

import sqlite3
from contextlib import closing

import pytest

from oncue.store.sqltext import load_sql
from tests.store.conftest import Place

NARROW = {
    "attempts_of_step": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "latest_attempts": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "latest_maker": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "attempt_count": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "runs": "run USING INDEX sqlite_autoindex_run_1 (job_id=? AND number>? AND number<?)",
    "triggers": "trigger USING INDEX ix_trigger_job_id (job_id=?)",
    "executed": "attempt USING PRIMARY KEY (job_id=? AND run>? AND run<?)",
    "guided_attempts": "attempt USING PRIMARY KEY (job_id=? AND run>? AND run<?)",
    "spent_by_run": "COVERING INDEX ix_model_call_spent (job_id=? AND run>? AND run<?)",
    "open_runs_of_job": "run USING INDEX ix_run_open (job_id=?)",
    "open_attempts": "attempt USING PRIMARY KEY (job_id=? AND run=?)",
    "output_in_run": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "outputs_of_run": "attempt USING PRIMARY KEY (job_id=? AND run=?)",
    "succeeded_of": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "succeeded_of_each": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step>? AND step<?)",
    "late_questions": "ix_question_late (job_id=?)",
    "latest_answered": "ix_question_place (job_id=? AND step=? AND type=? AND occurrence=?)",
    "questions_of_attempt": "(job_id=? AND run=? AND step=? AND number=?)",
    "questions_of_run": "(job_id=? AND run=?)",
    "calls_of_step": "ix_model_call_step (job_id=? AND step=?)",
    "calls_of_run": "model_call_1 (job_id=? AND run=?)",
    "calls_of_attempt": "(job_id=? AND run=? AND step=? AND number=?)",
    "trace_calls": "ix_model_call_sent (job_id=? AND sent_at>?)",
    "trace_attempts": "attempt USING PRIMARY KEY (job_id=? AND run>? AND run<?)",
    "trace_attempts_of_step": "attempt USING PRIMARY KEY (job_id=? AND run=? AND step=?)",
    "question_counts": "COVERING INDEX ix_question_counted (job_id=?)",
}
"""Statement → how it finds its rows."""


@pytest.mark.parametrize("name", NARROW)
def test_a_narrow_statement_leads_to_its_rows_by_the_narrowest_index(sqlite_place: Place, name: str) -> None:
    sqlite_place.open().close()
    sql = load_sql("sqlite")[name]

    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?")).fetchall()

    told = [step[-1] for step in steps]
    assert [line for line in told if line.endswith(NARROW[name])], told
    assert not [line for line in told if "SCAN" in line], told


def test_a_run_that_waits_costs_who_looks_for_ready_ones_a_look_into_indexes(sqlite_place: Place) -> None:
    sqlite_place.open().close()

    with closing(sqlite3.connect(sqlite_place.folder / "oncue.db")) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {load_sql('sqlite')['ready_runs']}").fetchall()

    told = [step[-1] for step in steps if "SUBQUERY" not in step[-1]]
    assert told[0] == "SCAN run USING INDEX ix_run_open"
    assert all(line.startswith("SEARCH") and "(job_id=? AND run=?" in line for line in told[1:]), told
