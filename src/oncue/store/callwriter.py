"""Changing model calls, comments and settings: that part of the ``Transaction`` port."""

from __future__ import annotations

from collections.abc import Sequence

from oncue.core.callports import Setting
from oncue.core.comments import GivenComment
from oncue.core.model import ContentHash
from oncue.core.modelcalls import ModelCall
from oncue.store import callrows
from oncue.store.reader import StoreReader


class StoreCallWriter(StoreReader):
    """Reads see what the transaction wrote so far."""

    def _change(self, name: str, row: Sequence[object]) -> bool:
        """Carry out a conditional update of one row; whether it applied."""
        self._cursor.execute(self._sql[name], row)
        return self._cursor.rowcount == 1

    def insert_call(self, call: ModelCall) -> None:
        """Store a call that is about to be sent."""
        self._cursor.execute(self._sql["insert_call"], callrows.call_row(call))

    def end_call(self, call: ModelCall) -> bool:
        """Write what came of a call that was sent; False when that is recorded already."""
        return self._change("end_call", callrows.call_end(call))

    def insert_comment(self, comment: GivenComment) -> None:
        """Store the comment of a run."""
        self._cursor.execute(self._sql["insert_comment"], callrows.comment_row(comment))

    def put_setting(self, setting: Setting) -> None:
        """Set something, or replace what was set."""
        self._cursor.execute(self._sql["put_setting"], callrows.setting_row(setting))

    def delete_setting(self, name: str) -> bool:
        """Forget a setting; False when there is none."""
        return self._change("delete_setting", (name,))

    def list_cited(self) -> set[ContentHash]:
        """The addresses that the model calls of all jobs name."""
        return {address for row in self._all("cited") for address in callrows.read_cited(row)}
