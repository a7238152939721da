"""One night by itself: what it may begin, and what it does when its lease is gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.errors import NotAllowedError
from registry.services.ports import CredentialStatus, Role, Signer
from tests.anvil import send
from tests.services.office import PATIENCE, Office, digest, stranger, utc_now


def appoint(office: Office, operator: Signer, role: Role) -> Office:
    """The office with an operator's key."""
    assert office.signer is not None
    call = office.chain.operator_call(office.issuer, operator.address, role, 2**63)
    send(office.chain, office.signer, call)
    return office.with_signer(operator)


def revoke(office: Office, name: str) -> None:
    office.statuses.request(
        office.issuer, [digest(name)], CredentialStatus.REVOKED, reason=0, now=utc_now()
    )


def test_a_key_that_may_only_revoke_revokes(office: Office) -> None:
    office.final("diploma")
    revoke(office, "diploma")
    operator = appoint(office, stranger(), Role.STATUS)
    assert operator.nightly.run(office.issuer, patience=PATIENCE).is_final
    assert office.store.open_status_changes() == []


def test_a_key_that_may_only_revoke_seals_nothing(office: Office) -> None:
    office.final("diploma")
    revoke(office, "diploma")
    office.add([b"badge"])
    operator = appoint(office, stranger(), Role.STATUS)
    with pytest.raises(NotAllowedError, match="but not anchor"):
        operator.nightly.run(office.issuer, patience=PATIENCE)
    assert office.store.open_count(office.issuer) == 1
    assert len(office.store.open_status_changes()) == 1


def test_a_key_that_may_only_anchor_is_told_that_it_may_not_revoke(office: Office) -> None:
    office.final("diploma")
    revoke(office, "diploma")
    operator = appoint(office, stranger(), Role.ANCHOR)
    with pytest.raises(NotAllowedError, match="but not change statuses"):
        operator.nightly.run(office.issuer, patience=PATIENCE)
    assert len(office.store.open_status_changes()) == 1


def test_a_run_whose_lease_was_taken_asks_for_it_again(office: Office) -> None:
    office.final("diploma")
    revoke(office, "diploma")
    nights: list[object] = []

    def steal(_seconds: float) -> None:
        office.anvil.mine()
        if len(nights) == 1:  # after its first move, while its own lease lasts for long
            office.store.acquire_lease(
                office.issuer,
                "thief",
                now=utc_now() + office.lease_time,
                duration=office.lease_time,
            )

    nightly = replace(office.nightly, sleep=steal)
    last = nightly.anchor(office.issuer, patience=timedelta(seconds=2), on_progress=nights.append)
    assert not last.is_final
    assert ["(thief)" in reason for reason in last.waiting] == [True]
    assert len(office.store.open_status_changes()) == 1
