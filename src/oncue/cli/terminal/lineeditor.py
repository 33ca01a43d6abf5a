"""One line of typed text: what the keys of a terminal in cbreak mode come to. Pure; the terminal is ``prompting.py``'s."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]?|O.?|.?)")
ENTER = frozenset("\r\n")
ERASE = frozenset("\x7f\x08")
KILL_LINE, KILL_WORD, END = "\x15", "\x17", "\x04"


class Key(Enum):
    """What a person wants besides text."""

    LEAVE = "leave"


@dataclass(slots=True)
class LineEditor:
    """Collects characters into lines: backspace, Ctrl-U and Ctrl-W erase, Ctrl-D on an empty line leaves."""

    text: str = ""
    _decoder: Any = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace"))

    def feed(self, data: bytes) -> list[str | Key]:
        """Take bytes; returns the lines they complete. No bytes at all mean that the terminal is gone."""
        if not data:
            return [Key.LEAVE]
        done: list[str | Key] = []
        for character in _ESCAPE.sub("", self._decoder.decode(data)):
            if character in ENTER:
                done.append(self.text)
                self.text = ""
            elif character == END:
                if not self.text:
                    done.append(Key.LEAVE)
            else:
                self._edit(character)
        return done

    def _edit(self, character: str) -> None:
        if character in ERASE:
            self.text = self.text[:-1]
        elif character == KILL_LINE:
            self.text = ""
        elif character == KILL_WORD:
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif character.isprintable():
            self.text += character
