from datetime import UTC, datetime

from registry.chain import EvmChain, LocalSigner
from tests.anvil import send

SEAL = bytes.fromhex("5e" * 32)
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def test_an_anchor_is_found_in_record_log_and_transaction(
    chain: EvmChain, signer: LocalSigner
) -> None:
    issuer = signer.address
    mined = send(chain, signer, chain.anchor_call(issuer, SEAL))
    head = chain.head()
    record = chain.anchor_record(chain.contract, issuer, SEAL, at=head)
    found = chain.find_anchor(issuer, SEAL, since=AGES_AGO)
    assert record is not None
    assert found is not None
    assert (record.sequence, record.anchored_at) == (1, found.anchored_at)
    assert (found.transaction, found.block_hash) == (mined.transaction, mined.block_hash)
    assert chain.anchor_in_transaction(chain.contract, mined.transaction, issuer, SEAL) == found
