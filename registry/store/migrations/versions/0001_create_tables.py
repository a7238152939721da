"""Make all tables: batches, credentials, tiles, attempts, anchors, status changes, API keys.

Frozen: what was released is never edited, a later change is a migration of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From nothing to form 0001."""
    _create_batches()
    _create_credentials()
    _create_tiles()
    _create_attempts()
    _create_anchors()
    _create_status_changes()
    _create_api_keys()


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.BigInteger),
        sa.Column("tree_size", sa.BigInteger),
        sa.Column("merkle_root", sa.LargeBinary),
        sa.Column("seal", sa.LargeBinary),
        sa.UniqueConstraint("id", "issuer", name="uq_batches_id_issuer"),
        sa.CheckConstraint("length(issuer) = 20", name="ck_batches_issuer"),
        sa.CheckConstraint(
            "state IN ('open', 'sealed', 'anchoring', 'anchored', 'final')", name="ck_batches_state"
        ),
        sa.CheckConstraint(
            "(state = 'open' AND sealed_at IS NULL AND tree_size IS NULL"
            " AND merkle_root IS NULL AND seal IS NULL)"
            " OR (state <> 'open' AND sealed_at IS NOT NULL AND tree_size > 0"
            " AND length(merkle_root) = 32 AND length(seal) = 32)",
            name="ck_batches_head",
        ),
    )
    op.create_index(
        "uq_batches_open",
        "batches",
        ["issuer"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_batches_issuer", "batches", ["issuer", "id"])
    op.create_index("ix_batches_state", "batches", ["state", "id"])
    op.create_index("ix_batches_seal", "batches", ["seal"])


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("credential_hash", sa.LargeBinary, primary_key=True),
        sa.Column("issuer", sa.LargeBinary, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("canonicalization", sa.String(8), nullable=False),
        sa.Column("batch_id", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        # Together, so that no credential is in another issuer's batch.
        sa.ForeignKeyConstraint(
            ["batch_id", "issuer"], ["batches.id", "batches.issuer"], name="fk_credentials_batch"
        ),
        sa.CheckConstraint(
            "length(credential_hash) = 32 AND length(salt) = 32 AND length(leaf) = 32",
            name="ck_credentials_lengths",
        ),
    )
    op.create_index("uq_credentials_leaf", "credentials", ["batch_id", "leaf"], unique=True)
    op.create_index("ix_credentials_added", "credentials", ["batch_id", "added_at"])


def _create_tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column(
            "batch_id",
            sa.BigInteger,
            sa.ForeignKey("batches.id", name="fk_tiles_batch"),
            nullable=False,
        ),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("tile_index", sa.BigInteger, nullable=False),
        sa.Column("first_leaf", sa.LargeBinary),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "level", "tile_index", name="pk_tiles"),
        sa.UniqueConstraint("batch_id", "first_leaf", name="uq_tiles_first_leaf"),
        sa.CheckConstraint(
            "(level = 0 AND first_leaf IS NOT NULL) OR (level > 0 AND first_leaf IS NULL)",
            name="ck_tiles_first_leaf",
        ),
    )


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("subject_id", sa.BigInteger, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("chain_id", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.LargeBinary, nullable=False),
        sa.Column("nonce", sa.BigInteger, nullable=False),
        sa.Column("replacement", sa.Integer, nullable=False),
        sa.Column("max_fee", sa.String(78), nullable=False),
        sa.Column("priority_fee", sa.String(78), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("purpose", "subject_id", "ordinal", name="uq_attempts_subject"),
        sa.UniqueConstraint("chain_id", "sender", "nonce", "replacement", name="uq_attempts_nonce"),
        sa.UniqueConstraint("transaction_hash", name="uq_attempts_transaction"),
        sa.CheckConstraint("purpose IN ('anchor', 'status')", name="ck_attempts_purpose"),
        sa.CheckConstraint(
            "length(sender) = 20 AND length(transaction_hash) = 32 AND nonce >= 0",
            name="ck_attempts_values",
        ),
    )


def _create_anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("batch_id", sa.BigInteger, sa.ForeignKey("batches.id", name="fk_anchors_batch")),
        sa.Column("chain_id", sa.BigInteger),
        sa.Column("contract", sa.LargeBinary, nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary, nullable=False),
        sa.Column("block_number", sa.BigInteger, nullable=False),
        sa.Column("block_hash", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("anchored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "chain_id", name="pk_anchors"),
    )


def _create_status_changes() -> None:
    op.create_table(
        "status_changes",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.Column("leaf_indexes", sa.Text),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("reason", sa.BigInteger, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("refusal", sa.Text),
        sa.CheckConstraint(
            "length(issuer) = 20 AND length(seal) = 32", name="ck_status_changes_lengths"
        ),
        sa.CheckConstraint("status BETWEEN 0 AND 2", name="ck_status_changes_status"),
        sa.CheckConstraint(
            "refusal IS NULL OR done_at IS NOT NULL", name="ck_status_changes_refusal"
        ),
    )
    op.create_index(
        "uq_status_changes_open",
        "status_changes",
        ["request_hash"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.CheckConstraint(
            "length(issuer) = 20 AND length(secret_hash) = 32", name="ck_api_keys_lengths"
        ),
    )
    op.create_index("ix_api_keys_issuer", "api_keys", ["issuer"])
