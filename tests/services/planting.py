"""Faults to plant in a registry, for the audit to find."""

from typing import Any

from sqlalchemy import text

from registry.services.books import check_books
from registry.services.findings import FindingCode
from registry.services.ports import (
    Batch,
    Call,
    CredentialStatus,
    Fees,
    Purpose,
    SignedTransaction,
    StatusChange,
)
from registry.store import SqlStore
from tests.services.office import Office, digest, utc_now
from tests.services.test_anchoring import seal_of

FIRST = Fees(8 * 10**10, 8 * 10**9)
DEARER = Fees(9 * 10**10, 9 * 10**9)  # by 12.5 %, no wei more


def codes(office: Office) -> list[FindingCode]:
    return [found.code for found in check_books(office.store, [office.chain], office.issuer)]


def run_sql(office: Office, statement: str) -> None:
    """Change rows behind the store's back, its rules set aside.

    `:hash` is the diploma's, `:high` above every leaf.
    """
    values: dict[str, Any] = {"hash": digest("diploma"), "high": b"\xff" * 32}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    assert isinstance(office.store, SqlStore)
    with office.store._database.staging() as connection:
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")  # before it begins
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.commit()
        assert connection.execute(text(statement), used).rowcount > 0
        connection.commit()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        connection.commit()


def change_rows(office: Office, table: str, change: str) -> None:
    run_sql(office, f"UPDATE {table} SET {change}")  # noqa: S608 - a test's own words


def without_rules(office: Office, table: str) -> None:
    """Take keys and constraints off a table, as in a database that lost its indexes."""
    assert isinstance(office.store, SqlStore)
    with office.store._database.staging() as connection:
        connection.exec_driver_sql(f"CREATE TABLE kept AS SELECT * FROM {table}")  # noqa: S608 - ours
        connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql(f"ALTER TABLE kept RENAME TO {table}")
        connection.commit()


def request(office: Office, status: CredentialStatus, name: str) -> StatusChange:
    (change,) = office.statuses.request(
        office.issuer, [digest(name)], status, reason=0, now=utc_now()
    )
    return change


def change_status(office: Office, status: CredentialStatus, name: str) -> None:
    request(office, status, name)
    office.finish_status_changes()


def signed(office: Office, call: Call, fees: Fees = FIRST) -> SignedTransaction:
    """A transaction of the issuer's with its next nonce."""
    assert office.signer is not None
    unsigned = office.chain.prepare(call, sender=office.issuer, nonce=office.nonce(), fees=fees)
    return office.signer.sign(unsigned)


def record(
    office: Office,
    subject_id: int,
    transaction: SignedTransaction,
    *,
    purpose: Purpose = Purpose.ANCHOR,
) -> None:
    office.store.record_attempt(
        purpose,
        subject_id,
        transaction,
        lease=office.lease(),
        expected_attempts=len(office.store.attempts(purpose, subject_id)),
        now=utc_now(),
    )


def unsent(office: Office, *fees: Fees) -> Batch:
    """A batch with attempts of one nonce that nobody sent."""
    batch = office.sealed("diploma")
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    for each in fees:
        record(office, batch.id, signed(office, call, each))
    return batch
