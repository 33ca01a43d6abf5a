"""Persistence of a workspace: SQLite in a folder, or PostgreSQL by URL."""

from oncue.store.opening import open_store

__all__ = ["open_store"]
