"""The files a step leaves behind, by name; nothing that points outside its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from oncue.control.steps.calls import StepFailed


def collect_files(folder: Path) -> Mapping[str, Path]:
    """Every file below a folder, by its relative path with forward slashes, in the order of the names.

    Raises:
        StepFailed: a symbolic link, a socket or the like, or a name that is not UTF-8 (code ``unsafe_output``).
    """
    return dict(sorted(_walk(folder, folder)))


def _walk(top: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            name = path.relative_to(top).as_posix()
            if entry.is_symlink():
                raise _unsafe(name, "is a symbolic link; copy the file itself")
            if not name.isprintable():
                raise _unsafe(ascii(name), "has characters that cannot be kept")
            if entry.is_dir():
                yield from _walk(top, path)
            elif entry.is_file():
                yield name, path
            else:
                raise _unsafe(name, "is neither a file nor a folder")


def _unsafe(name: str, why: str) -> StepFailed:
    return StepFailed(f"the output {name} {why}", code="unsafe_output")
