"""The same seal on two chains: what each of them lacks keeps back only itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account

from registry.chain import ChainOptions, Devnet, EvmChain, LocalSigner, RecordedHistory, deploy
from registry.chain import deterministic_address as contract_address
from registry.chain.rpc import Rpc
from registry.core.batch import BatchState
from registry.core.report import Verdict
from registry.errors import ConflictError, GasTooExpensiveError, RootsealError, UnavailableError
from registry.services.audit import audit
from registry.services.books import check_books
from registry.services.findings import FindingCode
from registry.services.nightly import Night, Nightly
from registry.services.ports import (
    Batch,
    Chain,
    CredentialStatus,
    DisclosedList,
    Place,
    StatusChange,
)
from registry.services.verification import Verification
from registry.store import SqlStore
from tests.anvil import Anvil
from tests.rpc_proxy import ANY, Fault, RpcProxy
from tests.services.auditing import OPTIONS, Shown, codes, record, settle
from tests.services.evidence import check, evidence_of
from tests.services.lookout import by_owner, kinds, lookout
from tests.services.office import PATIENCE, Office, digest, utc_now
from tests.services.test_anchoring import seal_of
from tests.store.builders import contents

SECOND = 31338
WEALTH = hex(10**20)


@dataclass(frozen=True)
class Offices:
    """One issuer on two chains, the second behind a proxy."""

    first: Office
    second: Office
    proxy: RpcProxy

    def nightly(self, *offices: Office) -> Nightly:
        chosen = offices or (self.first, self.second)
        return replace(
            self.first.nightly_on(*(office.anchoring for office in chosen)),
            sleep=lambda _: self.mine(),
        )

    def night(self, *offices: Office) -> Night:
        return self.nightly(*offices).run(self.first.issuer, patience=PATIENCE)

    def short_night(self, *offices: Office) -> None:
        """A night that does not wait; outages of one chain are no news here."""
        with pytest.raises(RootsealError):
            self.nightly(*offices).run(self.first.issuer, patience=PATIENCE * 0)

    def mine(self) -> None:
        for office in (self.first, self.second):
            office.anvil.mine()

    def die(self) -> None:
        """The second chain answers nobody any more."""
        self.proxy.fail(ANY, Fault.DROP)

    def events(self, batch: Batch) -> tuple[int, int]:
        return self.first.events(batch), self.second.events(batch)

    def states(self, batch: Batch) -> list[tuple[int, BatchState]]:
        found = self.first.store.on_chains(batch.id)
        return [(standing.chain_id, standing.state) for standing in found]

    def verdict(self, name: str, *chains: Chain) -> Verdict:
        verifier = Verification({chain.chain_id: chain for chain in chains}, {}, utc_now)
        receipt = self.first.receipt(name)
        return verifier.verify(evidence_of(name.encode(), receipt)).verdict


@contextmanager
def dear(office: Office) -> Iterator[Office]:
    """The office with a cap below its chain's fee."""
    chain = EvmChain(
        chain_id=office.chain.chain_id,
        rpc_url=office.anvil.url,
        contract=office.chain.contract,
        options=ChainOptions(timeout=5, max_fee=1),
    )
    yield office.with_chain(chain)
    chain.close()


def revoke(offices: Offices) -> StatusChange:
    (change,) = offices.first.statuses.request(
        offices.first.issuer, [digest("diploma")], CredentialStatus.REVOKED, reason=0, now=utc_now()
    )
    return change


@pytest.fixture(scope="module")
def second_devnet() -> Iterator[Devnet]:
    with Devnet(block_time=None, chain_id=SECOND) as devnet:
        yield devnet


@pytest.fixture
def offices(sqlite_store: SqlStore, anvil: Anvil, second_devnet: Devnet) -> Iterator[Offices]:
    signer = LocalSigner(Account.create())
    rpc = Rpc(second_devnet.url)
    with RpcProxy(second_devnet.port).running() as proxy:
        second_chain = EvmChain(
            chain_id=SECOND,
            rpc_url=proxy.url,
            contract=contract_address(),
            options=ChainOptions(timeout=5),
        )
        first_chain = anvil.chain()
        second_anvil = Anvil(second_devnet.url, rpc)
        for node in (anvil, second_anvil):
            node.ask("anvil_setBalance", "0x" + signer.address.hex(), WEALTH)
        deploy(second_chain, signer)
        first = Office(sqlite_store, anvil, first_chain, signer, issuer=signer.address)
        second = replace(first, anvil=second_anvil, chain=second_chain)
        yield Offices(first, second, proxy)
        first_chain.close()
        second_chain.close()
    rpc.close()


