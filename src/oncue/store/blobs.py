"""Large bodies as files, each under the hash of its content: ``ab/cdef…`` below one folder.

A body is written to a temporary file, flushed to the disk, renamed, and its folder flushed: a name is never given to other
bytes, a crash leaves at most a temporary file, and two writers of the same body do not disturb each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path, PurePath
from typing import BinaryIO

from oncue.core.model import ContentHash
from oncue.errors import NoArtifact, WorkspaceError

SCHEME = "sha256:"
CHUNK_BYTES = 1 << 20
_HEX_DIGITS = 64


class FolderBlobs:
    """Bodies in a folder; it is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, body: bytes) -> ContentHash:
        """Store a body; durable on return."""
        address = ContentHash(SCHEME + sha256(body).hexdigest())
        if not self._is_kept(address):
            self._keep(self._write_temporary((body,))[0], address)
        return address

    def put_file(self, path: PurePath) -> tuple[ContentHash, int]:
        """Store a file in pieces; durable on return."""
        with Path(path).open("rb") as source:
            temporary, address, size = self._write_temporary(iter(lambda: source.read(CHUNK_BYTES), b""))
        self._keep(temporary, address)
        return address, size

    def open(self, address: ContentHash) -> BinaryIO:
        """A stream over a body."""
        try:
            return self._path(address).open("rb")
        except FileNotFoundError as error:
            raise no_body(address) from error

    def has(self, address: ContentHash) -> bool:
        """Whether a body is stored."""
        return self._path(address).is_file()

    def size(self, address: ContentHash) -> int:
        """The size of a stored body in bytes."""
        try:
            return self._path(address).stat().st_size
        except FileNotFoundError as error:
            raise no_body(address) from error

    def delete(self, address: ContentHash) -> None:
        """Forget a body."""
        self._path(address).unlink(missing_ok=True)

    def addresses(self) -> Iterator[ContentHash]:
        """Every stored address."""
        for shelf in _entries(self._folder):
            if len(shelf) == 2:
                yield from (ContentHash(SCHEME + shelf + name) for name in _entries(self._folder / shelf))

    def _path(self, address: ContentHash) -> Path:
        digest = digest_of(address)
        return self._folder / digest[:2] / digest[2:]

    def _is_kept(self, address: ContentHash) -> bool:
        """Whether the body is there, and will be after a power cut: another writer may be between renaming and flushing."""
        path = self._path(address)
        if not path.is_file():
            return False
        flush_folder(path.parent)
        return True

    def _write_temporary(self, pieces: Iterable[bytes]) -> tuple[Path, ContentHash, int]:
        temporary = self._folder / f".{os.urandom(12).hex()}"
        digest, size = sha256(), 0
        try:
            self._folder.mkdir(exist_ok=True)
            with temporary.open("xb") as sink:
                for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    sink.write(piece)
                sink.flush()
                os.fsync(sink.fileno())
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise cannot_write(error, self._folder) from error
        return temporary, ContentHash(SCHEME + digest.hexdigest()), size

    def _keep(self, temporary: Path, address: ContentHash) -> None:
        path = self._path(address)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                flush_folder(self._folder)
            os.replace(temporary, path)
            flush_folder(path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise cannot_write(error, self._folder) from error


def digest_of(address: ContentHash) -> str:
    """The hexadecimal digits of an address; refuses whatever is none, so that no path can be made of it.

    Raises:
        NoArtifact: this is not an address.
    """
    digest = address.removeprefix(SCHEME)
    if len(digest) != _HEX_DIGITS or digest.strip("0123456789abcdef") or digest == address:
        raise NoArtifact(f"{address!r} is not the address of a body")
    return digest


def no_body(address: ContentHash) -> NoArtifact:
    """The error for a body that is not there."""
    return NoArtifact(f"no body is stored under {address}; it may have been pruned", hint="rerun the step that made it")


def cannot_write(error: OSError, folder: Path) -> WorkspaceError:
    """The error for a body that could not be written."""
    return WorkspaceError(
        f"a file could not be written below {folder} ({os.strerror(error.errno or 0)})",
        hint="check free space, and the owner and permissions of the folder",
    )


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[str]:
    """The visible names in a folder."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
