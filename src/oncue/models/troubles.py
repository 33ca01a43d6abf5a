"""What a status, a header or a refusal of a model's server means."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from oncue.core.modelport import ModelTrouble

_BY_STATUS = {
    400: ModelTrouble.BAD_REQUEST,
    401: ModelTrouble.UNAUTHORIZED,
    403: ModelTrouble.UNAUTHORIZED,
    408: ModelTrouble.TIMED_OUT,
    429: ModelTrouble.RATE_LIMITED,
    504: ModelTrouble.TIMED_OUT,
}


def trouble_of_status(status: int) -> ModelTrouble:
    """What kind of trouble an HTTP status is; from 500 on the server has too much to do, or is being mended."""
    if status >= 500:
        return _BY_STATUS.get(status, ModelTrouble.OVERLOADED)
    return _BY_STATUS.get(status, ModelTrouble.BAD_REQUEST)


def read_retry_after(text: str, *, now: datetime) -> float | None:
    """``Retry-After`` in seconds from now: a number, or an HTTP date (RFC 9110, 10.2.3); None where it is neither."""
    text = text.strip()
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
