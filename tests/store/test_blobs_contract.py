"""The contract of ``Blobs``: bodies by content, the same whoever stores them, and no other path."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oncue.core.canonical import content_hash
from oncue.core.model import ContentHash
from oncue.core.ports import Blobs
from oncue.errors import NoArtifact
from tests.store.conftest import Place

BODIES = {
    "empty": b"",
    "small": b"body",
    "exactly one piece": b"x" * (1 << 20),
    "several pieces": bytes(range(256)) * 10_000,
}


@pytest.fixture
def blobs(place: Place) -> Iterator[Blobs]:
    store = place.open()
    yield store.blobs
    store.close()


def content(blobs: Blobs, address: ContentHash) -> bytes:
    with blobs.open(address) as stream:
        return stream.read()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_reads_back_under_the_hash_of_its_content(blobs: Blobs, body: bytes) -> None:
    address = blobs.put(body)

    assert address == content_hash(body)
    assert content(blobs, address) == body


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_file_is_stored_as_its_bytes_are(blobs: Blobs, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(body)

    assert blobs.put_file(path) == (content_hash(body), len(body))
    assert content(blobs, content_hash(body)) == body
    assert blobs.put(body) == content_hash(body)


@pytest.mark.parametrize("begin", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 7, 2_560_000 - 1, 2_560_000])
def test_a_stream_can_be_read_from_any_place(blobs: Blobs, begin: int) -> None:
    body = BODIES["several pieces"]
    address = blobs.put(body)

    with blobs.open(address) as stream:
        size = stream.seek(0, 2)
        stream.seek(begin)
        part = stream.read(300)
        stream.seek(3)
        again = stream.read(5)

    assert size == len(body) == 2_560_000
    assert (part, again) == (body[begin : begin + 300], body[3:8])


def test_a_stream_can_be_read_in_any_steps(blobs: Blobs) -> None:
    body = BODIES["several pieces"]
    address = blobs.put(body)

    with blobs.open(address) as stream:
        parts = [stream.read(1), stream.read(1 << 20), stream.read(3), stream.read()]

    assert [len(part) for part in parts[:3]] == [1, 1 << 20, 3]
    assert b"".join(parts) == body


def test_storing_a_body_again_is_harmless(blobs: Blobs) -> None:
    assert blobs.put(b"body") == blobs.put(b"body")
    assert list(blobs.addresses()) == [content_hash(b"body")]


def test_many_writers_of_one_body_do_not_disturb_each_other(blobs: Blobs) -> None:
    body = BODIES["several pieces"]
    with ThreadPoolExecutor(4) as threads:
        addresses = set(threads.map(lambda _: blobs.put(body), range(8)))

    assert addresses == {content_hash(body)}
    assert content(blobs, content_hash(body)) == body


def test_what_is_not_stored_cannot_be_opened(blobs: Blobs) -> None:
    assert not blobs.has(content_hash(b"none"))
    with pytest.raises(NoArtifact):
        blobs.open(content_hash(b"none"))


def test_a_deleted_body_is_gone_and_can_be_stored_again(blobs: Blobs) -> None:
    address = blobs.put(b"body")

    for _ in range(2):
        blobs.delete(address)
    assert not blobs.has(address)
    assert list(blobs.addresses()) == []

    assert blobs.put(b"body") == address
    assert content(blobs, address) == b"body"


def test_every_address_is_listed(blobs: Blobs) -> None:
    stored = {blobs.put(b"%d" % number) for number in range(5)}

    assert set(blobs.addresses()) == stored


@pytest.mark.parametrize(
    "address", ["", "sha256:", "sha256:../../etc/passwd", "md5:" + "0" * 64, "0" * 64, "sha256:" + "G" * 64]
)
def test_only_an_address_names_a_body(blobs: Blobs, address: str) -> None:
    for use in (blobs.open, blobs.has, blobs.delete):
        with pytest.raises(NoArtifact):
            use(ContentHash(address))
