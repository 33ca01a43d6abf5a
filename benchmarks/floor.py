"""The floor: what one small durable write costs on this machine, through plain ``sqlite3``."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

ROW_BYTES = 200


def time_floor(folder: Path, *, rows: int) -> float:
    """Seconds to insert and commit one row, WAL, ``synchronous=FULL``; the mean over so many rows in a new file."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE floor (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    insert, body = "INSERT INTO floor (body) VALUES (?)", "x" * ROW_BYTES
    connection.execute(insert, (body,))
    start = time.perf_counter()
    for _ in range(rows):
        connection.execute(insert, (body,))
    seconds = time.perf_counter() - start
    connection.close()
    return seconds / rows