def test_one_seal_stands_on_both_and_the_receipt_says_so(offices: Offices) -> None:
    batch = offices.first.sealed("diploma")
    assert offices.night().is_final
    assert offices.states(batch) == [(31337, BatchState.FINAL), (SECOND, BatchState.FINAL)]
    assert offices.events(batch) == (1, 1)
    receipt = offices.first.receipt("diploma")
    assert [anchor.chain for anchor in receipt.anchors] == [31337, SECOND]
    first, second = offices.first.chain, offices.second.chain
    for chains in ((first, second), (first,), (second,)):
        assert offices.verdict("diploma", *chains) is Verdict.VALID
    assert check_books(offices.first.store, [first, second], offices.first.issuer) == []


def test_a_retired_chain_kills_no_diploma(offices: Offices) -> None:
    offices.first.sealed("diploma")
    assert offices.night().is_final
    offices.die()
    first, second = offices.first.chain, offices.second.chain
    # A verifier that still asks it is told nothing; one that took it out of its settings is.
    assert offices.verdict("diploma", first, second) is Verdict.UNDETERMINED
    assert offices.verdict("diploma", first) is Verdict.VALID
    verifier = Verification({first.chain_id: first}, {}, utc_now)
    evidence = evidence_of(b"diploma", offices.first.receipt("diploma"))
    anchor = check(verifier.verify(evidence), "anchor")
    assert anchor.evidence["notAsked"] == f"eip155:{SECOND}"


def test_a_chain_that_is_down_keeps_back_no_proof_on_the_other(offices: Offices) -> None:
    batch = offices.first.sealed("diploma")
    offices.die()
    for _ in range(6):
        offices.short_night()
        offices.mine()
    assert offices.states(batch) == [(31337, BatchState.FINAL), (SECOND, BatchState.SEALED)]
    assert offices.first.store.batch(batch.id).state is BatchState.SEALED
    assert [anchor.chain for anchor in offices.first.receipt("diploma").anchors] == [31337]
    assert offices.verdict("diploma", offices.first.chain) is Verdict.VALID
    offices.proxy.behave()
    assert offices.night().is_final
    assert offices.events(batch) == (1, 1)


def test_a_poor_key_on_one_chain_stops_only_that_one(offices: Offices) -> None:
    batch = offices.first.sealed("diploma")
    offices.second.anvil.ask("anvil_setBalance", "0x" + offices.first.issuer.hex(), "0x0")
    with pytest.raises(RootsealError, match="has 0 wei"):
        offices.night()
    assert offices.states(batch) == [(31337, BatchState.FINAL), (SECOND, BatchState.SEALED)]
    offices.second.anvil.ask("anvil_setBalance", "0x" + offices.first.issuer.hex(), WEALTH)
    assert offices.night().is_final


def test_a_chain_that_is_too_dear_holds_up_only_itself(offices: Offices) -> None:
    capped = EvmChain(
        chain_id=SECOND,
        rpc_url=offices.proxy.url,
        contract=contract_address(),
        options=ChainOptions(max_fee=1),
    )
    offices.first.add([b"diploma"])
    dear = offices.second.with_chain(capped)
    for _ in range(6):
        night = offices.nightly(offices.first, dear).run(
            offices.first.issuer, patience=PATIENCE * 0
        )
        offices.mine()
    capped.close()
    assert [reason for reason in night.waiting if "fee_cap_gwei" in reason]
    (batch,) = offices.first.store.batches()
    assert offices.states(batch) == [(31337, BatchState.FINAL), (SECOND, BatchState.SEALED)]
    assert offices.night().is_final


