"""Nodes that withhold, make up, or lie about storage: found by what a block's hash proves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped] # has no annotations
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from registry.chain import ChainRecord, EvmChain, sign_authorization
from registry.chain.contract import encode_call
from registry.chain.records import RawTransaction
from registry.chain.storage import operator_slot, seal_slot, status_slot
from registry.errors import UnavailableError
from registry.services.findings import FindingCode
from registry.services.ports import Authorization, CredentialStatus, Role
from tests.anvil import send
from tests.rpc_proxy import RpcProxy
from tests.services.auditing import audited, codes, settle
from tests.services.office import Office, stranger
from tests.services.planting import change_status
from tests.services.test_anchoring import seal_of
from tests.services.test_audit_chain import appoint, store_word


def nights(office: Office, count: int = 3) -> list[bytes]:
    seals = [seal_of(office.final(f"night {number}")) for number in range(count)]
    settle(office)
    return seals


def of_seal(seal: bytes) -> Callable[[dict[str, Any]], bool]:
    return lambda log: "0x" + seal.hex() in log["topics"]


def test_a_withheld_anchor_is_found(office: Office, proxied: EvmChain, proxy: RpcProxy) -> None:
    seals = nights(office)
    proxy.lie("eth_getLogs", lambda logs: [log for log in logs if not of_seal(seals[1])(log)])
    report = audited(office, chain=proxied)
    assert codes(report) == [FindingCode.EVENT_WITHHELD]
    assert report.findings[0].evidence["first"] == 2


def test_a_node_that_withholds_everything_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    nights(office)
    proxy.lie("eth_getLogs", lambda _: [])
    report = audited(office, chain=proxied)
    assert codes(report) == [FindingCode.EVENT_WITHHELD]
    assert report.findings[0].evidence["missing"] == 3


def test_a_withheld_status_change_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    nights(office)
    change_status(office, CredentialStatus.REVOKED, "night 1")
    settle(office)
    proxy.lie("eth_getLogs", lambda logs: [log for log in logs if len(log["topics"]) == 4])
    assert codes(audited(office, chain=proxied)) == [FindingCode.STATUS_UNEXPLAINED]


def test_a_substituted_anchor_is_found(office: Office, proxied: EvmChain, proxy: RpcProxy) -> None:
    seals = nights(office)

    def substitute(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for log in filter(of_seal(seals[1]), logs):
            log["topics"][2] = "0x" + "07" * 32
        return logs

    proxy.lie("eth_getLogs", substitute)
    report = audited(office, chain=proxied)
    assert codes(report) == [FindingCode.EVENT_FORGED]
    assert report.findings[0].evidence["seal"] == "07" * 32


def test_anchors_that_changed_places_are_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    nights(office)

    def exchange(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        first, second = logs[0]["topics"], logs[1]["topics"]
        first[3], second[3] = second[3], first[3]
        return logs

    proxy.lie("eth_getLogs", exchange)
    assert codes(audited(office, chain=proxied)) == [FindingCode.EVENT_FORGED] * 2


def test_an_anchor_with_another_time_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    """As if it had been anchored earlier, in a block that there is."""
    block = office.anvil.ask("eth_getBlockByNumber", "0x1", False).value  # noqa: FBT003 - JSON-RPC parameter
    assert isinstance(block, dict)
    office.anvil.ask("evm_increaseTime", "0x10")
    seals = nights(office)

    def back(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for log in filter(of_seal(seals[1]), logs):
            log["blockNumber"], log["blockHash"] = block["number"], block["hash"]
        return logs

    proxy.lie("eth_getLogs", back)
    assert codes(audited(office, chain=proxied)) == [FindingCode.EVENT_FORGED]


def test_an_anchor_that_is_shown_twice_is_found(office: Office) -> None:
    """The contract anchors a seal once; a node may say so of two transactions."""
    nights(office)

    def twice(record: ChainRecord) -> ChainRecord:
        last = record.logs[-1]
        again = last.model_copy(update={"log_index": last.log_index + 1})
        return record.model_copy(update={"logs": (*record.logs, again)})

    report = audited(office, change=twice)
    assert codes(report) == [FindingCode.EVENT_FORGED]
    assert len(report.chains[0].anchors) == 3


@pytest.mark.parametrize("kind", ["the same twice", "out of order"])
def test_events_that_are_in_no_order_are_found(office: Office, kind: str) -> None:
    nights(office)

    def disorder(record: ChainRecord) -> ChainRecord:
        logs = record.logs[::-1] if kind == "out of order" else (*record.logs, record.logs[-1])
        return record.model_copy(update={"logs": logs})

    assert codes(audited(office, change=disorder)) == [FindingCode.EVENT_FORGED]


@pytest.mark.parametrize("slot", ["operator", "batch"])
def test_a_record_that_lacks_a_proof_is_found(office: Office, slot: str) -> None:
    """As whoever makes a bundle may leave out what does not please."""
    nights(office)
    appoint(office, Role.ANCHOR)
    wanted = operator_slot(office.issuer, stranger().address)
    if slot == "batch":
        wanted = seal_slot(office.issuer, seal_of(office.final("another")))
    settle(office)

    def lacking(record: ChainRecord) -> ChainRecord:
        path = keccak(wanted).hex()
        kept = [node for node in record.nodes if not _leads_to(node, path)]
        assert len(kept) < len(record.nodes)
        return record.model_copy(update={"nodes": tuple(kept)})

    report = audited(office, change=lacking)
    assert FindingCode.NODE_LIES in codes(report)


def test_a_call_that_is_not_the_one_that_was_signed_is_not_believed(office: Office) -> None:
    """Who acted follows from the signed transaction, whatever the record says beside it."""
    seals = nights(office)
    data = encode_call(
        "anchorWithSignature", office.issuer, seals[0], 2**64 - 1, stranger().address, b"\1" * 65
    )

    def other(record: ChainRecord) -> ChainRecord:
        first, *rest = record.transactions
        second = rest[0].model_copy(update={"to": stranger().address})
        changed = (first.model_copy(update={"data": data}), second, *rest[1:])
        return record.model_copy(update={"transactions": changed})

    report = audited(office, change=other)
    assert codes(report) == []
    said = {(anchor.actor, anchor.way) for anchor in report.chains[0].anchors}
    assert said == {(office.issuer, "call")}


def test_a_header_that_is_none_is_found(office: Office) -> None:
    nights(office)

    def garbled(record: ChainRecord) -> ChainRecord:
        blocks = tuple(each.model_copy(update={"header": b"\1"}) for each in record.blocks)
        return record.model_copy(update={"blocks": blocks})

    assert codes(audited(office, change=garbled)) == [FindingCode.EVENT_FORGED]


def test_a_revocation_that_is_left_out_with_its_word_is_not_called_clean(office: Office) -> None:
    seals = nights(office)
    change_status(office, CredentialStatus.REVOKED, "night 1")
    settle(office)

    def lacking(record: ChainRecord) -> ChainRecord:
        logs = tuple(log for log in record.logs if len(log.topics) == 4)
        words = tuple(
            each.model_copy(update={"first": 0}) if each.seal == seals[1] else each
            for each in record.words
        )
        return record.model_copy(update={"logs": logs, "words": words})

    report = audited(office, change=lacking)
    assert (report.verdict, codes(report), len(report.unknowns)) == ("incomplete", [], 1)


def _leads_to(node: bytes, path: str) -> bool:
    """Whether this is the leaf of a key in the trie, whatever its length."""
    fields = rlp.decode(node)
    if len(fields) != 2 or fields[0][0] >> 4 not in {2, 3}:
        return False
    rest = fields[0].hex()[1 if fields[0][0] >> 4 == 3 else 2 :]
    return len(rest) > 32 and path.endswith(rest)


def test_an_event_that_the_contract_cannot_have_made_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    seals = nights(office)

    def garble(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for log in filter(of_seal(seals[1]), logs):
            log["data"] = "0x01"
        return logs

    proxy.lie("eth_getLogs", garble)
    assert codes(audited(office, chain=proxied)) == [FindingCode.EVENT_FORGED]


def test_a_node_that_lies_about_an_anchor_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    seals = nights(office)
    record = office.chain.anchor_record(office.chain.contract, office.issuer, seals[0])
    assert record is not None
    question = encode_call("anchorOf", office.issuer, seals[0]).hex()
    false = encode(["uint64", "uint64", "uint8"], [int(record.anchored_at.timestamp()), 1, 2])

    def lie(result: object) -> object:
        _, parameters = proxy.questions[-1]
        return "0x" + false.hex() if parameters[0]["data"].endswith(question) else result

    proxy.lie("eth_call", lie)
    report = audited(office, chain=proxied)
    assert codes(report) == [FindingCode.NODE_LIES]
    assert seals[0].hex() in report.findings[0].detail


def test_a_node_that_lies_about_the_count_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    nights(office)
    question = encode_call("issuerOf", office.issuer).hex()
    issuer = "0x" + office.issuer.hex()
    false = encode(["address", "address", "uint64"], [issuer, "0x" + "00" * 20, 2])

    def lie(result: object) -> object:
        _, parameters = proxy.questions[-1]
        return "0x" + false.hex() if parameters[0]["data"].endswith(question) else result

    proxy.lie("eth_call", lie)
    assert codes(audited(office, chain=proxied)) == [FindingCode.NODE_LIES]


@pytest.mark.parametrize("part", ["accountProof", "storageProof"])
def test_a_proof_that_proves_nothing_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy, part: str
) -> None:
    nights(office)

    def damage(proof: dict[str, Any]) -> dict[str, Any]:
        parts = [proof] if part == "accountProof" else proof[part]
        name = part if part == "accountProof" else "proof"
        node = parts[0][name][-1]
        damaged = node[:-2] + ("00" if node[-2:] != "00" else "01")
        for each in parts:  # proofs of other slots may lead through the same node
            each[name] = [damaged if other == node else other for other in each[name]]
        return proof

    proxy.lie("eth_getProof", damage)
    assert codes(audited(office, chain=proxied)) == [FindingCode.NODE_LIES]


@pytest.mark.parametrize("part", ["time", "number", "issuer"])
def test_an_appointment_that_is_not_as_its_block_has_it_is_found(office: Office, part: str) -> None:
    nights(office)
    appoint(office, Role.ANCHOR)
    settle(office)

    def change(record: ChainRecord) -> ChainRecord:
        log, block = record.logs[-1], record.blocks[-1]
        match part:
            case "time":
                block = block.model_copy(update={"time": block.time + timedelta(seconds=1)})
            case "number":
                log = log.model_copy(update={"block_number": log.block_number - 1})
            case "issuer":
                topics = (log.topics[0], stranger().address.rjust(32, b"\0"), *log.topics[2:])
                log = log.model_copy(update={"topics": topics})
        blocks, logs = (*record.blocks[:-1], block), (*record.logs[:-1], log)
        return record.model_copy(update={"blocks": blocks, "logs": logs})

    assert codes(audited(office, change=change)) == [FindingCode.EVENT_FORGED]


def test_a_transaction_is_proved_by_its_own_bytes_alone(office: Office) -> None:
    appoint(office, Role.ANCHOR)
    batch = office.sealed("diploma")
    send(office.chain, stranger(), office.chain.anchor_call(office.issuer, seal_of(batch)))
    office.finish(batch)
    settle(office)

    def exchange(record: ChainRecord) -> ChainRecord:
        raw = record.transactions[-1].raw
        false = record.transactions[0].model_copy(update={"raw": raw})
        return record.model_copy(update={"transactions": (false, *record.transactions[1:])})

    report = audited(office, change=exchange)
    assert codes(report) == []
    assert any("1 transactions have a form" in limit for limit in report.limits)


def test_a_word_that_holds_no_status_is_found(office: Office) -> None:
    [seal] = nights(office, 1)
    store_word(office, status_slot(office.issuer, seal, 0), 0b11)
    settle(office)
    assert codes(audited(office)) == [FindingCode.NODE_LIES]


def test_code_that_is_not_the_proved_one_is_found(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    nights(office)
    proxy.lie("eth_getCode", lambda code: code + "00")
    assert codes(audited(office, chain=proxied)) == [FindingCode.NODE_LIES]


def test_a_false_header_is_no_answer(office: Office, proxied: EvmChain, proxy: RpcProxy) -> None:
    nights(office)

    def lie(block: dict[str, Any]) -> dict[str, Any]:
        return {**block, "stateRoot": "0x" + "07" * 32}

    proxy.lie("eth_getBlockByHash", lie)
    with pytest.raises(UnavailableError):
        audited(office, chain=proxied)


def test_a_forged_sender_is_not_believed(
    office: Office, proxied: EvmChain, proxy: RpcProxy
) -> None:
    """Who sent a transaction follows from its signature, whatever the node says."""
    nights(office)
    other = "0x" + stranger().address.hex()
    proxy.lie("eth_getTransactionByHash", lambda sent: {**sent, "from": other})
    report = audited(office, chain=proxied)
    assert codes(report) == []
    assert {anchor.actor for anchor in report.chains[0].anchors} == {office.issuer}


def relayed(office: Office) -> bytes:
    """Anchor a batch by the issuer's signature, and return its seal."""
    batch = office.sealed("relayed")
    assert office.signer is not None
    wanted = Authorization(
        issuer=office.issuer,
        seal=seal_of(batch),
        chain_id=office.chain.chain_id,
        contract=office.chain.contract,
        deadline=int(office.chain.head().time.timestamp()) + 3600,
        signer=office.issuer,
        signature=b"",
    )
    permission = sign_authorization(office.signer, wanted)  # type: ignore[arg-type] # a local key
    send(office.chain, stranger(), office.chain.relayed_anchor_call(permission))
    office.finish(batch)
    settle(office)
    return seal_of(batch)


def test_an_anchor_by_signature_is_by_whoever_signed(office: Office) -> None:
    relayed(office)
    report = audited(office)
    assert codes(report) == []
    [anchor] = report.chains[0].anchors
    assert (anchor.actor, anchor.way) == (office.issuer, "signature")


def test_a_signature_that_was_over_is_found(office: Office) -> None:
    """As a node would have it that shows another call than the one that was mined."""
    relayed(office)

    def older(record: ChainRecord) -> ChainRecord:
        return record.model_copy(
            update={"transactions": tuple(map(_with_past_deadline, record.transactions))}
        )

    assert codes(audited(office, change=older)) == [FindingCode.SIGNATURE_INVALID]


def _with_past_deadline(sent: RawTransaction) -> RawTransaction:
    assert isinstance(sent.data, bytes)
    deadline = slice(4 + 64, 4 + 96)
    data = sent.data[: deadline.start] + (1).to_bytes(32, "big") + sent.data[deadline.stop :]
    return sent.model_copy(update={"data": data, "raw": None})  # as if of a form not known
