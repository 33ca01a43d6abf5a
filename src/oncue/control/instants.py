"""Instants as people and programs outside read them."""

from __future__ import annotations

from datetime import datetime


def show_instant(at: datetime | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None
