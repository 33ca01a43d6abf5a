"""The folders of a shell step: upstream outputs written into one, declared outputs picked from the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from oncue.control.steps.calls import StepFailed
from oncue.control.steps.outputs import Output
from oncue.core.model import ArtifactKind
from oncue.definitions.ask_step import answer_text
from oncue.definitions.output_files import collect_files

_LONGEST_NAME = 200


def write_inputs(inputs: Mapping[str, Output | Mapping[str, Output]], folder: Path) -> None:
    """Write each upstream output into a folder of its step's name; of a fan-out, one folder within it per key."""
    folder.mkdir()
    for step, given in inputs.items():
        own = folder / step
        own.mkdir()
        if isinstance(given, Output):
            _write(given, own)
            continue
        for key, output in given.items():
            instance = own / folder_name(key)
            instance.mkdir()
            _write(output, instance)


def _write(output: Output, folder: Path) -> None:
    """The output as files; a mere value is an answer, and there as plain text too."""
    output.write_to(folder)
    if output.kind is ArtifactKind.VALUE:
        (folder / "answer").write_text(answer_text(output.value), encoding="utf-8")


def folder_name(key: str) -> str:
    """An instance key as a file name: percent-encoded; where that is too long, its beginning and a hash."""
    name = quote(key, safe="")
    name = name.replace(".", "%2E") if name in (".", "..") else name
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 20]}~{sha256(key.encode()).hexdigest()[:16]}"


def pick_outputs(folder: Path, declared: Sequence[str], *, log: Path) -> Mapping[str, Path]:
    """The files that a step declared, by name. Undeclared ones are not kept, and the log says so.

    Raises:
        StepFailed: a declared output is missing (code ``missing_outputs``), or a link leads out (``unsafe_output``).
    """
    if folder.is_symlink() or not folder.is_dir():
        raise StepFailed("$ONCUE_OUTPUTS is no longer the folder it was", code="unsafe_output", log=log)
    found = collect_files(folder)
    patterns = {pattern: _pattern(pattern) for pattern in declared}
    missing = [pattern for pattern, regex in patterns.items() if not any(map(regex.fullmatch, found))]
    if missing:
        there = ", ".join(list(found)[:10]) or "nothing"
        raise StepFailed(
            f"declared outputs are missing in $ONCUE_OUTPUTS: {', '.join(missing)} (there is: {there})",
            code="missing_outputs",
            log=log,
        )
    kept = {name: path for name, path in found.items() if any(regex.fullmatch(name) for regex in patterns.values())}
    extra = [name for name in found if name not in kept]
    if extra:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"oncue: not declared in outputs, so not kept: {', '.join(extra)}\n")
    return kept


def _pattern(declared: str) -> re.Pattern[str]:
    """A path, folder or glob: ``*`` and ``?`` stay within a folder, ``**`` does not; a folder stands for all in it."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", declared.rstrip("/"))
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(wild.get(part) or re.escape(part) for part in parts) + "(?:/.*)?", re.DOTALL)
