"""What the chain adapter answers, against a real node."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.chain import ChainOptions, EvmChain, LocalSigner, development_signer
from registry.core.address import format_address
from registry.errors import (
    ConflictError,
    GasTooExpensiveError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.ports import (
    Call,
    Chain,
    CredentialStatus,
    Fees,
    IssuerRecord,
    Market,
    OperatorRecord,
    Role,
    Signer,
    StatusChange,
    UnsignedTransaction,
)
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import Fault, RpcProxy

SEAL = bytes.fromhex("5e" * 32)
OTHER_SEAL = bytes.fromhex("5f" * 32)
OTHER = bytes.fromhex("07" * 20)
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FOR_EVER = 2**64 - 1
GWEI = 10**9


def anchor(chain: EvmChain, signer: LocalSigner, seal: bytes = SEAL) -> bytes:
    return send(chain, signer, chain.anchor_call(signer.address, seal)).transaction


def change(
    signer: LocalSigner, status: CredentialStatus, leaf_indexes: tuple[int, ...] | None
) -> StatusChange:
    return StatusChange(
        id=1,
        issuer=signer.address,
        seal=SEAL,
        leaf_indexes=leaf_indexes,
        status=status,
        reason=0,
        requested_at=AGES_AGO,
        done_at=None,
        refusal=None,
    )


def prepared(chain: EvmChain, signer: LocalSigner, call: Call) -> UnsignedTransaction:
    return chain.prepare(
        call,
        sender=signer.address,
        nonce=chain.next_nonce(signer.address),
        fees=chain.suggest_fees(),
    )


def test_fits_the_ports(chain: EvmChain, signer: LocalSigner) -> None:
    as_chain: Chain = chain
    as_signer: Signer = signer
    assert as_chain.chain_id == 31337
    assert as_signer.address == signer.address


class TestAnchors:
    def test_an_anchor_is_found_in_record_log_and_transaction(
        self, chain: EvmChain, signer: LocalSigner
    ) -> None:
        issuer = signer.address
        mined = send(chain, signer, chain.anchor_call(issuer, SEAL))
        record = chain.anchor_record(chain.contract, issuer, SEAL, at=chain.head())
        found = chain.find_anchor(issuer, SEAL, since=AGES_AGO)
        assert record is not None
        assert found is not None
        assert (record.sequence, record.status) == (1, CredentialStatus.ACTIVE)
        assert record.anchored_at == found.anchored_at
        assert (found.chain_id, found.contract) == (chain.chain_id, chain.contract)
        assert (found.transaction, found.block_hash) == (mined.transaction, mined.block_hash)
        assert found.block_number == mined.block_number
        assert chain.anchor_in_transaction(chain.contract, mined.transaction, issuer, SEAL) == found

    def test_no_anchor_is_found_where_there_is_none(
        self, chain: EvmChain, signer: LocalSigner
    ) -> None:
        transaction = anchor(chain, signer)
        issuer = signer.address
        assert chain.anchor_record(chain.contract, issuer, OTHER_SEAL) is None
        assert chain.anchor_record(chain.contract, OTHER, SEAL) is None
        assert chain.find_anchor(issuer, OTHER_SEAL, since=AGES_AGO) is None
        assert chain.find_anchor(OTHER, SEAL, since=AGES_AGO) is None
        for contract, hash_, whose, seal in [
            (OTHER, transaction, issuer, SEAL),
            (chain.contract, b"\1" * 32, issuer, SEAL),
            (chain.contract, transaction, OTHER, SEAL),
            (chain.contract, transaction, issuer, OTHER_SEAL),
        ]:
            assert chain.anchor_in_transaction(contract, hash_, whose, seal) is None

    def test_a_failed_transaction_has_no_anchor(
        self, anvil: Anvil, chain: EvmChain, signer: LocalSigner
    ) -> None:
        anvil.automine(on=False)
        call = chain.anchor_call(signer.address, SEAL)
        first = prepared(chain, signer, call)
        both = [signer.sign(first), signer.sign(replace(first, nonce=first.nonce + 1))]
        for signed in both:
            chain.broadcast(signed.raw)
        anvil.mine()
        failed = chain.mined(both[1].transaction)
        assert failed is not None
        assert not failed.succeeded
        assert (
            chain.anchor_in_transaction(chain.contract, both[1].transaction, signer.address, SEAL)
            is None
        )

    def test_only_blocks_from_about_the_given_time_are_searched(
        self,
        anvil: Anvil,
        chain: EvmChain,
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("registry.chain.events._FIRST_STRIDE", 4)
        anvil.ask("anvil_mine", hex(200), hex(3600))
        since = chain.head()
        anvil.ask("anvil_mine", hex(10), hex(3600))
        anchor(chain, signer)
        found = proxied.find_anchor(signer.address, SEAL, since=since.time)
        ((_, parameters),) = [q for q in proxy.questions if q[0] == "eth_getLogs"]
        assert found is not None
        # A day of margin is 24 of these blocks; doubling strides may overshoot to twice as far.
        assert since.number - 100 < int(parameters[0]["fromBlock"], 16) < since.number - 24
        late = since.time + timedelta(days=99)
        assert proxied.find_anchor(signer.address, SEAL, since=late) == found

    def test_facts_at_a_block_do_not_move_on(self, chain: EvmChain, signer: LocalSigner) -> None:
        before = chain.head()
        anchor(chain, signer)
        assert chain.anchor_record(chain.contract, signer.address, SEAL, at=before) is None
        assert chain.anchor_record(chain.contract, signer.address, SEAL) is not None
        assert chain.is_genuine(chain.contract, at=before)

    def test_facts_at_a_block_since_replaced_cannot_be_had(
        self, anvil: Anvil, chain: EvmChain, signer: LocalSigner
    ) -> None:
        transaction = anchor(chain, signer)
        replaced = chain.head()
        anvil.reorganise(1)
        with pytest.raises(UnavailableError):
            chain.anchor_record(chain.contract, signer.address, SEAL, at=replaced)
        assert chain.anchor_record(chain.contract, signer.address, SEAL) is None
        assert chain.find_anchor(signer.address, SEAL, since=AGES_AGO) is None
        assert chain.mined(transaction) is None


class TestStatus:
    @pytest.mark.parametrize("leaf_indexes", [(2, 300), None])
    def test_a_change_of_status_is_read_back(
        self, chain: EvmChain, signer: LocalSigner, leaf_indexes: tuple[int, ...] | None
    ) -> None:
        anchor(chain, signer)
        wanted = change(signer, CredentialStatus.SUSPENDED, leaf_indexes)
        send(chain, signer, chain.status_call(wanted))

        def status(index: int) -> CredentialStatus:
            return chain.credential_status(chain.contract, signer.address, SEAL, index)

        assert status(2) is status(300) is CredentialStatus.SUSPENDED
        rest = CredentialStatus.ACTIVE if leaf_indexes else CredentialStatus.SUSPENDED
        assert status(3) is rest

    def test_there_is_no_status_under_a_seal_that_was_never_anchored(
        self, chain: EvmChain, signer: LocalSigner
    ) -> None:
        with pytest.raises(ConflictError, match=r"CredentialRegistryNotAnchored\(issuer=0xf39F"):
            chain.credential_status(chain.contract, signer.address, SEAL, 0)

    def test_a_call_says_what_it_is_for(self, chain: EvmChain, signer: LocalSigner) -> None:
        one = chain.status_call(change(signer, CredentialStatus.REVOKED, (1,)))
        all_ = chain.status_call(change(signer, CredentialStatus.REVOKED, None))
        assert one.label == f"set 1 credentials under {SEAL.hex()} to revoked"
        assert all_.label == f"set seal {SEAL.hex()} to revoked"


class TestIssuers:
    def test_an_issuer_owns_itself_until_it_moves(
        self, chain: EvmChain, signer: LocalSigner
    ) -> None:
        assert chain.issuer_record(OTHER) == IssuerRecord(OTHER, None, 0)
        anchor(chain, signer)
        assert chain.issuer_record(signer.address) == IssuerRecord(signer.address, None, 1)

    def test_an_operator_anchors_for_its_issuer(self, chain: EvmChain, signer: LocalSigner) -> None:
        operator = development_signer(1)
        nobody = OperatorRecord(Role(0), 0)
        assert chain.operator_record(signer.address, operator.address) == nobody
        send(
            chain,
            signer,
            chain.operator_call(signer.address, operator.address, Role.ANCHOR, FOR_EVER),
        )
        record = chain.operator_record(signer.address, operator.address)
        assert record == OperatorRecord(Role.ANCHOR, FOR_EVER)
        assert send(chain, operator, chain.anchor_call(signer.address, SEAL)).succeeded


class TestBlocks:
    def test_a_depth_counts_from_the_final_block_to_the_head(
        self, anvil: Anvil, chain: EvmChain
    ) -> None:
        anvil.mine(20)
        head = chain.head().number
        for depth, want in [(1, head), (12, head - 11), (head + 1, 0), (head + 2, -1), (999, -1)]:
            deep = open_chain(anvil.url, ChainOptions(finality=depth))
            assert deep.finalized() == want
            deep.close()

    def test_the_tag_is_the_nodes_word(self, anvil: Anvil, chain: EvmChain) -> None:
        anvil.mine(20)
        assert chain.finalized() == chain.head().number - 2

    @pytest.mark.parametrize(
        "options",
        [{"finality": 0}, {"finality": -1}, {"max_fee": 0}, {"attempts": 0}, {"quorum": 0}],
    )
    def test_options_without_a_meaning_are_refused(self, options: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            ChainOptions(**options)


class TestChainId:
    def test_another_chain_is_refused_by_every_question(self, anvil: Anvil) -> None:
        other = EvmChain(chain_id=5, rpc_url=anvil.url, contract=OTHER)
        for question in (other.head, other.finalized, lambda: other.balance(OTHER)):
            with pytest.raises(ConflictError, match="serves chain 31337, configured is 5"):
                question()
        other.close()

    def test_a_node_that_was_away_is_asked_again_who_it_is(
        self, anvil: Anvil, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        assert anvil.url != proxy.url
        proxied.balance(OTHER)
        proxy.fail("eth_getBalance", Fault.DROP, times=1)
        with pytest.raises(UnavailableError):
            proxied.balance(OTHER)
        proxy.lie("eth_chainId", lambda _: "0x1")
        with pytest.raises(ConflictError, match="serves chain 1, configured is 31337"):
            proxied.balance(OTHER)

    def test_the_head_is_never_that_of_another_chain(
        self, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        proxied.head()
        proxy.lie("eth_chainId", lambda _: "0x1")
        with pytest.raises(ConflictError):
            proxied.head()


class TestFees:
    def test_fees_cover_a_doubled_base_fee(self, anvil: Anvil, chain: EvmChain) -> None:
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
        anvil.mine()
        fees = chain.suggest_fees()
        assert fees.max_fee > 2 * 40 * GWEI
        assert 0 < fees.priority_fee <= fees.max_fee

    def test_the_priority_fee_is_what_others_paid_empty_blocks_aside(
        self, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        rewards = [["0x0"], [hex(3 * GWEI)], ["0x0"], [hex(9 * GWEI)], [hex(2 * GWEI)]]
        proxy.lie("eth_feeHistory", lambda history: {**history, "reward": rewards})
        assert proxied.suggest_fees().priority_fee == 3 * GWEI

    def test_no_more_than_the_cap_is_offered(self, anvil: Anvil) -> None:
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
        anvil.mine()
        capped = open_chain(anvil.url, ChainOptions(max_fee=60 * GWEI))
        assert capped.suggest_fees().max_fee == 60 * GWEI
        capped.close()

    def test_a_base_fee_above_the_cap_is_too_expensive_by_how_much(self, anvil: Anvil) -> None:
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
        anvil.mine()
        capped = open_chain(anvil.url, ChainOptions(max_fee=3 * GWEI // 2))
        base_fee = capped.fee_market().base_fee
        with pytest.raises(GasTooExpensiveError) as caught:
            capped.suggest_fees()
        assert (caught.value.needed, caught.value.cap) == (base_fee, 3 * GWEI // 2)
        assert "above the cap of 1.5 gwei" in str(caught.value)
        assert "fee_cap_gwei" in str(caught.value)
        assert capped.fee_cap == 3 * GWEI // 2
        capped.close()

    def test_the_market_is_what_the_node_says(self, proxied: EvmChain, proxy: RpcProxy) -> None:
        history = {"baseFeePerGas": ["0x1", hex(7 * GWEI)], "reward": [[hex(2 * GWEI)]]}
        proxy.lie("eth_feeHistory", lambda _: history)
        assert proxied.fee_market() == Market(base_fee=7 * GWEI, priority_fee=2 * GWEI)
        assert proxied.suggest_fees() == Fees(16 * GWEI, 2 * GWEI)


class TestRefusals:
    """Every reason, as a real node gives it."""

    def refused(self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction) -> str:
        with pytest.raises(TransactionRefusedError) as caught:
            chain.broadcast(signer.sign(unsigned).raw)
        return caught.value.reason

    @pytest.fixture
    def unsigned(self, chain: EvmChain, signer: LocalSigner) -> UnsignedTransaction:
        return prepared(chain, signer, chain.anchor_call(signer.address, SEAL))

    def test_what_would_revert_says_why(self, chain: EvmChain, signer: LocalSigner) -> None:
        anchor(chain, signer)
        record = chain.anchor_record(chain.contract, signer.address, SEAL)
        with pytest.raises(TransactionRefusedError) as caught:
            prepared(chain, signer, chain.anchor_call(signer.address, SEAL))
        assert record is not None
        assert caught.value.reason == "reverted"
        assert (
            f"CredentialRegistryAlreadyAnchored(issuer={format_address(signer.address)}, "
            f"seal=0x{SEAL.hex()}, anchoredAt={int(record.anchored_at.timestamp())})"
        ) in str(caught.value)

    def test_what_is_only_pending_does_not_make_it_revert(
        self, anvil: Anvil, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        anvil.automine(on=False)
        chain.broadcast(signer.sign(unsigned).raw)
        again = prepared(chain, signer, chain.anchor_call(signer.address, SEAL))
        assert again.nonce == unsigned.nonce

    def test_a_sender_that_cannot_pay_prepares_nothing(self, chain: EvmChain) -> None:
        call = chain.operator_call(OTHER, b"\3" * 20, Role.ANCHOR, FOR_EVER)
        with pytest.raises(TransactionRefusedError, match="has 0 wei") as caught:
            chain.prepare(call, sender=OTHER, nonce=0, fees=Fees(GWEI, GWEI))
        assert caught.value.reason == "insufficient-funds"

    def test_a_sender_that_cannot_pay_sends_nothing(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        dear = replace(unsigned, fees=Fees(10**30, 1))
        assert self.refused(chain, signer, dear) == "insufficient-funds"

    def test_a_nonce_that_was_used(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        used = replace(unsigned, nonce=unsigned.nonce - 1)
        assert self.refused(chain, signer, used) == "nonce-too-low"

    def test_a_replacement_that_offers_no_more(
        self, anvil: Anvil, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        anvil.automine(on=False)
        chain.broadcast(signer.sign(unsigned).raw)
        cheaper = Fees(unsigned.fees.max_fee - 1, unsigned.fees.priority_fee)
        assert self.refused(chain, signer, replace(unsigned, fees=cheaper)) == "underpriced"

    def test_a_fee_below_the_base_fee(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        cheap = replace(unsigned, fees=Fees(1, 1))
        assert self.refused(chain, signer, cheap) == "underpriced"

    @pytest.mark.parametrize("gas", [0, 20_999])
    def test_less_gas_than_any_transaction_takes(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction, gas: int
    ) -> None:
        assert self.refused(chain, signer, replace(unsigned, gas=gas)) == "gas-too-low"
        assert chain.next_nonce(signer.address) == unsigned.nonce

    def test_more_gas_than_a_block_has(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        assert self.refused(chain, signer, replace(unsigned, gas=10**9)) == "rejected"

    def test_bytes_that_are_no_transaction(self, chain: EvmChain) -> None:
        with pytest.raises(TransactionRefusedError) as caught:
            chain.broadcast(b"\2\1")
        assert caught.value.reason == "rejected"

    def test_what_the_node_knows_already_is_sent(
        self, anvil: Anvil, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        anvil.automine(on=False)
        signed = signer.sign(unsigned)
        chain.broadcast(signed.raw)
        chain.broadcast(signed.raw)
        assert chain.mined(signed.transaction) is None
        anvil.mine()
        assert chain.mined(signed.transaction) is not None

    def test_a_refusal_shows_no_signed_transaction(
        self, chain: EvmChain, signer: LocalSigner, unsigned: UnsignedTransaction
    ) -> None:
        signed = signer.sign(replace(unsigned, nonce=0))
        with pytest.raises(TransactionRefusedError) as caught:
            chain.broadcast(signed.raw)
        assert signed.raw.hex() not in str(caught.value)


@given(
    nonce=st.integers(0, 2**64 - 2),
    gas=st.integers(0, 2**64 - 1),
    priority_fee=st.integers(0, 2**128),
    above=st.integers(0, 2**128),
    to=st.binary(min_size=20, max_size=20),
    data=st.binary(max_size=200),
)
@settings(max_examples=50)
def test_a_signed_transaction_is_read_back(
    nonce: int, gas: int, priority_fee: int, above: int, to: bytes, data: bytes
) -> None:
    signer = development_signer()
    unsigned = UnsignedTransaction(
        chain_id=31337,
        sender=signer.address,
        nonce=nonce,
        to=to,
        data=data,
        gas=gas,
        fees=Fees(max_fee=priority_fee + above, priority_fee=priority_fee),
    )
    chain = EvmChain(chain_id=31337, rpc_url="http://127.0.0.1:9", contract=OTHER)
    signed = signer.sign(unsigned)
    assert chain.decode(signed.raw) == unsigned
    with pytest.raises(ValueError):
        chain.decode(signed.raw[:-1])
    chain.close()


def test_a_mined_transaction_tells_what_it_cost(chain: EvmChain, signer: LocalSigner) -> None:
    before = chain.balance(signer.address)
    mined = send(chain, signer, chain.anchor_call(signer.address, SEAL))
    assert mined.succeeded
    assert before - chain.balance(signer.address) == mined.gas_used * mined.gas_price
    assert mined.block_hash == chain.head().hash


def test_a_chain_prints_no_secret() -> None:
    chain = EvmChain(chain_id=1, rpc_url="https://me:pw@eth.example/key", contract=OTHER)
    assert repr(chain) == f"EvmChain(1, https://eth.example, {format_address(OTHER)})"
    chain.close()
