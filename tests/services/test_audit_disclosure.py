"""What an issuer shows against what was anchored: each way to cheat, by its own name."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from registry.chain import ChainRecord
from registry.chain.contract import encode_call
from registry.errors import UnavailableError
from registry.services.findings import FindingCode
from registry.services.ports import Anchor, Call, CredentialStatus, DisclosedList, Opening, Place
from tests.anvil import send
from tests.services.auditing import (
    PROMISED,
    Shown,
    as_shown,
    audited,
    codes,
    opened,
    settle,
    tree_of,
    wait,
)
from tests.services.office import Office, stranger, utc_now
from tests.services.planting import change_rows, change_status
from tests.services.test_anchoring import seal_of
from tests.services.test_books_chain import by_another_key


def test_a_sound_issuer_has_no_findings(office: Office) -> None:
    office.final("diploma", "certificate")
    office.final("badge")
    change_status(office, CredentialStatus.SUSPENDED, "diploma")
    change_status(office, CredentialStatus.REVOKED, "badge")
    change_status(office, CredentialStatus.ACTIVE, "diploma")
    settle(office)
    report = audited(office)
    assert (report.verdict, codes(report), report.unknowns) == ("clean", [], ())
    assert (report.looked.batches, report.looked.leaves, report.looked.openings) == (2, 3, 3)
    [chain] = report.chains
    assert [anchor.sequence for anchor in chain.anchors] == [1, 2]
    assert [change.status for change in chain.changes] == ["suspended", "revoked", "active"]


def test_an_anchor_that_the_issuer_does_not_show_is_found(office: Office) -> None:
    office.final("diploma")
    by_another_key(office, office.chain.anchor_call(office.issuer, b"\x07" * 32))
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.UNKNOWN_ANCHOR]
    assert report.findings[0].evidence["seal"] == "07" * 32


def test_a_batch_that_is_called_anchored_and_is_not_is_found(office: Office) -> None:
    final = office.final("diploma")
    settle(office)
    shown = Shown.by(office)
    (anchor,) = office.store.anchors(final.id)
    office.sealed("badge")
    false = shown.batches()[-1].seal
    shown.changes[false] = {"anchors": (anchor,)}
    report = audited(office, shown)
    assert codes(report) == [FindingCode.ANCHOR_MISSING]
    assert report.findings[0].evidence["seal"] == false.hex()


@pytest.mark.parametrize(
    "change",
    ["block_number = block_number - 1", "block_hash = zeroblob(32)", "log_index = 7"],
)
def test_an_anchor_that_is_elsewhere_is_found(office: Office, change: str) -> None:
    office.final("diploma")
    settle(office)
    change_rows(office, "anchorings", change)
    assert codes(audited(office)) == [FindingCode.ANCHOR_ELSEWHERE]


def test_a_batch_without_an_anchor_is_found_once_it_is_late(office: Office) -> None:
    office.sealed("diploma")
    settle(office)
    assert codes(audited(office)) == []
    wait(office, timedelta(hours=27))
    settle(office)
    assert codes(audited(office)) == [FindingCode.BATCH_UNANCHORED]


def test_a_batch_that_was_anchored_at_the_last_moment_is_not_late(office: Office) -> None:
    batch = office.final("diploma")
    (anchor,) = office.store.anchors(batch.id)
    settle(office)
    shown = Shown.by(office)
    opened_at = anchor.anchored_at - PROMISED
    shown.changes[seal_of(batch)] = {"opened_at": opened_at}
    assert codes(audited(office, shown)) == []
    shown.changes[seal_of(batch)] = {"opened_at": opened_at - timedelta(seconds=1)}
    assert codes(audited(office, shown)) == [FindingCode.LATE_BATCH]


def test_a_batch_that_was_anchored_late_is_found(office: Office) -> None:
    batch = office.sealed("diploma")
    wait(office, timedelta(hours=27))
    office.finish(batch)
    settle(office)
    assert codes(audited(office)) == [FindingCode.LATE_BATCH]


def test_an_anchor_after_the_audited_block_is_not_missed(office: Office) -> None:
    office.final("diploma")
    settle(office)
    office.anchored("badge")  # not final
    assert codes(audited(office)) == []


@pytest.mark.parametrize("block", [10**6, 2**53 - 1])
def test_an_anchor_that_is_said_to_be_in_a_later_block_excuses_nobody(
    office: Office, block: int
) -> None:
    final = office.final("diploma")
    (anchor,) = office.store.anchors(final.id)
    office.sealed("badge")
    shown = Shown.by(office)
    later = replace(anchor, block_number=block)
    shown.changes = {each.seal: {"anchors": (later,)} for each in shown.batches()}
    wait(office, timedelta(hours=27))
    settle(office)
    found = {finding.code: finding.evidence["seal"] for finding in audited(office, shown).findings}
    assert found == {
        FindingCode.ANCHOR_ELSEWHERE: seal_of(final).hex(),
        FindingCode.BATCH_UNANCHORED: shown.batches()[-1].seal.hex(),
    }


def test_a_batch_on_a_chain_that_is_not_asked_is_not_called_clean(office: Office) -> None:
    final = office.final("diploma")
    (anchor,) = office.store.anchors(final.id)
    office.sealed("badge")
    settle(office)
    shown = Shown.by(office)
    shown.changes[shown.batches()[-1].seal] = {"anchors": (replace(anchor, chain_id=1),)}
    report = audited(office, shown)
    assert (report.verdict, codes(report), len(report.unknowns)) == ("incomplete", [], 1)
    assert "eip155:1" in report.unknowns[0]


def test_leaves_that_are_not_shown_are_found(office: Office) -> None:
    batch = office.final("diploma", "certificate")
    settle(office)
    shown = Shown.by(office)
    shown.hidden.add(seal_of(batch))
    report = audited(office, shown)
    assert codes(report) == [FindingCode.LEAVES_UNAVAILABLE]


def test_leaves_that_could_not_be_asked_for_are_no_finding(office: Office) -> None:
    class Away(Shown):
        def leaves(self, seal: bytes):  # type: ignore[no-untyped-def] # noqa: ANN202 - raises
            raise UnavailableError("no answer", source=seal.hex()[:8])

        def openings(self, _seal: bytes) -> None:
            pass

    office.final("diploma")
    settle(office)
    report = audited(office, Away.by(office))
    assert (report.verdict, codes(report), len(report.unknowns)) == ("incomplete", [], 1)


def test_a_swapped_leaf_is_found(office: Office) -> None:
    seal = seal_of(office.final(*(f"diploma {number}" for number in range(5))))
    settle(office)
    shown = Shown.by(office)
    leaves = shown.leaves_of(seal)
    leaves[2] = leaves[2][:-1] + bytes([leaves[2][-1] ^ 1])
    shown.other_leaves[seal] = b"".join(leaves)
    assert codes(audited(office, shown)) == [FindingCode.ROOT_DIFFERS]


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        pytest.param(32, FindingCode.SIZE_DIFFERS, id="a leaf"),
        pytest.param(64, FindingCode.SIZE_DIFFERS, id="two leaves"),
        pytest.param(1, FindingCode.LEAVES_INVALID, id="a byte"),
        pytest.param(33, FindingCode.LEAVES_INVALID, id="a leaf and a byte"),
        pytest.param(160, FindingCode.LEAVES_INVALID, id="all of it"),
    ],
)
def test_truncated_leaves_are_found(office: Office, cut: int, code: FindingCode) -> None:
    seal = seal_of(office.final(*(f"diploma {number}" for number in range(5))))
    settle(office)
    shown = Shown.by(office)
    shown.other_leaves[seal] = b"".join(shown.leaves_of(seal))[:-cut]
    assert codes(audited(office, shown)) == [code]


def test_a_leaf_too_many_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    settle(office)
    shown = Shown.by(office)
    shown.other_leaves[seal] = b"".join([*shown.leaves_of(seal), b"\xff" * 32])
    assert codes(audited(office, shown)) == [FindingCode.SIZE_DIFFERS]


def test_leaves_out_of_order_are_found(office: Office) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    settle(office)
    shown = Shown.by(office)
    shown.other_leaves[seal] = b"".join(reversed(shown.leaves_of(seal)))
    assert codes(audited(office, shown)) == [FindingCode.LEAVES_INVALID]


def test_another_tree_under_the_same_seal_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    settle(office)
    shown = Shown.by(office)
    leaves = [b"\x01" * 32, b"\x02" * 32]
    shown.changes[seal] = {"merkle_root": tree_of(leaves).merkle_root}
    shown.other_leaves[seal] = b"".join(leaves)
    assert codes(audited(office, shown)) == [FindingCode.SEAL_DIFFERS]


def test_credentials_that_are_not_behind_the_leaves_are_found(office: Office) -> None:
    office.final("diploma")
    settle(office)
    change_rows(office, "credentials", "salt = zeroblob(32)")
    report = audited(office)
    assert codes(report) == [FindingCode.LEAVES_DIFFER]
    assert report.findings[0].evidence["leafIndex"] == 0


def test_a_credential_too_many_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    settle(office)
    shown = Shown.by(office)
    shown.other_openings[seal] = [*shown.store.openings(seal), Opening(b"\x01" * 32, b"\x02" * 32)]
    assert codes(audited(office, shown)) == [FindingCode.LEAVES_DIFFER]


def anchored_elsewhere(office: Office, shown: Shown, openings: list[Opening]) -> bytes:
    """Anchor a batch that the store does not know, and show it."""
    assert office.signer is not None
    openings = sorted(openings, key=opened)
    leaves = [opened(each) for each in openings]
    batch = tree_of(leaves)
    mined = send(office.chain, office.signer, office.chain.anchor_call(office.issuer, batch.seal))
    anchor = office.chain.anchor_in_transaction(
        office.chain.contract, mined.transaction, office.issuer, batch.seal
    )
    assert isinstance(anchor, Anchor)
    shown.more.append(replace(batch, anchors=(anchor,)))
    shown.other_leaves[batch.seal] = b"".join(leaves)
    shown.other_openings[batch.seal] = openings
    settle(office)
    return batch.seal


def test_a_leaf_in_two_batches_is_found_without_openings(office: Office) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    shown = Shown.by(office)
    same = next(iter(shown.store.openings(seal)))
    other = anchored_elsewhere(office, shown, [same, Opening(b"\x01" * 32, b"\x02" * 32)])
    del shown.other_openings[other]
    report = audited(office, shown)
    assert codes(report) == [FindingCode.DUPLICATE_CREDENTIAL]
    assert report.findings[0].evidence["otherSeal"] == other.hex()


def test_a_credential_with_two_salts_in_two_batches_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    shown = Shown.by(office)
    same = next(iter(shown.store.openings(seal)))
    anchored_elsewhere(office, shown, [Opening(same.credential_hash, b"\x02" * 32)])
    assert codes(audited(office, shown)) == [FindingCode.DUPLICATE_CREDENTIAL]


def test_a_credential_that_was_revoked_and_issued_again_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    change_status(office, CredentialStatus.REVOKED, "diploma")
    shown = Shown.by(office)
    same = next(iter(shown.store.openings(seal)))
    anchored_elsewhere(office, shown, [Opening(same.credential_hash, b"\x02" * 32)])
    report = audited(office, shown)
    assert codes(report) == [FindingCode.REVOKED_AND_REISSUED]
    assert report.findings[0].evidence["seal"] == seal.hex()


@pytest.mark.parametrize("withdrawn", [set(), {0, 1}], ids=["one too few", "one too many"])
def test_a_status_list_that_differs_from_the_chain_is_found(
    office: Office, withdrawn: set[int]
) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    change_status(office, CredentialStatus.SUSPENDED, "diploma")
    settle(office)
    shown = Shown.by(office)
    leaf = office.receipt("diploma").leaf_index
    places = {0: Place(seal, leaf), 1: Place(seal, 1 - leaf)}
    shown.lists = [DisclosedList(0, frozenset({0}), places)]
    assert codes(audited(office, shown)) == []
    shown.lists = [DisclosedList(0, frozenset(withdrawn), places)]
    report = audited(office, shown)
    assert codes(report) == [FindingCode.STATUS_LIST_DIFFERS]
    assert report.findings[0].evidence["position"] == (1 if withdrawn else 0)


def test_a_list_that_is_newer_than_the_audited_block_is_none(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    settle(office)
    assert office.signer is not None
    suspended = CredentialStatus.SUSPENDED
    data = encode_call("setCredentialStatus", "0x" + office.issuer.hex(), seal, [0], suspended, 0)
    send(office.chain, office.signer, Call(office.chain.contract, data, "not final"))
    shown = Shown.by(office)
    shown.lists = [DisclosedList(0, frozenset({0}), {0: Place(seal, 0)})]
    report = audited(office, shown)
    assert (report.verdict, codes(report), len(report.unknowns)) == ("incomplete", [], 1)


@pytest.mark.parametrize("kind", ["undone", "of another issuer", "before the block", "opposite"])
def test_a_later_event_does_not_excuse_any_list(office: Office, kind: str) -> None:
    """What is said to have happened after the block is proved by nothing."""
    seal = seal_of(office.final("diploma"))
    change_status(office, CredentialStatus.REVOKED, "diploma")
    settle(office)
    shown = Shown.by(office)
    shown.lists = [DisclosedList(0, frozenset(), {0: Place(seal, 0)})]

    def later(record: ChainRecord) -> ChainRecord:
        log = record.logs[-1]
        status = 2 if kind == "opposite" else 0
        assert isinstance(log.data, bytes)
        data = status.to_bytes(32, "big") + log.data[32:]
        topics = log.topics
        if kind == "of another issuer":
            topics = (topics[0], stranger().address.rjust(32, b"\0"), *topics[2:])
        block = log.block_number if kind == "before the block" else 10**6
        false = log.model_copy(update={"data": data, "topics": topics, "block_number": block})
        return record.model_copy(update={"recent": (false,)})

    assert codes(audited(office, shown, change=later)) == [FindingCode.STATUS_LIST_DIFFERS]


def test_a_list_with_places_of_an_unknown_seal_is_not_called_clean(office: Office) -> None:
    office.final("diploma")
    contract = "0x" + office.chain.contract.hex()
    for number in range(60):  # of other issuers, whose slots nobody asks for
        slot = "0x" + sha256(bytes([number])).hexdigest()
        office.anvil.ask("anvil_setStorageAt", contract, slot, "0x" + "11" * 32)
    settle(office)
    shown = Shown.by(office)
    places = {number: Place(bytes([number]) * 32, 0) for number in range(20)}
    shown.lists = [DisclosedList(0, frozenset(), places)]
    report = audited(office, shown)
    assert (report.verdict, codes(report)) == ("incomplete", [])


def test_a_batch_that_is_listed_twice_counts_once(office: Office) -> None:
    office.final("diploma")
    settle(office)
    shown = Shown.by(office)
    shown.more = shown.batches()
    report = audited(office, shown)
    assert (report.verdict, report.looked.batches, report.looked.leaves) == ("clean", 1, 1)


def test_leaves_without_end_are_found(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    settle(office)

    class Endless(Shown):
        def leaves(self, seal: bytes) -> Iterator[bytes]:
            yield from super().leaves(seal)
            for number in range(10**6):
                assert number < 10
                yield b"\xff" * 28 + number.to_bytes(4, "big")

    report = audited(office, Endless.by(office))
    assert codes(report) == [FindingCode.SIZE_DIFFERS]
    assert report.findings[0].evidence["seal"] == seal.hex()


def test_the_same_block_gives_the_same_bytes(office: Office) -> None:
    batch = office.final("diploma")
    settle(office)
    first, second = audited(office), audited(office)
    assert first == second
    assert as_shown(batch).opened_at < utc_now()


def test_many_credentials_in_two_batches_are_one_finding(office: Office) -> None:
    seal = seal_of(office.final(*(f"diploma {number}" for number in range(5))))
    shown = Shown.by(office)
    again = [each._replace(salt=b"\x02" * 32) for each in shown.store.openings(seal)]
    anchored_elsewhere(office, shown, again)
    report = audited(office, shown)
    assert codes(report) == [FindingCode.DUPLICATE_CREDENTIAL]
    assert report.findings[0].evidence["count"] == 5


def test_a_batch_that_is_listed_twice_is_asked_for_the_longer_wait(office: Office) -> None:
    office.final("diploma")
    settle(office)
    shown = Shown.by(office)
    [batch] = shown.batches()
    shown.more = [replace(batch, opened_at=batch.opened_at - timedelta(days=3))]
    report = audited(office, shown)
    assert (codes(report), report.looked.batches) == ([FindingCode.LATE_BATCH], 1)
