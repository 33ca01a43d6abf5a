"""Late writers are refused: a worker writes for an attempt only while the attempt is its own."""

from __future__ import annotations

from oncue.core.model import Attempt
from oncue.core.writeport import Transaction
from oncue.errors import WriteRefused


def check_is_ours(tx: Transaction, attempt: Attempt) -> None:
    """Refuse a write for an attempt that another worker took, or that was ended.

    Raises:
        WriteRefused: its fence or its state is not this worker's any more.
    """
    stored = tx.load_attempt(attempt.key)
    if stored is None or stored.fence != attempt.fence or stored.state is not attempt.state:
        raise WriteRefused(f"the attempt of {attempt.key.step} is not this worker's any more")
