"""Paths inside an archive: made of any text, safe on every system, and unique even where case does not count.

A part is quoted as in URLs, so that it can be read back; whatever could lead elsewhere or means something to a system (``..``,
a leading dot or slash, ``CON``, a trailing dot) is quoted as well.
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote

MAX_PART = 120
"""Characters of one part; longer ones end with a piece of their hash."""
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def safe_part(text: str) -> str:
    """One part of a path, of letters, digits and ``_.-~%`` only."""
    quoted = quote(text, safe="", errors="backslashreplace") or "_"
    if quoted.startswith(".") or _DEVICES.fullmatch(quoted):
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    if quoted.endswith("."):
        quoted = f"{quoted[:-1]}%2E"
    if len(quoted) <= MAX_PART:
        return quoted
    stem, suffix = _split(quoted)
    mark = f"~{sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    kept = stem[: MAX_PART - len(mark) - len(suffix)]
    return f"{re.sub(r'%.?$', '', kept)}{mark}{suffix}"


class PathBook:
    """The paths of one archive. The same folders stay the same; two files never share a name."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._folders: dict[tuple[str, str], str] = {}
        self._subfolders: dict[tuple[str, str], str] = {}

    def folder(self, *parts: str) -> str:
        """The path of a folder, with a slash at its end."""
        path = ""
        for part in parts:
            path = self._enter(self._folders, path, part)
        return path

    def file(self, folder: str, name: str) -> str:
        """A new path for a file in a folder of this book; slashes in the name make folders of the file's own kind."""
        *parents, last = [part for part in name.split("/") if part] or ["_"]
        for part in parents:
            folder = self._enter(self._subfolders, folder, part)
        return self._choose(folder, last)

    def _enter(self, known: dict[tuple[str, str], str], folder: str, part: str) -> str:
        if (folder, part) not in known:
            known[folder, part] = self._choose(folder, part) + "/"
        return known[folder, part]

    def _choose(self, folder: str, part: str) -> str:
        safe = safe_part(part)
        stem, suffix = _split(safe)
        chosen, number = folder + safe, 1
        while chosen.lower() in self._used:
            number += 1
            chosen = f"{folder}{stem}~{number}{suffix}"
        self._used.add(chosen.lower())
        return chosen


def _split(name: str) -> tuple[str, str]:
    """A name before and from its last dot; without a short ending all of it is the stem."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and len(suffix) <= 10 else (name, "")