def test_a_dear_chain_keeps_the_others_from_nothing(offices: Offices) -> None:
    first = offices.first
    first.add([b"diploma"])
    with dear(offices.second) as second:
        night = offices.nightly(first, second).run(first.issuer, patience=timedelta(seconds=2))
    [batch] = first.store.batches()
    assert offices.states(batch) == [(31337, BatchState.FINAL), (SECOND, BatchState.SEALED)]
    assert not night.is_final
    assert [reason for reason in night.waiting if "cheaper gas" in reason]
    assert offices.night().is_final


def test_if_every_chain_is_dear_nothing_is_sealed(offices: Offices) -> None:
    store = offices.first.store
    assert isinstance(store, SqlStore)
    offices.first.add([b"diploma"])
    before = contents(store)
    with (
        dear(offices.first) as first,
        dear(offices.second) as second,
        pytest.raises(GasTooExpensiveError),
    ):
        offices.nightly(first, second).run(first.issuer, patience=PATIENCE * 0)
    assert contents(store) == before


def test_a_chain_that_was_reset_is_told_and_holds_up_no_other(offices: Offices) -> None:
    old = offices.first.sealed("diploma")
    assert offices.night().is_final
    second = offices.second
    anchor = next(a for a in second.store.anchors(old.id) if a.chain_id == SECOND)
    second.anvil.replace_from(anchor.block_number)
    with pytest.raises(ConflictError, match="reset"):
        offices.night()  # with nothing else to do
    new = offices.first.sealed("badge")
    with pytest.raises(ConflictError, match="reset"):
        offices.night()
    assert offices.states(new) == [(31337, BatchState.FINAL), (SECOND, BatchState.SEALED)]
    assert second.attempts(old)
    assert offices.events(new) == (1, 0)


def test_a_revocation_is_made_on_both(offices: Offices) -> None:
    offices.first.sealed("diploma")
    assert offices.night().is_final
    change = revoke(offices)
    offices.die()
    for _ in range(6):
        offices.short_night()
        offices.mine()
    assert offices.verdict("diploma", offices.first.chain) is Verdict.INVALID
    assert offices.first.store.status_change(change.id).done_at is None  # not yet everywhere
    offices.proxy.behave()
    assert offices.verdict("diploma", offices.second.chain) is Verdict.VALID
    assert offices.night().is_final
    assert offices.first.store.status_change(change.id).done_at is not None
    assert offices.verdict("diploma", offices.second.chain) is Verdict.INVALID


def test_a_credential_is_revoked_where_it_stands_while_another_chain_is_down(
    offices: Offices,
) -> None:
    offices.first.sealed("diploma")
    offices.die()
    for _ in range(6):
        offices.short_night()
        offices.mine()
    revoke(offices)
    for _ in range(6):
        offices.short_night()
        offices.mine()
    assert offices.verdict("diploma", offices.first.chain) is Verdict.INVALID
    offices.proxy.behave()
    assert offices.night().is_final
    assert offices.verdict("diploma", offices.second.chain) is Verdict.INVALID


def test_a_chain_that_was_taken_out_and_comes_back_is_told_of_revocations(
    offices: Offices,
) -> None:
    offices.first.sealed("diploma")
    assert offices.night().is_final
    change = revoke(offices)
    offices.die()
    assert offices.night(offices.first).is_final
    assert offices.first.store.status_change(change.id).done_at is not None
    offices.proxy.behave()
    assert offices.night().is_final
    assert offices.verdict("diploma", offices.second.chain) is Verdict.INVALID
    both = [offices.first.chain, offices.second.chain]
    assert check_books(offices.first.store, both, offices.first.issuer) == []


def test_a_chain_added_later_takes_what_is_sealed_but_not_what_is_anchored(
    offices: Offices,
) -> None:
    old = offices.first.sealed("diploma")
    assert offices.night(offices.first).is_final
    new = offices.first.sealed("certificate")
    assert offices.night().is_final
    assert (offices.events(old), offices.events(new)) == ((1, 0), (1, 1))
    assert offices.states(old) == [(31337, BatchState.FINAL)]


