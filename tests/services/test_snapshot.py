"""A snapshot of the cases' chain in place of its node: the same verdicts, from a trusted hash."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # a case is JSON

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, SnapshotState, deterministic_address
from registry.chain.snapshots import slots_of, take_snapshot
from registry.chain.storage import seal_slot, status_slot
from registry.core.address import parse_address
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, extract_receipt, parse_receipt
from registry.core.report import Check, Report, Verdict
from registry.core.snapshot import Snapshot, parse_snapshot, print_snapshot
from registry.core.trust import TrustedIssuer
from registry.errors import InvalidInputError
from registry.services.ports import Block
from registry.services.verification import Verification
from tests.anvil import open_chain
from tests.cases.verifying import evidence_of, opened
from tests.worlds import World, case_world, load_cases

__all__ = ["case_world"]

CASES: list[dict[str, Any]] = [case for case in load_cases()["cases"] if case["rpc"] == "honest"]
CONTRACT = deterministic_address()
IS_LONG = os.environ.get("ROOTSEAL_LONG_TESTS") == "1"
# Storage does not tell in which transaction and block a seal was anchored.
NOT_PROVED = {"wrong-transaction", "no-event", "node-behind"}
# Withdrawn in the last block, which is not final: a snapshot is older.
SINCE = {"status: right", "the receipt of the only neighbour"}


@dataclass(frozen=True)
class Taken:
    """A snapshot of all that the cases ask."""

    snapshot: Snapshot
    block: Block

    def state(self, **changes: object) -> SnapshotState:
        changed = self.snapshot.model_copy(update=changes)
        return SnapshotState(changed, contract=CONTRACT, trusted=self.block.hash)


def receipt_of(case: dict[str, Any]) -> Receipt | None:
    evidence = evidence_of(case)
    try:
        if evidence.receipt is not None:
            return parse_receipt(evidence.receipt)
        return extract_receipt(parse_document(opened(evidence.credential or b"")))
    except InvalidInputError:
        return None


def can_be_taken(receipt: Receipt, *, final: int) -> bool:
    """Whether it has an anchor here, and none that is not final."""
    blocks = [
        anchor.block_number
        for anchor in receipt.anchors
        if (anchor.chain, anchor.contract) == (DEVELOPMENT_CHAIN_ID, CONTRACT)
    ]
    return bool(blocks) and max(blocks) <= final


@pytest.fixture(scope="module")
def chain(case_world: World) -> Iterator[EvmChain]:
    chain = open_chain(case_world.url)
    yield chain
    chain.close()


@pytest.fixture(scope="module")
def taken(chain: EvmChain) -> Taken:
    final = chain.finalized()
    found = [receipt for case in CASES if (receipt := receipt_of(case)) is not None]
    receipts = [receipt for receipt in found if can_be_taken(receipt, final=final)]
    assert len(receipts) > 100
    snapshot, block = chain.snapshot(receipts)
    return Taken(parse_snapshot(print_snapshot(snapshot)), block)


def asked(case: dict[str, Any], state: SnapshotState) -> Report:
    trusted = {parse_address(key): TrustedIssuer(name) for key, name in case["trust"].items()}
    expected = case["expectedIssuer"]
    now = datetime.fromisoformat(case["now"])
    return Verification({state.chain_id: state}, trusted, lambda: now).verify(
        evidence_of(case), expected_issuer=None if expected is None else parse_address(expected)
    )


def named(name: str) -> dict[str, Any]:
    [case] = [case for case in CASES if case["name"] == name]
    return case


def check(report: Report, name: str) -> Check:
    [found] = [each for each in report.checks if each.name == name]
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_snapshot_gives_the_verdict_of_a_node(taken: Taken, case: dict[str, Any]) -> None:
    report = asked(case, taken.state())
    codes = {each.name: each.code for each in report.checks}
    if case["codes"].get("anchor") in NOT_PROVED:
        assert codes["anchor"] in {"anchored", "node-behind"}
    elif case["codes"].get("anchor") == "not-final":
        assert codes["anchor"] == "node-behind"
        assert report.verdict is not Verdict.VALID
    elif case["name"] in SINCE:
        assert (case["codes"]["status"], codes["status"]) == ("revoked", "active")
    else:
        assert (report.verdict.value, codes) == (case["verdict"], case["codes"])


def test_what_storage_cannot_prove_is_named(taken: Taken) -> None:
    report = asked(named("pdf"), taken.state())
    evidence = check(report, "anchor").evidence
    assert evidence["notProved"] == "transaction, blockNumber, blockHash, logIndex"
    assert evidence["askedAtBlock"] == taken.block.number


@pytest.mark.parametrize("name", ["pdf", "status: revoked", "status: suspended"])
def test_the_report_says_how_old_the_snapshot_is(taken: Taken, name: str) -> None:
    report = asked(named(name), taken.state())
    time = f"{taken.block.time:%Y-%m-%dT%H:%M:%SZ}"
    status = check(report, "status")
    assert f"as of {time}: what came later is not in the snapshot." in status.detail
    assert status.evidence["askedAtBlock"] == taken.block.number
    assert status.evidence["askedAtTime"] == time
    assert f"says a snapshot of {time}." in check(report, "anchor").detail
    assert time in report.summary


@pytest.mark.parametrize("trusted", [None, bytes(32)])
@pytest.mark.parametrize("name", ["pdf", "status: revoked"])
def test_a_block_that_nobody_trusts_decides_nothing(
    taken: Taken, name: str, trusted: bytes | None
) -> None:
    state = SnapshotState(taken.snapshot, contract=CONTRACT, trusted=trusted)
    report = asked(named(name), state)
    assert report.verdict is Verdict.UNDETERMINED
    found = check(report, "anchor")
    assert found.code == "untrusted-block"
    assert found.evidence["blockHash"] == "0x" + taken.block.hash.hex()
    assert found.evidence["blockNumber"] == taken.block.number


def test_a_credential_that_it_was_not_made_for_is_not_decided(
    chain: EvmChain, taken: Taken
) -> None:
    receipt = receipt_of(named("tree: alone"))
    assert receipt is not None
    snapshot, block = chain.snapshot([receipt])
    few = SnapshotState(snapshot, contract=CONTRACT, trusted=block.hash)
    assert asked(named("tree: alone"), few).verdict is Verdict.VALID
    for name in ("pdf", "status: revoked", "status: of a revoked seal"):
        report = asked(named(name), few)
        assert (report.verdict, check(report, "anchor").code) == (
            Verdict.UNDETERMINED,
            "not-in-snapshot",
        )
    assert len(print_snapshot(snapshot)) < len(print_snapshot(taken.snapshot))


def test_a_snapshot_without_a_node_decides_nothing_wrong(taken: Taken) -> None:
    """Each node of the proofs, taken away or changed in one bit: never another word."""
    names = ("pdf", "status: revoked", "status: of a suspended seal")
    cases = [named(name) for name in names]
    right = {case["name"]: case["verdict"] for case in cases}
    undecided = set()
    for place, node in enumerate(taken.snapshot.nodes):
        rest = taken.snapshot.nodes[:place] + taken.snapshot.nodes[place + 1 :]
        flipped = bytes([*node[:-1], node[-1] ^ 1])
        for nodes in (rest, (*rest, flipped)):
            for case in cases:
                report = asked(case, taken.state(nodes=nodes))
                if report.verdict is Verdict.UNDETERMINED:
                    assert check(report, "anchor").code == "not-in-snapshot"
                    undecided.add(case["name"])
                else:
                    assert report.verdict.value == right[case["name"]]
    assert undecided == set(names)


WITHDRAWN = "status: revoked"


@given(data=st.data())
@settings(max_examples=2000 if IS_LONG else 60, deadline=None)
def test_no_byte_of_the_file_changed_gives_another_verdict(taken: Taken, data: Any) -> None:
    changed = bytearray(print_snapshot(taken.snapshot))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from(b'0123456789abcdef"x:,[]{}\x00\xff'))
    try:
        snapshot = parse_snapshot(bytes(changed))
        state = SnapshotState(snapshot, contract=CONTRACT, trusted=taken.block.hash)
    except InvalidInputError:
        return
    for name, right in (("pdf", Verdict.VALID), (WITHDRAWN, Verdict.INVALID)):
        assert asked(named(name), state).verdict in {right, Verdict.UNDETERMINED}


def test_what_an_older_block_proves_is_no_proof_under_a_newer_one(
    case_world: World, taken: Taken
) -> None:
    """Nodes from before a withdrawal, under the header of today."""
    case = named(WITHDRAWN)
    receipt = receipt_of(case)
    assert receipt is not None
    slots = slots_of((receipt, anchor) for anchor in receipt.anchors)
    before, block = take_snapshot(
        case_world.rpc.ask,
        chain_id=DEVELOPMENT_CHAIN_ID,
        contract=CONTRACT,
        number=receipt.anchors[0].block_number,
        slots=slots,
        source="test",
    )
    then = SnapshotState(before, contract=CONTRACT, trusted=block.hash)
    assert asked(case, then).verdict is Verdict.VALID
    mixed = asked(case, taken.state(nodes=before.nodes))
    assert (mixed.verdict, check(mixed, "anchor").code) == (
        Verdict.UNDETERMINED,
        "not-in-snapshot",
    )
    both = taken.state(nodes=(*before.nodes, *taken.snapshot.nodes))
    assert check(asked(case, both), "status").code == "revoked"


def changed_code(code: bytes) -> bytes:
    return bytes([*code[:-1], code[-1] ^ 1])


def of_chain(code: bytes, chain_id: int) -> bytes:
    changed = code.replace(DEVELOPMENT_CHAIN_ID.to_bytes(32, "big"), chain_id.to_bytes(32, "big"))
    assert changed != code
    return changed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(
            lambda taken: {"code": changed_code(taken.snapshot.code)}, "no-contract", id="code"
        ),
        pytest.param(lambda _: {"chain": 1}, "no-contract", id="chain"),
        pytest.param(
            lambda taken: {"chain": 1, "code": of_chain(taken.snapshot.code, 1)},
            "no-contract",
            id="chain, there and in the code",
        ),
        pytest.param(lambda _: {"nodes": ()}, "not-in-snapshot", id="no nodes"),
        pytest.param(
            lambda taken: {"header": taken.snapshot.header[:-1] + b"\1"},
            "untrusted-block",
            id="header",
        ),
    ],
)
def test_other_parts_changed_decide_nothing(
    taken: Taken, change: Callable[[Taken], dict[str, object]], code: str
) -> None:
    state = taken.state(**change(taken))
    evidence = evidence_of(named("pdf"))
    assert evidence.receipt is not None
    receipt = parse_receipt(evidence.receipt)
    anchors = tuple(
        anchor.model_copy(update={"chain": state.chain_id}) for anchor in receipt.anchors
    )
    moved = receipt.model_copy(update={"anchors": anchors})
    case = {**named("pdf"), "receipt": moved.model_dump_json(by_alias=True)}
    report = asked(case, state)
    assert (report.verdict, check(report, "anchor").code) == (Verdict.UNDETERMINED, code)


def test_slots_are_where_the_compiler_puts_them(case_world: World, taken: Taken) -> None:
    for name in ("pdf", "status: revoked", "status: of a revoked seal", "status: suspended pass"):
        receipt = receipt_of(named(name))
        assert receipt is not None
        issuer = receipt.anchors[0].issuer
        slots = [
            seal_slot(issuer, receipt.seal),
            status_slot(issuer, receipt.seal, receipt.leaf_index),
        ]
        for slot in slots:
            word = case_world.rpc.ask(
                "eth_getStorageAt", case_world.contract, "0x" + slot.hex(), hex(taken.block.number)
            ).quantity()
            assert taken.state()._slot(CONTRACT, slot, None) == word
        assert case_world.rpc.ask(
            "eth_getStorageAt", case_world.contract, "0x" + slots[0].hex(), "latest"
        ).quantity()


def test_128_statuses_share_a_word() -> None:
    seal, issuer = b"s" * 32, b"i" * 20
    slots = [status_slot(issuer, seal, index) for index in (0, 127, 128, 255, 256, 2**40 - 1)]
    assert [slots.index(slot) for slot in slots] == [0, 0, 2, 2, 4, 5]
