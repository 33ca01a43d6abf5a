"""Which files of a folder are manifests: YAML whose top level has ``steps``, whether or not the rest of it is right."""

from __future__ import annotations

import re
from pathlib import Path

from oncue.definitions.manifest import MAX_BYTES

_STEPS = re.compile(rb"^steps[ \t]*:", re.MULTILINE)
_SUFFIXES = (".yaml", ".yml")


def find_manifests(folder: Path) -> tuple[Path, ...]:
    """The manifests directly in a folder, by name; a link that leads out of the folder is none of them."""
    home = folder.resolve()
    try:
        files = sorted(file for file in home.iterdir() if file.suffix in _SUFFIXES and not file.name.startswith("."))
    except OSError:
        return ()
    return tuple(file for file in files if _is_manifest(file, home))


def _is_manifest(file: Path, home: Path) -> bool:
    try:
        if file.resolve() != home / file.name or not file.is_file() or file.stat().st_size > MAX_BYTES:
            return False
        return _STEPS.search(file.read_bytes()) is not None
    except OSError:
        return False
