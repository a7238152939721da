from registry.chain import development_signer
from registry.wiring.signers import DEVELOPMENT_ADDRESSES


def test_development_accounts_have_these_addresses() -> None:
    signers = [development_signer(number) for number in range(10)]
    assert [signer.address for signer in signers] == list(DEVELOPMENT_ADDRESSES)
