"""Blobs in memory, for outputs with files."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePath
from typing import BinaryIO

from oncue.core.model import ContentHash


class MemoryBlobs:
    """``Blobs`` that forget everything at the end of a test."""

    def __init__(self) -> None:
        self._bodies: dict[ContentHash, bytes] = {}

    def put(self, body: bytes) -> ContentHash:
        address = ContentHash(f"sha256:{sha256(body).hexdigest()}")
        self._bodies[address] = body
        return address

    def put_file(self, path: PurePath) -> tuple[ContentHash, int]:
        body = Path(path).read_bytes()
        return self.put(body), len(body)

    def open(self, address: ContentHash) -> BinaryIO:
        return BytesIO(self._bodies[address])

    def has(self, address: ContentHash) -> bool:
        return address in self._bodies

    def delete(self, address: ContentHash) -> None:
        self._bodies.pop(address, None)

    def addresses(self) -> Iterator[ContentHash]:
        return iter(self._bodies)
