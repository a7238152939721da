"""Appointing operators and cutting them off: once, by the owner, on a contract that is ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, ChainOptions, EvmChain, LocalSigner
from registry.core.address import format_address
from registry.core.fees import Fees
from registry.errors import (
    ConflictError,
    GasTooExpensiveError,
    InvalidInputError,
    NotAllowedError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.operators import NEVER, Operators, OperatorState
from registry.services.ports import Call, Chain, MinedTransaction, OperatorRecord, Role, Signer
from registry.services.submitting import submit
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import ISSUER, stranger, utc_now

OPERATOR = stranger().address


@dataclass
class Hands:
    """`submit` with a key, on a clock that only waiting moves on."""

    signer: Signer
    on_wait: Callable[[float], None] = lambda _: None
    patience: float = 60
    replace_after: float = 10
    now: float = 0
    waits: list[float] = field(default_factory=list)

    @property
    def sender(self) -> bytes:
        return self.signer.address

    def __call__(
        self, chain: Chain, call: Call, *, has_happened: Callable[[], bool]
    ) -> MinedTransaction | None:
        return submit(
            chain,
            self.signer,
            call,
            clock=lambda: self.now,
            sleep=self._wait,
            patience=self.patience,
            replace_after=self.replace_after,
            has_happened=has_happened,
        )

    def _wait(self, seconds: float) -> None:
        self.now += 1
        self.waits.append(seconds)
        self.on_wait(self.now)


@pytest.fixture
def operators(chain: EvmChain) -> Operators:
    return Operators(chain, ISSUER, utc_now)


@pytest.fixture
def hands(anvil: Anvil, signer: LocalSigner) -> Hands:
    """The owner's."""
    return Hands(signer, on_wait=lambda _: anvil.mine())


def pending(anvil: Anvil, sender: bytes) -> list[dict[str, str]]:
    """Transactions of a sender that the node holds and no block has."""
    pool = anvil.ask("txpool_content").value
    assert isinstance(pool, dict)
    found = {name.lower(): by_nonce for name, by_nonce in pool["pending"].items()}
    return list(found.get("0x" + sender.hex(), {}).values())


def test_an_appointed_operator_is_listed_until_cut_off(operators: Operators, hands: Hands) -> None:
    assert operators.listed() == []
    until = int((utc_now() + timedelta(days=1)).timestamp())
    mined = operators.appoint(OPERATOR, Role.ANCHOR, valid_until=until, submit=hands)
    assert mined is not None
    assert mined.succeeded
    (found,) = operators.listed()
    assert (found.operator, found.roles, found.valid_until) == (OPERATOR, Role.ANCHOR, until)
    assert found.state is OperatorState.ACTIVE
    assert operators.cut_off(OPERATOR, submit=hands) is not None
    (found,) = operators.listed()
    assert (found.roles, found.state) == (Role(0), OperatorState.CUT_OFF)


def test_what_is_so_already_sends_nothing(
    operators: Operators, hands: Hands, chain: EvmChain
) -> None:
    before = chain.next_nonce(ISSUER)
    assert operators.cut_off(OPERATOR, submit=hands) is None
    assert chain.next_nonce(ISSUER) == before
    operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands) is None
    assert chain.next_nonce(ISSUER) == before + 1


@pytest.mark.parametrize(
    ("roles", "until"),
    [
        pytest.param(Role.ANCHOR | Role.STATUS, NEVER, id="more roles"),
        pytest.param(Role.STATUS, NEVER, id="another role"),
        pytest.param(Role.ANCHOR, NEVER - 1, id="another end"),
    ],
)
def test_another_appointment_is_made(
    operators: Operators, hands: Hands, chain: EvmChain, roles: Role, until: int
) -> None:
    operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert operators.appoint(OPERATOR, roles, valid_until=until, submit=hands) is not None
    assert chain.operator_record(ISSUER, OPERATOR) == OperatorRecord(roles, until)


