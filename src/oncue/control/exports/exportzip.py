"""A ZIP file that is written beside its target and takes its place only when it is complete; the same content, the same bytes.

Every entry has the one time and the attributes it was opened with, so nothing of the machine or the moment gets in. Bodies are
copied in pieces. An entry above 4 GiB is written in the ZIP64 form.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from oncue.errors import InvalidInput, OncueError

CHUNK_BYTES = 1 << 20
PACKED_SUFFIXES = frozenset(".7z .avif .bz2 .docx .epub .gif .gz .jpeg .jpg .mp3 .mp4 .ods .odt .parquet .png .pptx".split())
PACKED_SUFFIXES |= frozenset(".rar .webm .webp .xlsx .xz .zip .zst".split())
_EARLIEST = 1980
_LATEST = 2107


class CannotExport(OncueError):
    """The archive could not be written; whatever was at the target before is still there."""

    code = "cannot_export"
    http_status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of the archive: its path, its size in bytes, and the hexadecimal SHA-256 of its content."""

    path: str
    size: int
    sha256: str


class Archive:
    """An archive in the making; entries are written one after the other."""

    def __init__(self, file: zipfile.ZipFile, at: datetime) -> None:
        self._file = file
        self._time = _zip_time(at)

    def write(self, path: str, pieces: Iterable[bytes], *, size: int = 0) -> Written:
        """Write an entry; ``size`` is the number of bytes to come, or more."""
        info = zipfile.ZipInfo(path, self._time)
        info.create_system = 3
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        is_packed = PurePosixPath(path).suffix.lower() in PACKED_SUFFIXES
        info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        info.file_size = size
        digest, count = sha256(), 0
        with self._file.open(info, "w") as sink:
            for piece in pieces:
                digest.update(piece)
                count += len(piece)
                sink.write(piece)
        return Written(path=path, size=count, sha256=digest.hexdigest())


@contextmanager
def open_archive(target: Path, at: datetime) -> Iterator[Archive]:
    """Make an archive; it replaces the target when the block ends well, and leaves no trace when it does not.

    Raises:
        InvalidInput: the folder of the target does not exist, or the target is no plain file.
        CannotExport: the archive cannot be written.
    """
    _check_target(target)
    temporary = target.with_name(f".{target.name[:80]}.{os.urandom(8).hex()}.part")
    try:
        with _explained(str(target)):
            with temporary.open("xb") as sink:
                with zipfile.ZipFile(sink, "w") as file:
                    yield Archive(file, at)
                sink.flush()
                os.fsync(sink.fileno())
            os.replace(temporary, target)
            _flush_folder(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def open_nameless_archive(at: datetime) -> Iterator[tuple[Archive, IO[bytes]]]:
    """Make an archive in a file without a name, which is gone with its last user however that ends.

    When the block ends well, the file stays open, at its end, for whoever reads it and closes it.

    Raises:
        CannotExport: the archive cannot be written.
    """
    with _explained(f"an archive in {tempfile.gettempdir()}"), ExitStack() as stack:
        sink = stack.enter_context(tempfile.TemporaryFile(prefix="oncue-export-"))
        with zipfile.ZipFile(sink, "w") as file:
            yield Archive(file, at), sink
        sink.flush()
        stack.pop_all()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotExport(
            f"{what} could not be written ({os.strerror(error.errno or 0)})",
            hint="check free space, and the permissions of the folder; or give another target",
        ) from error


def _check_target(target: Path) -> None:
    if not target.name:
        raise InvalidInput(f"{str(target)!r} names no file", hint="give a file name, such as job.zip")
    if not target.parent.is_dir():
        raise InvalidInput(f"the folder {target.parent} does not exist", hint=f"mkdir -p {target.parent}")
    with suppress(FileNotFoundError):
        mode = target.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
            raise InvalidInput(f"{target} is there and is no plain file", hint="give a file name, such as job.zip")


def _flush_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _zip_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    """An instant as ZIP files keep it: from 1980 to 2107, in steps of two seconds."""
    if at.year < _EARLIEST:
        return (_EARLIEST, 1, 1, 0, 0, 0)
    if at.year > _LATEST:
        return (_LATEST, 12, 31, 23, 59, 58)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
