"""A node that does not know enough is no witness against anybody."""

import pytest

from registry.chain import Devnet, EvmChain, deploy, development_signer
from registry.chain.rpc import Rpc
from registry.core.canonical import Canonicalization, jcs_bytes
from registry.core.report import Report, Verdict
from registry.services.receipts import receipt_of
from tests.anvil import open_chain
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.evidence import evidence_of, fails, is_unknown, with_anchor
from tests.services.office import Office


def asked_of(chain: EvmChain, office: Office) -> Report:
    receipt = office.receipt("diploma")
    return office.with_chain(chain).verification().verify(evidence_of(b"diploma", receipt))


def test_a_node_that_has_not_come_to_the_anchors_block_leaves_the_verdict_open(
    office: Office,
) -> None:
    office.anvil.mine(5)
    office.final("diploma")
    with Devnet(block_time=None) as other:
        chain = open_chain(other.url)
        is_unknown(asked_of(chain, office), "anchor", "node-behind")
        deploy(chain, development_signer())
        is_unknown(asked_of(chain, office), "anchor", "node-behind")
        chain.close()


def test_a_node_without_the_contract_leaves_the_verdict_open(office: Office) -> None:
    office.final("diploma")
    with Devnet(block_time=None) as other:
        chain = open_chain(other.url)
        rpc = Rpc(other.url)
        rpc.ask("anvil_mine", "0x40")
        is_unknown(asked_of(chain, office), "anchor", "no-contract")
        rpc.close()
        chain.close()


def test_a_node_without_old_transactions_gives_the_event_instead(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    office.final("diploma")
    proxy.fail("eth_getTransactionReceipt", Fault.NULL)
    assert asked_of(proxied, office).verdict is Verdict.VALID
    receipt = with_anchor(office.receipt("diploma"), transaction=bytes(32))
    verification = office.with_chain(proxied).verification()
    fails(verification.verify(evidence_of(b"diploma", receipt)), "anchor", "wrong-transaction")


def test_a_node_that_gives_no_event_leaves_the_verdict_open(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    office.final("diploma")
    proxy.fail("eth_getTransactionReceipt", Fault.NULL)
    proxy.lie("eth_getLogs", lambda _: [])
    is_unknown(asked_of(proxied, office), "anchor", "no-event")


@pytest.mark.parametrize("kind", ["raw", "jcs"])
def test_dates_count_however_the_receipt_says_it_was_hashed(office: Office, kind: str) -> None:
    document = jcs_bytes({"name": "diploma", "validUntil": "2020-01-01T00:00:00Z"})
    office.add([document], Canonicalization.JCS)
    batch = office.store.seal_open_batch(office.issuer, now=office.sending.clock())
    assert batch is not None
    office.finish(batch)
    ((stored,),) = office.store.batch_credentials(batch)
    receipt = receipt_of(office.store, stored.credential_hash)
    changed = receipt.model_copy(update={"canonicalization": Canonicalization(kind)})
    report = office.verification().verify(evidence_of(document, changed))
    fails(report, "validity", "expired")