def test_an_appointment_that_is_over_is_expired(
    operators: Operators, hands: Hands, anvil: Anvil, chain: EvmChain
) -> None:
    until = int(chain.head().time.timestamp()) + 3600
    operators.appoint(OPERATOR, Role.ANCHOR, valid_until=until, submit=hands)
    anvil.ask("evm_setNextBlockTimestamp", until)
    anvil.mine()
    assert operators.listed()[0].state is OperatorState.ACTIVE
    anvil.ask("evm_setNextBlockTimestamp", until + 1)
    anvil.mine()
    assert operators.listed()[0].state is OperatorState.EXPIRED


def refused(operators: Operators, submit: Hands, error: type[Exception], words: str) -> None:
    """Neither appointing nor cutting off changes anything."""
    before = operators.chain.next_nonce(submit.sender)
    listed = operators.chain.operators(ISSUER)
    with pytest.raises(error, match=words):
        operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=submit)
    with pytest.raises(error, match=words):
        operators.cut_off(OPERATOR, submit=submit)
    assert operators.chain.operators(ISSUER) == listed
    assert operators.chain.next_nonce(submit.sender) == before


def test_anybody_but_the_owner_is_told_who_that_is(operators: Operators, hands: Hands) -> None:
    operators.appoint(OPERATOR, Role.ANCHOR | Role.STATUS, valid_until=NEVER, submit=hands)
    refused(operators, Hands(stranger()), NotAllowedError, format_address(ISSUER))


def test_the_owner_is_no_operator(operators: Operators, hands: Hands, chain: EvmChain) -> None:
    before = chain.next_nonce(ISSUER)
    with pytest.raises(InvalidInputError, match="is the owner"):
        operators.appoint(ISSUER, Role.ANCHOR, valid_until=NEVER, submit=hands)
    with pytest.raises(InvalidInputError, match="is the owner"):
        operators.cut_off(ISSUER, submit=hands)
    assert chain.next_nonce(ISSUER) == before


@pytest.mark.parametrize(
    ("operator", "roles", "until"),
    [
        pytest.param(OPERATOR, Role.ANCHOR, 1, id="over already"),
        pytest.param(OPERATOR, Role(0), NEVER, id="no role"),
        pytest.param(bytes(20), Role.ANCHOR, NEVER, id="nobody"),
    ],
)
def test_an_appointment_that_makes_no_sense_is_refused(
    operators: Operators, hands: Hands, chain: EvmChain, operator: bytes, roles: Role, until: int
) -> None:
    before = chain.next_nonce(ISSUER)
    with pytest.raises(InvalidInputError):
        operators.appoint(operator, roles, valid_until=until, submit=hands)
    assert (chain.next_nonce(ISSUER), chain.operators(ISSUER)) == (before, {})


def test_a_contract_that_is_not_ours_is_sent_nothing(anvil: Anvil, hands: Hands) -> None:
    other = EvmChain(chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=anvil.url, contract=stranger().address)
    before = other.next_nonce(ISSUER)
    operators = Operators(other, ISSUER, utc_now)
    with pytest.raises(ConflictError, match="does not run our contract"):
        operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    with pytest.raises(ConflictError, match="does not run our contract"):
        operators.cut_off(OPERATOR, submit=hands)
    with pytest.raises(ConflictError, match="does not run our contract"):
        operators.listed()
    assert other.next_nonce(ISSUER) == before
    other.close()


# -- submitting


def far_more(chain: Chain) -> Fees:
    """Fees that no replacement in a test reaches."""
    most = chain.suggest_fees().max_fee * 9
    return Fees(max_fee=most, priority_fee=most)


def test_what_stays_stuck_is_replaced_under_its_nonce(
    operators: Operators, anvil: Anvil, chain: EvmChain, signer: LocalSigner
) -> None:
    anvil.automine(on=False)
    offers: list[int] = []

    def look(now: float) -> None:
        (waiting,) = pending(anvil, ISSUER)
        offers.append(int(waiting["maxFeePerGas"], 16))
        if now == 25:
            anvil.mine()

    nonce = chain.next_nonce(ISSUER)
    hands = Hands(signer, on_wait=look)
    mined = operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert mined is not None
    raised = sorted(set(offers))
    assert (len(raised), offers) == (3, sorted(offers))
    assert all(after * 8 >= before * 9 for before, after in pairwise(raised))
    assert chain.next_nonce(ISSUER) == nonce + 1


