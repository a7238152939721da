"""Bundles: what is written is read, and nothing else is."""

import json
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from registry.bundles import Bundle, open_bundle, written_bundle
from registry.bundles.layout import BundledChain
from registry.core.tiles import build_tiles
from registry.errors import InvalidInputError, NotFoundError
from registry.services.findings import FindingCode
from registry.services.ports import Anchor, DisclosedBatch, DisclosedList, Opening, Place
from registry.vc.status_list import status_list_credential

NOW = datetime(2026, 1, 31, 2, tzinfo=UTC)
OPENINGS = [Opening(bytes([number] * 32), bytes([number + 100] * 32)) for number in range(3)]
LEAVES = sorted(sha256(each.salt + each.credential_hash).digest() for each in OPENINGS)
HEAD = build_tiles(LEAVES, lambda _: None)
ANCHOR = Anchor(31337, b"\x01" * 20, b"\x02" * 32, 7, b"\x03" * 32, 0, NOW)
BATCH = DisclosedBatch(HEAD.seal, HEAD.merkle_root, 3, NOW, NOW, (ANCHOR,))
CHAIN = BundledChain(
    chain=31337,
    contract=b"\x01" * 20,
    block_number=9,
    block_hash=b"\x04" * 32,
    block_time=NOW,
    has_state=True,
)
PLACES = {5: Place(HEAD.seal, 1), 131_071: Place(HEAD.seal, 2)}


def published(*withdrawn: int) -> bytes:
    credential = status_list_credential(
        "https://academy.example/lists/0",
        "did:web:academy.example",
        withdrawn,
        valid_from=NOW,
        valid_until=NOW,
        is_plain=False,
    )
    return json.dumps(credential).encode()


def write(folder: Path, *, has_openings: bool = True) -> None:
    with written_bundle(folder) as writer:
        writer.add_chain(31337, b'{"a": "record"}', b"a state")
        writer.add_leaves(HEAD.seal, [b"".join(LEAVES)])
        if has_openings:
            writer.add_openings(HEAD.seal, OPENINGS)
        writer.add_list(0, published(131_071), PLACES)
        writer.add_contract([("CredentialRegistry.json", b"{}")])
        writer.add_trust_list(b"[[issuers]]")
        writer.finish(
            program="test",
            issuer=b"\x05" * 20,
            chains=[CHAIN],
            batches=[BATCH],
            has_openings=has_openings,
            status_lists=[0],
        )


def read(folder: Path) -> Bundle:
    bundle, findings = open_bundle(folder)
    assert findings == []
    assert bundle is not None
    return bundle


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "bundle")
    found = read(tmp_path / "bundle")
    assert found.batches() == [BATCH]
    assert b"".join(found.leaves(HEAD.seal)) == b"".join(LEAVES)
    openings = found.openings(HEAD.seal)
    assert openings is not None
    assert list(openings) == OPENINGS
    assert list(found.status_lists()) == [DisclosedList(0, frozenset({131_071}), PLACES)]
    assert found.record(31337) == b'{"a": "record"}'
    state = found.state(31337)
    assert state is not None
    assert state.read_bytes() == b"a state"
    assert (found.contents.issuer, found.contents.chains) == (b"\x05" * 20, (CHAIN,))


def test_a_bundle_without_openings_says_so(tmp_path: Path) -> None:
    write(tmp_path / "bundle", has_openings=False)
    found = read(tmp_path / "bundle")
    assert found.openings(HEAD.seal) is None
    with pytest.raises(NotFoundError):
        next(found.leaves(b"\x07" * 32))


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path / "bundle")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(InvalidInputError):
        write(tmp_path / "bundle")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class BugError(Exception):
        pass

    def fail() -> None:
        with written_bundle(tmp_path / "bundle") as writer:
            writer.add_leaves(HEAD.seal, LEAVES)
            raise BugError

    with pytest.raises(BugError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_link_out_of_the_bundle_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "bundle")
    leaves = tmp_path / "bundle" / "leaves" / HEAD.seal.hex()
    outside = tmp_path / "outside"
    leaves.replace(outside)
    leaves.symlink_to(outside)
    with pytest.raises(NotFoundError):
        open_bundle(tmp_path / "bundle")


def test_a_file_that_is_none_does_not_hang(tmp_path: Path) -> None:
    write(tmp_path / "bundle")
    leaves = tmp_path / "bundle" / "leaves" / HEAD.seal.hex()
    leaves.unlink()
    os.mkfifo(leaves)
    with pytest.raises(NotFoundError):
        open_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "leaves/../../x", "more.txt", ""])
def test_names_that_no_bundle_has_are_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path / "bundle")
    sums = tmp_path / "bundle" / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{'0' * 64}  {name}\n")
    with pytest.raises(InvalidInputError):
        open_bundle(tmp_path / "bundle")


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        open_bundle(tmp_path)


def test_every_file_that_changed_is_named(tmp_path: Path) -> None:
    write(tmp_path / "bundle")
    for name in ("bundle.json", "status-lists/0.json"):
        path = tmp_path / "bundle" / name
        path.write_bytes(path.read_bytes() + b" ")
    bundle, findings = open_bundle(tmp_path / "bundle")
    assert bundle is None
    assert [(each.code, each.evidence["file"]) for each in findings] == [
        (FindingCode.FILE_CHANGED, "bundle.json"),
        (FindingCode.FILE_CHANGED, "status-lists/0.json"),
    ]


@pytest.mark.parametrize(
    "contents", [b"", b"[]", b"{}", b'{"type": "rootseal/bundle@2"}', b"\xff", b'{"a": 1}']
)
def test_a_table_of_contents_that_is_none_is_refused(tmp_path: Path, contents: bytes) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "bundle.json").write_bytes(contents)
    (folder / "SHA256SUMS").write_text(f"{sha256(contents).hexdigest()}  bundle.json\n")
    with pytest.raises(InvalidInputError):
        open_bundle(folder)
