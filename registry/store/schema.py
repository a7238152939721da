"""The tables; their constraints state the rules. How they came to be is in `migrations`.

Times are whole microseconds since 1970 in UTC, amounts of wei decimal text: both exact on every
database, however large.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.services.ports import Purpose

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses naive times with `ValueError`: nobody knows when they are."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time without a time zone: {value}")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


class Wei(TypeDecorator[int]):
    """An amount of wei (up to 2^256), stored as decimal text."""

    impl = String(78)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Decimal digits."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """The exact integer."""
        del dialect
        return None if value is None else int(value)


def _named(kind: type[StrEnum], length: int) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


# SQLite numbers rows by itself only in a column of the exact type INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True)


batches = Table(
    "batches",
    metadata,
    _id(),
    Column("issuer", LargeBinary, nullable=False),
    Column("state", _named(BatchState, 10), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("sealed_at", UtcTime),
    Column("tree_size", BigInteger),
    Column("merkle_root", LargeBinary),
    Column("seal", LargeBinary),
    UniqueConstraint("id", "issuer", name="uq_batches_id_issuer"),
    CheckConstraint("length(issuer) = 20", name="ck_batches_issuer"),
    CheckConstraint(
        "state IN ('open', 'sealed', 'anchoring', 'anchored', 'final')", name="ck_batches_state"
    ),
    CheckConstraint(
        "(state = 'open' AND sealed_at IS NULL AND tree_size IS NULL"
        " AND merkle_root IS NULL AND seal IS NULL)"
        " OR (state <> 'open' AND sealed_at IS NOT NULL AND tree_size > 0"
        " AND length(merkle_root) = 32 AND length(seal) = 32)",
        name="ck_batches_head",
    ),
)
IS_OPEN: Final = text("state = 'open'")
Index(
    "uq_batches_open",
    batches.c.issuer,
    unique=True,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
Index("ix_batches_issuer", batches.c.issuer, batches.c.id)
Index("ix_batches_state", batches.c.state, batches.c.id)
Index("ix_batches_seal", batches.c.seal)

# The hash leads the primary key: a verifier asks by hash alone.
credentials = Table(
    "credentials",
    metadata,
    Column("credential_hash", LargeBinary, primary_key=True),
    Column("issuer", LargeBinary, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("canonicalization", _named(Canonicalization, 8), nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    # Together, so that no credential is in another issuer's batch.
    ForeignKeyConstraint(
        ["batch_id", "issuer"], ["batches.id", "batches.issuer"], name="fk_credentials_batch"
    ),
    CheckConstraint(
        "length(credential_hash) = 32 AND length(salt) = 32 AND length(leaf) = 32",
        name="ck_credentials_lengths",
    ),
)
Index("uq_credentials_leaf", credentials.c.batch_id, credentials.c.leaf, unique=True)
Index("ix_credentials_added", credentials.c.batch_id, credentials.c.added_at)

# Tiles of leaves carry their first leaf, so that a leaf is found by one seek.
tiles = Table(
    "tiles",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batches.id", name="fk_tiles_batch"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("tile_index", BigInteger, nullable=False),
    Column("first_leaf", LargeBinary),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("batch_id", "level", "tile_index", name="pk_tiles"),
    UniqueConstraint("batch_id", "first_leaf", name="uq_tiles_first_leaf"),
    CheckConstraint(
        "(level = 0 AND first_leaf IS NOT NULL) OR (level > 0 AND first_leaf IS NULL)",
        name="ck_tiles_first_leaf",
    ),
)

# `ordinal` numbers a subject's attempts, `replacement` those of them that share a nonce. Both
# count from zero, so a second subject with the same nonce collides with the first.
attempts = Table(
    "attempts",
    metadata,
    _id(),
    Column("purpose", _named(Purpose, 8), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("sender", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("replacement", Integer, nullable=False),
    Column("max_fee", Wei, nullable=False),
    Column("priority_fee", Wei, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("purpose", "subject_id", "ordinal", name="uq_attempts_subject"),
    UniqueConstraint("chain_id", "sender", "nonce", "replacement", name="uq_attempts_nonce"),
    UniqueConstraint("transaction_hash", name="uq_attempts_transaction"),
    CheckConstraint("purpose IN ('anchor', 'status')", name="ck_attempts_purpose"),
    CheckConstraint(
        "length(sender) = 20 AND length(transaction_hash) = 32 AND nonce >= 0",
        name="ck_attempts_values",
    ),
)

anchors = Table(
    "anchors",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batches.id", name="fk_anchors_batch")),
    Column("chain_id", BigInteger),
    Column("contract", LargeBinary, nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", LargeBinary, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("anchored_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("batch_id", "chain_id", name="pk_anchors"),
)

# `request_hash` stands for all that was asked, whatever the number of leaves.
status_changes = Table(
    "status_changes",
    metadata,
    _id(),
    Column("issuer", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("leaf_indexes", Text),
    Column("status", SmallInteger, nullable=False),
    Column("reason", BigInteger, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("refusal", Text),
    CheckConstraint("length(issuer) = 20 AND length(seal) = 32", name="ck_status_changes_lengths"),
    CheckConstraint("status BETWEEN 0 AND 2", name="ck_status_changes_status"),
    CheckConstraint("refusal IS NULL OR done_at IS NOT NULL", name="ck_status_changes_refusal"),
)
IS_NOT_DONE: Final = text("done_at IS NULL")
Index(
    "uq_status_changes_open",
    status_changes.c.request_hash,
    unique=True,
    sqlite_where=IS_NOT_DONE,
    postgresql_where=IS_NOT_DONE,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issuer", LargeBinary, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    CheckConstraint("length(issuer) = 20 AND length(secret_hash) = 32", name="ck_api_keys_lengths"),
)
Index("ix_api_keys_issuer", api_keys.c.issuer)
