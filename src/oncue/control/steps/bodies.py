"""Artifact bodies: read through a small cache, and written so that small ones travel in their row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from oncue.control.steps.calls import StepOutput
from oncue.control.steps.outputs import Output, decode_output
from oncue.core.canonical import NotCanonical, canonical_json, content_hash
from oncue.core.model import Artifact, ArtifactKind, ContentHash, StepId
from oncue.core.ports import Store
from oncue.core.staleness import read_collection
from oncue.errors import NoArtifact, OutputNotSerializable

INLINE_BYTES = 8192
"""Bodies up to this size are stored in their row; larger ones as blobs."""
CACHE_BYTES = 64 << 20


class Bodies:
    """Reads and writes artifacts of one store; safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[ContentHash, tuple[ArtifactKind, bytes]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def output(self, address: ContentHash) -> Output:
        """The output stored under an address, decoded afresh.

        Raises:
            NoArtifact: its body was pruned.
        """
        kind, body = self._body(address)
        if kind is ArtifactKind.TEXT:  # kept when it was only that; by now another process may have put out the same bytes
            self._load_many([address])
            kind, body = self._body(address)
        return decode_output(address, kind, body, blobs=self._store.blobs)

    def text(self, address: ContentHash) -> str:
        """The text stored under an address: what went to a model, or came from one.

        Raises:
            NoArtifact: it is not stored.
        """
        return self._body(address)[1].decode()

    def collection(self, address: ContentHash) -> Mapping[str, Output]:
        """The outputs of a fan-out's instances, key → output, in order."""
        _, body = self._body(address)
        instances = read_collection(body)
        missing = [part for part in instances.values() if part not in self._kept]
        if missing:
            self._load_many(missing)
        return {key: self.output(part) for key, part in instances.items()}

    def store_output(self, step: StepId, output: StepOutput) -> Artifact:
        """Turn what a body returned into an artifact; large bodies and files are stored before this returns.

        Raises:
            OutputNotSerializable: the value is not JSON; names step and type.
        """
        try:
            if not output.files:
                return self.pack(ArtifactKind.VALUE, canonical_json(output.value))
            stored = {name: self._store.blobs.put_file(path) for name, path in sorted(output.files.items())}
            files = {name: {"sha256": address, "size": size} for name, (address, size) in stored.items()}
            body = canonical_json({"value": output.value, "files": files})
        except NotCanonical as error:
            raise OutputNotSerializable(step, error.found, where=error.where) from error
        return self.pack(ArtifactKind.TREE, body, files=tuple(address for address, _ in stored.values()))

    def pack(self, kind: ArtifactKind, body: bytes, *, files: tuple[ContentHash, ...] = ()) -> Artifact:
        """An artifact of a body; a large one goes to the blobs at once."""
        address = content_hash(body)
        is_large = len(body) > INLINE_BYTES
        if is_large:
            self._store.blobs.put(body)
        self._keep(address, kind, body)
        return Artifact(hash=address, kind=kind, size=len(body), body=None if is_large else body, files=files)

    def _body(self, address: ContentHash) -> tuple[ArtifactKind, bytes]:
        with self._lock:
            known = self._kept.get(address)
        if known is None:
            self._load_many([address])
            with self._lock:
                known = self._kept.get(address)
        if known is None:
            raise NoArtifact(f"the body of {address} is not stored any more", hint="rerun the step that made it")
        return known

    def _load_many(self, addresses: list[ContentHash]) -> None:
        with self._store.read() as reader:
            artifacts = reader.load_artifacts(addresses)
        for address, artifact in artifacts.items():
            if artifact.body is not None:
                self._keep(address, artifact.kind, artifact.body)
            elif self._store.blobs.has(address):
                with self._store.blobs.open(address) as stream:
                    self._keep(address, artifact.kind, stream.read())

    def _keep(self, address: ContentHash, kind: ArtifactKind, body: bytes) -> None:
        with self._lock:
            known = self._kept.get(address)
            if known is None or known[0] is ArtifactKind.TEXT:  # the bytes of a text may be those of an output too
                self._kept[address] = (kind, body)
                self._kept_bytes += 0 if known else len(body)
            while self._kept_bytes > CACHE_BYTES and len(self._kept) > 1:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)
