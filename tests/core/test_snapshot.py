import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.address import MAX_CHAIN_ID
from registry.core.documents import parse_document
from registry.core.snapshot import (
    MAX_NODE_BYTES,
    MAX_NODES,
    MAX_SNAPSHOT_BYTES,
    Snapshot,
    parse_snapshot,
    print_snapshot,
)
from registry.errors import InvalidInputError, TooLargeError

DATA = st.binary(min_size=1, max_size=40)
SNAPSHOT = Snapshot(
    type="rootseal/snapshot@1", chain=1, header=b"\xc0", code=b"\x60\x01", nodes=(b"\x80", b"\xc1")
)


@given(chain=st.integers(1, MAX_CHAIN_ID), header=DATA, code=DATA, nodes=st.lists(DATA))
def test_a_snapshot_is_read_as_it_was_printed(
    chain: int, header: bytes, code: bytes, nodes: list[bytes]
) -> None:
    made = Snapshot(
        type="rootseal/snapshot@1", chain=chain, header=header, code=code, nodes=tuple(nodes)
    )
    assert parse_snapshot(print_snapshot(made)) == made


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"type": "rootseal/snapshot@2"}, "/type", id="another type"),
        pytest.param({"chain": 1}, "/chain", id="a chain's number"),
        pytest.param({"header": "c0"}, "/header", id="no 0x"),
        pytest.param({"header": "0xC0"}, "/header", id="upper case"),
        pytest.param({"header": "0xc"}, "/header", id="half a byte"),
        pytest.param({"header": "0x"}, "/header", id="nothing"),
        pytest.param({"header": None}, "/header", id="null"),
        pytest.param({"code": "0x" + "00" * 24_577}, "/code", id="more code than there can be"),
        pytest.param({"nodes": "0x80"}, "/nodes", id="no list"),
        pytest.param({"nodes": ["0x80", 1]}, "/nodes/1", id="a number for a node"),
        pytest.param({"nodes": ["0x" + "00" * (MAX_NODE_BYTES + 1)]}, "/nodes/0", id="a long node"),
        pytest.param({"nodes": ["0x80"] * (MAX_NODES + 1)}, "/nodes", id="many nodes"),
        pytest.param({"more": 1}, "/more", id="a key more"),
    ],
)
def test_what_format_1_does_not_allow_is_refused_with_its_place(
    change: dict[str, object], place: str
) -> None:
    content = json.loads(print_snapshot(SNAPSHOT)) | change
    with pytest.raises(InvalidInputError) as refused:
        parse_snapshot(json.dumps(content).encode())
    assert refused.value.place == place


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"nodes":[' + b"1," * 500_000 + b"1]}", id="numbers for nodes"),
        pytest.param(b'{"nodes":[' + b'"0x",' * 300_000 + b'"0x"]}', id="nodes of nothing"),
        pytest.param(
            b"{" + b",".join(b'"%d":0' % key for key in range(200_000)) + b"}", id="other keys"
        ),
        pytest.param(b'{"header":"0x' + b"00" * 1_900_000 + b'"}', id="a long header"),
    ],
)
def test_what_is_wrong_in_many_places_takes_little_memory(content: bytes) -> None:
    """Only the first fault is told: none may be kept for each of a million."""
    parse_document(content)  # which is not what is measured
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInputError):
            parse_snapshot(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 80 * 2**20  # the document itself takes some 55 MiB


def test_what_is_too_large_is_neither_read_nor_printed() -> None:
    with pytest.raises(TooLargeError, match="snapshot has"):
        parse_snapshot(b" " * (MAX_SNAPSHOT_BYTES + 1))
    nodes = tuple(bytes([each % 256]) * MAX_NODE_BYTES for each in range(MAX_NODES))
    with pytest.raises(TooLargeError, match="several"):
        print_snapshot(SNAPSHOT.model_copy(update={"nodes": nodes}))
