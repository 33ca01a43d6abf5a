"""Step outputs as code sees them: a value, and files that are opened or written out only when asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from oncue.core.model import ArtifactKind, ContentHash
from oncue.core.ports import Blobs


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A named file of an artifact."""

    name: str
    address: ContentHash
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The output of one step. ``value`` is decoded once and shared: code must not change it in place."""

    address: ContentHash
    kind: ArtifactKind
    value: object
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    blobs: Blobs | None = None

    def open(self, name: str) -> BinaryIO:
        """A stream over one of the files.

        Raises:
            KeyError: there is no file of this name.
        """
        stored = self.files[name]
        assert self.blobs is not None, "an output with files knows where they are"
        return self.blobs.open(stored.address)

    def write_to(self, folder: Path) -> None:
        """Write the files into a folder, which must exist; and the value as ``value.json``, if there is one."""
        for name in self.files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with self.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
        if self.kind is ArtifactKind.VALUE or self.value is not None:
            (folder / "value.json").write_text(json.dumps(self.value, ensure_ascii=False), encoding="utf-8")


def decode_output(address: ContentHash, kind: ArtifactKind, body: bytes, *, blobs: Blobs) -> Output:
    """Turn the stored body of a value or a tree into an output."""
    content = json.loads(body)
    if kind is ArtifactKind.VALUE:
        return Output(address=address, kind=kind, value=content)
    files = {
        name: StoredFile(name=name, address=ContentHash(entry["sha256"]), size=entry["size"])
        for name, entry in content["files"].items()
    }
    return Output(address=address, kind=kind, value=content["value"], files=files, blobs=blobs)
