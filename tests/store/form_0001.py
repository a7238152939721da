"""A database as version 0.1 left it, with batches in every state."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, column, insert, table

from registry.store.engine import Database
from registry.store.migrating import _MIGRATIONS
from tests.store.builders import CHAIN, ISSUER, SECOND_CHAIN, SENDER

OPEN, SEALED, SENT, ANCHORED, FINAL, ON_TWO, BY_OTHERS = range(1, 8)
_STATES = {
    OPEN: "open",
    SEALED: "sealed",
    SENT: "anchoring",
    ANCHORED: "anchored",
    FINAL: "final",
    ON_TWO: "final",
    # Somebody else had anchored it, and a reorganisation took that anchor away.
    BY_OTHERS: "anchoring",
}


def make_form_0001(database: Database) -> None:
    """Make the tables of form 0001, and put rows into all that form 0002 touches."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        _fill(connection)


def _fill(connection: Connection) -> None:
    for batch_id, state in _STATES.items():
        _put(connection, "batches", **_batch(batch_id, state))
    chains = [(SENT, CHAIN, 0), (SENT, CHAIN, 1), (SENT, SECOND_CHAIN, 0), (FINAL, CHAIN, 0)]
    for ordinal, (batch_id, chain_id, replacement) in enumerate(chains):
        _put(
            connection,
            "attempts",
            **_attempt("anchor", batch_id, ordinal, chain_id=chain_id, replacement=replacement),
        )
    # A status change of the same number as a batch under way.
    _put(connection, "attempts", **_attempt("status", SENT, 9, chain_id=9))
    for batch_id, chain_id in [
        (ANCHORED, CHAIN),
        (FINAL, CHAIN),
        (ON_TWO, CHAIN),
        (ON_TWO, SECOND_CHAIN),
    ]:
        _put(connection, "anchors", **_anchor(batch_id, chain_id))
    _put(connection, "status_changes", **_change(1))
    _put(connection, "status_changes", **_change(2), done_at=5_000_000)
    _put(connection, "status_changes", **_change(3), done_at=6_000_000, refusal="revoked is final")


def _put(connection: Connection, name: str, **values: object) -> None:
    connection.execute(insert(table(name, *map(column, values))).values(values))


def _batch(batch_id: int, state: str) -> dict[str, object]:
    values: dict[str, object] = {
        "id": batch_id,
        "issuer": ISSUER,
        "state": state,
        "opened_at": 1_000_000,
    }
    if state == "open":
        return values
    return {
        **values,
        "sealed_at": 2_000_000,
        "tree_size": 1,
        "merkle_root": bytes([batch_id]) * 32,
        "seal": bytes([batch_id]) * 32,
    }


def _attempt(
    purpose: str, subject_id: int, ordinal: int, *, chain_id: int, replacement: int = 0
) -> dict[str, object]:
    return {
        "purpose": purpose,
        "subject_id": subject_id,
        "ordinal": ordinal,
        "chain_id": chain_id,
        "sender": SENDER,
        "nonce": subject_id,
        "replacement": replacement,
        "max_fee": "10",
        "priority_fee": "1",
        "raw": b"\x01",
        "transaction_hash": bytes([ordinal]) * 32,
        "created_at": 3_000_000,
    }


def _anchor(batch_id: int, chain_id: int) -> dict[str, object]:
    return {
        "batch_id": batch_id,
        "chain_id": chain_id,
        "contract": b"\x44" * 20,
        "transaction_hash": bytes([batch_id]) * 32,
        "block_number": batch_id,
        "block_hash": b"\x66" * 32,
        "log_index": 3,
        "anchored_at": 4_000_000,
    }


def _change(change_id: int) -> dict[str, object]:
    return {
        "issuer": ISSUER,
        "seal": bytes([FINAL]) * 32,
        "status": 2,
        "reason": change_id,
        "request_hash": bytes([change_id]) * 32,
        "requested_at": 4_500_000,
    }