def test_a_batch_that_is_anchored_goes_to_no_other_chain(offices: Offices) -> None:
    """Its statuses may have changed by then, and would be unknown there."""
    batch = offices.first.anchored("diploma")
    assert offices.night().is_final
    assert offices.states(batch) == [(31337, BatchState.FINAL)]
    assert offices.events(batch) == (1, 0)


def test_a_chain_taken_out_of_the_settings_is_waited_for_no_more(offices: Offices) -> None:
    batch = offices.first.sealed("diploma")
    offices.die()
    for _ in range(6):
        offices.short_night()
        offices.mine()
    assert offices.night(offices.first).is_final
    assert offices.states(batch) == [(31337, BatchState.FINAL)]
    assert offices.first.store.batch(batch.id).state is BatchState.FINAL


def test_an_open_revocation_waits_for_no_chain_that_is_taken_out(offices: Offices) -> None:
    offices.first.sealed("diploma")
    assert offices.night().is_final
    change = revoke(offices)
    offices.die()
    for _ in range(6):
        offices.short_night()
        offices.mine()
    assert offices.night(offices.first).is_final
    assert offices.first.store.status_change(change.id).done_at is not None


def test_a_list_that_withdraws_what_one_chain_withdraws_is_no_finding(offices: Offices) -> None:
    first, second = offices.first, offices.second
    seal = seal_of(first.final("diploma"))  # before the second chain came
    offices.second.sealed("badge")
    assert offices.night().is_final
    revoke(offices)
    first.finish_status_changes()
    offices.mine()
    shown = Shown.by(first)
    shown.lists = [DisclosedList(0, frozenset({0}), {0: Place(seal, 0)})]
    histories = [RecordedHistory(record(office, shown)) for office in (first, second)]
    report = audit(histories, shown, batches=shown.batches(), options=OPTIONS)
    assert codes(report) == []
    shown.lists = [DisclosedList(0, frozenset(), {0: Place(seal, 0)})]
    report = audit(histories, shown, batches=shown.batches(), options=OPTIONS)
    assert codes(report) == [FindingCode.STATUS_LIST_DIFFERS]


def test_an_audit_of_a_chain_that_is_down_is_no_finding(offices: Offices) -> None:
    offices.first.sealed("diploma")
    assert offices.night().is_final
    offices.die()
    with pytest.raises(UnavailableError):
        check_books(
            offices.first.store,
            [offices.first.chain, offices.second.chain],
            offices.first.issuer,
        )


def test_a_chain_that_is_down_keeps_no_alarm_of_another_back(
    offices: Offices, tmp_path: Path
) -> None:
    post = lookout(offices.first, tmp_path / "position.json")
    assert isinstance(offices.second.chain, EvmChain)
    post.others = (offices.second.chain,)
    monitor = post.start()
    assert kinds(monitor.look()) == []
    offices.die()
    by_owner(offices.first, "transferIssuer", b"\x05" * 20)
    look = monitor.look()
    assert [(alarm.chain, alarm.kind.value) for alarm in look.alarms] == [(31337, "owner-offered")]
    assert len(look.troubles) == 1
    offices.proxy.behave()
    by_owner(offices.second, "transferIssuer", b"\x06" * 20)
    look = monitor.look()
    assert [(alarm.chain, alarm.kind.value) for alarm in look.alarms] == [(SECOND, "owner-offered")]
    assert look.troubles == ()
    post.close()


def test_a_second_chain_that_came_later_makes_no_batch_late(offices: Offices) -> None:
    batch = offices.first.final("diploma")
    offices.second.anvil.ask("evm_increaseTime", hex(30 * 86_400))
    offices.second.finish(batch)
    for office in (offices.first, offices.second):
        settle(office)
    shown = Shown.by(offices.first)
    histories = [RecordedHistory(record(office)) for office in (offices.first, offices.second)]
    batches = shown.batches()
    report = audit(histories, shown, batches=batches, options=OPTIONS)
    assert (report.verdict, codes(report), report.unknowns) == ("clean", [], ())
    alone = audit(histories[1:], shown, batches=batches, options=OPTIONS)  # the first is not asked
    assert (alone.verdict, codes(alone), len(alone.unknowns)) == ("incomplete", [], 1)
