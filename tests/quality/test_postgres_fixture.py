"""The PostgreSQL that the tests bring along works, and no test sees another's data."""

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support.postgres import TestServer


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_gets_an_empty_database(postgres_url: str, attempt: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE seen (attempt integer)")
        connection.execute("INSERT INTO seen VALUES (%s)", [attempt])
        rows = connection.execute("SELECT attempt FROM seen").fetchall()

    assert rows == [(attempt,)]


def test_the_address_works_for_sqlalchemy_with_the_driver_named(postgres_url: str) -> None:
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))

    with engine.connect() as connection:
        version = connection.execute(text("SHOW server_version_num")).scalar_one()
    engine.dispose()

    assert int(version) >= 160_000


def test_a_database_is_dropped_even_when_someone_is_still_connected(postgres_server: TestServer) -> None:
    with postgres_server.fresh_database() as url:
        lingering = psycopg.connect(url)

    with pytest.raises(psycopg.OperationalError), psycopg.connect(url):
        pass
    lingering.close()