def test_no_more_than_the_cap_is_ever_offered(anvil: Anvil, signer: LocalSigner) -> None:
    anvil.automine(on=False)
    chain = open_chain(anvil.url)
    cap = chain.suggest_fees().max_fee + 1
    chain.close()
    chain = open_chain(anvil.url, ChainOptions(max_fee=cap))
    hands = Hands(signer, patience=30)
    with pytest.raises(UnavailableError, match=r"not mined yet.*fee_cap_gwei"):
        Operators(chain, ISSUER, utc_now).appoint(
            OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands
        )
    (waiting,) = pending(anvil, ISSUER)
    assert int(waiting["maxFeePerGas"], 16) <= cap
    chain.close()


def test_gas_above_the_cap_sends_nothing(anvil: Anvil, signer: LocalSigner) -> None:
    chain = open_chain(anvil.url, ChainOptions(max_fee=1))
    anvil.ask("anvil_setNextBlockBaseFeePerGas", "0x3b9aca00")
    anvil.mine()
    with pytest.raises(GasTooExpensiveError):
        Operators(chain, ISSUER, utc_now).appoint(
            OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=Hands(signer)
        )
    assert chain.operators(ISSUER) == {}
    chain.close()


def test_a_sender_without_coins_is_told_where_to_send_them(
    operators: Operators, anvil: Anvil, hands: Hands, chain: EvmChain
) -> None:
    anvil.ask("anvil_setBalance", format_address(ISSUER), "0x1")
    words = f"send coins to {format_address(ISSUER)} on chain {DEVELOPMENT_CHAIN_ID}"
    with pytest.raises(TransactionRefusedError, match=words) as caught:
        operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert caught.value.reason == "insufficient-funds"
    assert chain.operators(ISSUER) == {}


def test_a_transaction_in_the_way_is_waited_for(
    operators: Operators, anvil: Anvil, chain: EvmChain, signer: LocalSigner
) -> None:
    anvil.automine(on=False)
    nonce = chain.next_nonce(ISSUER)
    other = chain.prepare(
        Call(to=OPERATOR, data=b"", label="something else"),
        sender=ISSUER,
        nonce=nonce,
        fees=far_more(chain),
    )
    chain.broadcast(signer.sign(other).raw)
    hands = Hands(signer, on_wait=lambda now: anvil.mine() if now > 3 else None)
    mined = operators.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert mined is not None
    assert chain.next_nonce(ISSUER) == nonce + 2


def test_a_lost_answer_sends_no_second_transaction(
    proxy: RpcProxy, proxied: EvmChain, chain: EvmChain, hands: Hands
) -> None:
    before = chain.next_nonce(ISSUER)
    behind = Operators(proxied, ISSUER, utc_now)
    proxy.fail("eth_sendRawTransaction", Fault.LOSE)
    with pytest.raises(UnavailableError):
        behind.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    proxy.behave()
    behind.appoint(OPERATOR, Role.ANCHOR, valid_until=NEVER, submit=hands)
    assert chain.operator_record(ISSUER, OPERATOR).roles == Role.ANCHOR
    assert chain.next_nonce(ISSUER) == before + 1


def test_one_that_fails_in_its_block_is_refused(
    anvil: Anvil, chain: EvmChain, signer: LocalSigner
) -> None:
    """A call that was good when simulated, and whose seal another sender anchored first."""
    call = chain.anchor_call(ISSUER, b"\5" * 32)
    send(chain, signer, chain.operator_call(ISSUER, OPERATOR, Role.ANCHOR, NEVER))
    anvil.automine(on=False)
    first = chain.prepare(
        call,
        sender=OPERATOR,
        nonce=chain.next_nonce(OPERATOR),
        fees=far_more(chain),
    )
    chain.broadcast(stranger().sign(first).raw)
    hands = Hands(signer, on_wait=lambda _: anvil.mine())
    with pytest.raises(TransactionRefusedError, match="was mined, but failed"):
        hands(chain, call, has_happened=lambda: False)
