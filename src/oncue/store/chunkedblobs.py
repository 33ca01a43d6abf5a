"""Large bodies inside the database, in pieces of 1 MiB: for a workspace that several machines share."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from oncue.core.model import ContentHash
from oncue.errors import WorkspaceError
from oncue.store.blobs import CHUNK_BYTES, SCHEME, digest_of, no_body
from oncue.store.pool import ConnectionPool
from oncue.store.sqltext import Sql

_PAGE = 1000


class DatabaseBlobs:
    """Bodies in the tables ``blob`` and ``blob_chunk``; a body is stored in one transaction."""

    def __init__(self, pool: ConnectionPool, sql: Sql) -> None:
        self._pool = pool
        self._sql = sql

    def put(self, body: bytes) -> ContentHash:
        """Store a body; durable on return."""
        address = ContentHash(SCHEME + sha256(body).hexdigest())
        pieces = (body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES))
        self._insert(address, len(body), pieces)
        return address

    def put_file(self, path: PurePath) -> tuple[ContentHash, int]:
        """Store a file in pieces: read once for its address, and once to send it."""
        digest, size = sha256(), 0
        for piece in _pieces(path):
            digest.update(piece)
            size += len(piece)
        address = ContentHash(SCHEME + digest.hexdigest())
        self._insert(address, size, _checked(path, address))
        return address, size

    def _insert(self, address: ContentHash, size: int, pieces: Iterable[bytes]) -> None:
        if self.has(address):
            return
        with self._pool.writing() as cursor:
            cursor.execute(self._sql["put_blob"], (address, size))
            if cursor.rowcount == 1:
                for number, piece in enumerate(pieces):
                    cursor.execute(self._sql["put_chunk"], (address, number, piece))

    def open(self, address: ContentHash) -> BinaryIO:
        """A stream over a body."""
        size = self._size(address)
        if size is None:
            raise no_body(address)
        return cast("BinaryIO", io.BufferedReader(_Chunks(self, address, size), CHUNK_BYTES))

    def has(self, address: ContentHash) -> bool:
        """Whether a body is stored."""
        return self._size(address) is not None

    def size(self, address: ContentHash) -> int:
        """The size of a stored body in bytes."""
        size = self._size(address)
        if size is None:
            raise no_body(address)
        return size

    def _size(self, address: ContentHash) -> int | None:
        digest_of(address)
        with self._pool.reading() as cursor:
            cursor.execute(self._sql["blob_size"], (address,))
            row = cursor.fetchone()
        return None if row is None else int(row[0])

    def load_chunk(self, address: ContentHash, number: int) -> bytes | None:
        """One piece of a body, or None after the last."""
        with self._pool.reading() as cursor:
            cursor.execute(self._sql["blob_chunk"], (address, number))
            row = cursor.fetchone()
        return None if row is None else bytes(row[0])

    def delete(self, address: ContentHash) -> None:
        """Forget a body."""
        digest_of(address)
        with self._pool.writing() as cursor:
            cursor.execute(self._sql["delete_blob"], (address,))
            cursor.execute(self._sql["delete_chunks"], (address,))

    def addresses(self) -> Iterator[ContentHash]:
        """Every stored address."""
        last = ""
        while True:
            with self._pool.reading() as cursor:
                cursor.execute(self._sql["blob_addresses"], (last, _PAGE))
                page = [ContentHash(address) for (address,) in cursor.fetchall()]
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]


class _Chunks(io.RawIOBase):
    """Reads one piece after another, each in a transaction of its own: a slow reader holds nothing.

    Every piece but the last has ``CHUNK_BYTES``, so any place in the body is found without reading what is before it.
    """

    def __init__(self, blobs: DatabaseBlobs, address: ContentHash, size: int) -> None:
        super().__init__()
        self._blobs = blobs
        self._address = address
        self._size = size
        self._position = 0
        self._number = -1
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number, begin = divmod(self._position, CHUNK_BYTES)
        if number != self._number:
            self._number, self._piece = number, memoryview(self._blobs.load_chunk(self._address, number) or b"")
        part = self._piece[begin : begin + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def _pieces(path: PurePath) -> Iterator[bytes]:
    with Path(path).open("rb") as source:
        while piece := source.read(CHUNK_BYTES):
            yield piece


def _checked(path: PurePath, address: ContentHash) -> Iterator[bytes]:
    """The pieces of a file; an error at the end if they are not those the address was made of."""
    digest = sha256()
    for piece in _pieces(path):
        digest.update(piece)
        yield piece
    if SCHEME + digest.hexdigest() != address:
        raise WorkspaceError(f"{path} changed while it was being stored", hint="write the file once, then close it")
