"""Texts of model calls beside outputs: either is read as what it is, though their bytes may be the same."""

import pytest

from oncue.control.steps.bodies import INLINE_BYTES, Bodies
from oncue.control.steps.calls import StepOutput
from oncue.core.canonical import canonical_json, content_hash
from oncue.core.model import Artifact, ArtifactKind, ContentHash, StepId
from oncue.core.ports import Store
from oncue.errors import NoArtifact

STEP = StepId("collect")


def keep(store: Store, artifact: Artifact) -> ContentHash:
    store.write(lambda tx: tx.put_artifacts([artifact]))
    return artifact.hash


@pytest.mark.parametrize("text", ["", "söl\0ar\r\n🌞\u2028", "x" * (INLINE_BYTES + 1)], ids=["empty", "odd", "large"])
def test_a_text_reads_back_as_it_was_said(store: Store, text: str) -> None:
    address = keep(store, Bodies(store).pack(ArtifactKind.TEXT, text.encode()))

    assert Bodies(store).text(address) == text


def test_a_text_that_is_not_stored_is_missed(store: Store) -> None:
    with pytest.raises(NoArtifact):
        Bodies(store).text(content_hash(b"never said"))


@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize("value", [{"ok": True}, "z" * (INLINE_BYTES + 1)], ids=["small", "large"])
def test_an_output_with_the_bytes_of_an_answer_is_read_as_an_output(store: Store, value: object, is_warm: bool) -> None:
    writer, reader = Bodies(store), Bodies(store)
    said = canonical_json(value)
    address = keep(store, writer.pack(ArtifactKind.TEXT, said))
    if is_warm:
        assert reader.text(address) == said.decode()

    assert keep(store, writer.store_output(STEP, StepOutput(value=value))) == address

    assert reader.output(address).value == value
    assert reader.text(address) == said.decode()
