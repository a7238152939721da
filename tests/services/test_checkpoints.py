"""What two auditors see of an issuer's anchors, each through a node of their own."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from registry.chain import ChainOptions, Devnet, EvmChain, LocalSigner, deploy
from registry.chain.rpc import Rpc
from registry.core.checkpoint import Checkpoint, checkpoint_over, origin_of
from registry.core.merkle_log import EMPTY_ROOT, log_root, verify_consistency
from registry.errors import (
    InvalidInputError,
    TooLargeError,
    UnavailableError,
    VerificationError,
)
from registry.services.checkpoints import check_consistency, checkpoint_of, read_log
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import RpcProxy
from tests.services.office import stranger

SEALS = [bytes([0x60 + place]) * 32 for place in range(6)]
LOGS = "eth_getLogs"
DEPTH = 2  # blocks above a final one


class Issuer:
    """Anchors seals one after the other, on a node that a test may turn and twist."""

    def __init__(self, anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> None:
        self.anvil, self.chain, self.signer = anvil, chain, signer
        self.address = signer.address
        self.origin = origin_of(
            chain_id=chain.chain_id, contract=chain.contract, issuer=signer.address
        )

    def anchor(self, *seals: bytes) -> None:
        """Anchor seals, which are not final yet."""
        for seal in seals:
            send(self.chain, self.signer, self.chain.anchor_call(self.address, seal))

    def anchor_finally(self, *seals: bytes) -> None:
        self.anchor(*seals)
        self.anvil.mine(DEPTH)

    def checkpoint(self, *seals: bytes) -> Checkpoint:
        """What an honest auditor says of these seals."""
        return checkpoint_over(self.origin, seals)


@pytest.fixture
def issuer(anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> Issuer:
    return Issuer(anvil, chain, signer)


@pytest.fixture
def own_issuer(signer: LocalSigner) -> Iterator[Issuer]:
    """An issuer with a node to itself: see `own_office`."""
    with Devnet(block_time=None) as devnet:
        chain, rpc = open_chain(devnet.url), Rpc(devnet.url)
        deploy(chain, signer)
        yield Issuer(Anvil(devnet.url, rpc), chain, signer)
        rpc.close()
        chain.close()


def refusal(chain: EvmChain, issuer: Issuer, older: Checkpoint) -> str:
    with pytest.raises(VerificationError) as caught:
        check_consistency(chain, issuer.address, older)
    return caught.value.reason


def test_two_auditors_come_to_the_same_text(issuer: Issuer, proxied: EvmChain) -> None:
    issuer.anchor_finally(*SEALS[:3])
    found = checkpoint_of(issuer.chain, issuer.address)
    assert found == issuer.checkpoint(*SEALS[:3])
    assert checkpoint_of(proxied, issuer.address).text == found.text


def test_who_never_anchored_has_an_empty_log(issuer: Issuer, proxy: RpcProxy) -> None:
    chain = issuer.anvil.chain(proxy.url)
    nobody = stranger().address
    issuer.anvil.mine(DEPTH)
    found = checkpoint_of(chain, nobody)
    assert (found.size, found.root) == (0, EMPTY_ROOT)
    assert LOGS not in proxy.asked
    chain.close()


def test_an_anchor_counts_from_the_block_that_is_final(issuer: Issuer) -> None:
    issuer.anchor(SEALS[0])
    issuer.anvil.mine(DEPTH - 1)
    assert checkpoint_of(issuer.chain, issuer.address) == issuer.checkpoint()
    issuer.anvil.mine()
    assert checkpoint_of(issuer.chain, issuer.address) == issuer.checkpoint(SEALS[0])


def test_anchors_of_others_are_in_other_logs(issuer: Issuer) -> None:
    other = stranger()
    send(issuer.chain, other, issuer.chain.anchor_call(other.address, SEALS[1]))
    issuer.anchor_finally(SEALS[0])
    assert checkpoint_of(issuer.chain, issuer.address) == issuer.checkpoint(SEALS[0])
    assert checkpoint_of(issuer.chain, other.address).root == log_root([SEALS[1]])


def test_every_older_checkpoint_is_shown_to_be_a_beginning(
    issuer: Issuer, proxied: EvmChain
) -> None:
    issuer.anchor_finally(*SEALS)
    for size in range(len(SEALS) + 1):
        older = issuer.checkpoint(*SEALS[:size])
        shown = check_consistency(proxied, issuer.address, older)
        assert (shown.older, shown.newer) == (older, issuer.checkpoint(*SEALS))
        verify_consistency(
            old_size=size,
            old_root=older.root,
            new_size=len(SEALS),
            new_root=shown.newer.root,
            proof=shown.proof,
        )


@pytest.mark.parametrize(
    "seals",
    [
        pytest.param([SEALS[5], SEALS[1]], id="another seal"),
        pytest.param([SEALS[1], SEALS[0]], id="another order"),
        pytest.param([SEALS[1]], id="the first one left out"),
        pytest.param([SEALS[0], SEALS[1], SEALS[5], SEALS[3]], id="another seal, of the same size"),
    ],
)
def test_a_forged_checkpoint_contradicts_the_chain(issuer: Issuer, seals: list[bytes]) -> None:
    issuer.anchor_finally(*SEALS[:4])
    assert refusal(issuer.chain, issuer, issuer.checkpoint(*seals)) == "other-history"


def test_an_empty_log_has_one_root_only(issuer: Issuer) -> None:
    issuer.anchor_finally(SEALS[0])
    forged = replace(issuer.checkpoint(), root=bytes(32))
    assert refusal(issuer.chain, issuer, forged) == "other-history"


def test_more_anchors_than_are_final_here_are_no_contradiction(issuer: Issuer) -> None:
    issuer.anchor_finally(SEALS[0])
    issuer.anchor(SEALS[1])
    ahead = issuer.checkpoint(*SEALS[:2])
    with pytest.raises(UnavailableError, match="look again later"):
        check_consistency(issuer.chain, issuer.address, ahead)
    issuer.anvil.mine(DEPTH)
    assert check_consistency(issuer.chain, issuer.address, ahead).newer == ahead


def test_a_checkpoint_of_another_log_says_nothing(issuer: Issuer) -> None:
    issuer.anchor_finally(SEALS[0])
    older = issuer.checkpoint(SEALS[0])
    with pytest.raises(InvalidInputError, match="of another log"):
        check_consistency(issuer.chain, stranger().address, older)


@pytest.mark.parametrize("withheld", [0, 1, 2])
def test_a_node_that_withholds_an_event_cannot_be_asked(
    issuer: Issuer, proxy: RpcProxy, proxied: EvmChain, withheld: int
) -> None:
    issuer.anchor_finally(*SEALS[:3])
    proxy.lie(LOGS, lambda logs: logs[:withheld] + logs[withheld + 1 :])
    with pytest.raises(UnavailableError, match="withholds events"):
        checkpoint_of(proxied, issuer.address)
    with pytest.raises(UnavailableError, match="withholds events"):
        check_consistency(proxied, issuer.address, issuer.checkpoint(SEALS[0]))


def test_a_reorganisation_of_what_is_not_final_changes_nothing(own_issuer: Issuer) -> None:
    own_issuer.anchor_finally(*SEALS[:2])
    own_issuer.anchor(SEALS[2])
    before = checkpoint_of(own_issuer.chain, own_issuer.address)
    assert before == own_issuer.checkpoint(*SEALS[:2])
    own_issuer.anvil.reorganise(1)
    assert checkpoint_of(own_issuer.chain, own_issuer.address) == before
    own_issuer.anchor_finally(SEALS[3])
    shown = check_consistency(own_issuer.chain, own_issuer.address, before)
    assert shown.newer == own_issuer.checkpoint(SEALS[0], SEALS[1], SEALS[3])


class TestWhatIsKnown:
    def test_events_are_read_only_where_there_are_new_ones(
        self, issuer: Issuer, proxy: RpcProxy, proxied: EvmChain
    ) -> None:
        issuer.anchor_finally(*SEALS[:2])
        first = read_log(proxied, issuer.address)
        issuer.anvil.mine(5)
        proxy.asked.clear()
        same = read_log(proxied, issuer.address, known=first)
        assert (same.seals, same.block.number) == (first.seals, first.block.number + 5)
        assert LOGS not in proxy.asked
        issuer.anchor_finally(*SEALS[2:4])
        assert read_log(proxied, issuer.address, known=same).seals == tuple(SEALS[:4])

    def test_a_new_event_that_is_withheld_is_missed(
        self, issuer: Issuer, proxy: RpcProxy, proxied: EvmChain
    ) -> None:
        issuer.anchor_finally(*SEALS[:2])
        first = read_log(proxied, issuer.address)
        issuer.anchor_finally(*SEALS[2:4])
        proxy.lie(LOGS, lambda logs: logs[:-1])
        with pytest.raises(UnavailableError, match="3 anchors were found, but the contract"):
            read_log(proxied, issuer.address, known=first)

    def test_of_a_block_that_was_replaced_nothing_is_known(self, own_issuer: Issuer) -> None:
        shallow = open_chain(own_issuer.anvil.url, ChainOptions(finality=1))
        own_issuer.anchor(*SEALS[:2])
        first = read_log(shallow, own_issuer.address)
        own_issuer.anvil.reorganise(1)
        own_issuer.anchor(*SEALS[3:5])
        again = read_log(shallow, own_issuer.address, known=first)
        assert again.seals == (SEALS[0], SEALS[3], SEALS[4])
        assert refusal(shallow, own_issuer, first.checkpoint) == "other-history"
        shallow.close()

    def test_a_node_that_lags_takes_nothing_back(self, issuer: Issuer) -> None:
        issuer.anchor_finally(*SEALS[:2])
        shallow = open_chain(issuer.anvil.url, ChainOptions(finality=1))
        ahead = read_log(shallow, issuer.address)
        assert read_log(issuer.chain, issuer.address, known=ahead) is ahead
        shallow.close()

    def test_a_node_that_counts_fewer_anchors_than_were_final_is_not_believed(
        self, issuer: Issuer
    ) -> None:
        issuer.anchor_finally(SEALS[0])
        log = read_log(issuer.chain, issuer.address)
        issuer.anvil.mine()
        more = replace(log, seals=(*log.seals, SEALS[1]))
        with pytest.raises(UnavailableError, match="the contract counts 1"):
            read_log(issuer.chain, issuer.address, known=more)


def test_without_a_final_block_the_chain_cannot_be_asked(issuer: Issuer) -> None:
    deep = open_chain(issuer.anvil.url, ChainOptions(finality=100_000))
    with pytest.raises(UnavailableError, match="no block is final yet"):
        checkpoint_of(deep, issuer.address)
    deep.close()


def test_a_contract_that_is_not_ours_cannot_be_asked(
    issuer: Issuer, proxy: RpcProxy, proxied: EvmChain
) -> None:
    issuer.anchor_finally(SEALS[0])
    proxy.lie("eth_getCode", lambda _: "0x6001")
    with pytest.raises(UnavailableError, match="does not run our contract"):
        checkpoint_of(proxied, issuer.address)


def test_seals_are_those_of_the_anchors_at_that_block(issuer: Issuer) -> None:
    issuer.anchor(*SEALS[:2])
    at = issuer.chain.head()
    anchors = issuer.chain.issuer_anchors(issuer.address)
    issuer.anchor(SEALS[2])
    assert issuer.chain.issuer_seals(issuer.address, at=at) == [each.seal for each in anchors]
    assert issuer.chain.issuer_seals(issuer.address, at=at, after=1) == [SEALS[1]]
    assert issuer.chain.issuer_seals(issuer.address, at=at, after=2) == []


def test_a_block_is_the_one_that_was_asked_for(
    issuer: Issuer, proxy: RpcProxy, proxied: EvmChain
) -> None:
    head = issuer.chain.head()
    assert proxied.block(head.number) == head
    with pytest.raises(UnavailableError):
        proxied.block(head.number + 1)
    proxy.lie("eth_getBlockByNumber", lambda block: {**block, "number": "0x7"})
    with pytest.raises(UnavailableError, match="not block"):
        proxied.block(head.number)


def test_a_node_of_another_chain_cannot_be_asked(
    issuer: Issuer, proxy: RpcProxy, proxied: EvmChain
) -> None:
    issuer.anchor_finally(SEALS[0])
    proxy.lie("eth_chainId", lambda _: "0x1")
    with pytest.raises(UnavailableError):
        checkpoint_of(proxied, issuer.address)


def test_no_more_anchors_are_read_than_are_wanted(issuer: Issuer, proxy: RpcProxy) -> None:
    issuer.anchor_finally(*SEALS[:3])
    chain = issuer.anvil.chain(proxy.url)
    assert len(read_log(chain, issuer.address, most=3).seals) == 3
    proxy.asked.clear()
    with pytest.raises(TooLargeError, match="3 anchors; the limit is 2"):
        read_log(chain, issuer.address, most=2)
    assert LOGS not in proxy.asked
    chain.close()
