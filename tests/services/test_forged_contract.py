"""A contract with our code, and an anchor that its deployer wrote while deploying."""

from datetime import UTC, datetime

from eth_utils.crypto import keccak

from registry.chain.contract import seal_anchored_topic
from registry.core.canonical import Canonicalization
from registry.core.receipt import RECEIPT_TYPE, AnchorReference, Receipt
from registry.core.tree import leaf_hash, seal_hash
from tests.anvil import Anvil
from tests.services.evidence import evidence_of, fails
from tests.services.office import Office, digest, stranger, utc_now

SALT = bytes(32)


def slot_of_seal(issuer: bytes, seal: bytes) -> bytes:
    """Storage slot of an anchor: `_issuers[issuer].seals[seal]`, the mappings at 2 and +3."""
    issuers = keccak(issuer.rjust(32, b"\0") + (2).to_bytes(32, "big"))
    seals = int.from_bytes(issuers, "big") + 3
    return keccak(seal + seals.to_bytes(32, "big"))


def forging_code(runtime: bytes, issuer: bytes, seal: bytes) -> bytes:
    """Creation code that writes the anchor's slot, logs its event, and leaves our code there."""
    topics = [seal_anchored_topic(), issuer.rjust(32, b"\0"), seal, (1).to_bytes(32, "big")]
    # The anchor: TIMESTAMP, with sequence 1 above it, SSTOREd.
    code = b"\x42\x68" + (1 << 64).to_bytes(9, "big") + b"\x17"
    code += b"\x7f" + slot_of_seal(issuer, seal) + b"\x55"
    # The event: LOG4 with no data.
    code += b"".join(b"\x7f" + topic for topic in reversed(topics)) + b"\x5f\x5f\xa4"
    # Our code is what stays: CODECOPY to memory, RETURN it.
    size = len(runtime).to_bytes(2, "big")
    start = (len(code) + 13).to_bytes(2, "big")
    code += b"\x61" + size + b"\x61" + start + b"\x5f\x39" + b"\x61" + size + b"\x5f\xf3"
    return code + runtime


def deploy_forgery(anvil: Anvil, office: Office, seal: bytes) -> AnchorReference:
    runtime = anvil.chain()
    code = runtime.code(office.chain.contract)
    runtime.close()
    deployment = {
        "from": "0x" + stranger().address.hex(),
        "data": "0x" + forging_code(code, office.issuer, seal).hex(),
        "gas": hex(5_000_000),
    }
    transaction = str(anvil.ask("eth_sendTransaction", deployment).value)
    anvil.mine(5)
    receipt = anvil.ask("eth_getTransactionReceipt", transaction).value
    assert isinstance(receipt, dict)
    assert receipt["status"] == "0x1"
    block = anvil.ask("eth_getBlockByHash", receipt["blockHash"], False).value  # noqa: FBT003
    assert isinstance(block, dict)
    return AnchorReference(
        chain=office.chain.chain_id,
        contract=bytes.fromhex(receipt["contractAddress"][2:]),
        issuer=office.issuer,
        transaction=bytes.fromhex(transaction[2:]),
        block_number=int(receipt["blockNumber"], 16),
        block_hash=bytes.fromhex(receipt["blockHash"][2:]),
        log_index=int(receipt["logs"][0]["logIndex"], 16),
        anchored_at=datetime.fromtimestamp(int(block["timestamp"], 16), UTC),
    )


def test_our_code_with_a_forged_anchor_at_another_address_proves_nothing(
    anvil: Anvil, office: Office
) -> None:
    credential_hash = digest("never awarded")
    leaf = leaf_hash(salt=SALT, credential_hash=credential_hash)
    seal = seal_hash(merkle_root=leaf, tree_size=1)
    anchor = deploy_forgery(anvil, office, seal)
    # The forgery is good: its code and its storage are what ours would be.
    assert office.chain.is_genuine(anchor.contract)
    record = office.chain.anchor_record(anchor.contract, office.issuer, seal)
    assert record is not None
    assert (record.sequence, record.anchored_at) == (1, anchor.anchored_at)
    assert anchor.anchored_at <= utc_now()
    receipt = Receipt(
        type=RECEIPT_TYPE,
        canonicalization=Canonicalization.RAW,
        credential_hash=credential_hash,
        salt=SALT,
        leaf_index=0,
        tree_size=1,
        siblings=(),
        seal=seal,
        anchors=(anchor,),
    )
    report = office.verification().verify(
        evidence_of(b"never awarded", receipt), expected_issuer=office.issuer
    )
    fails(report, "anchor", "wrong-contract")
