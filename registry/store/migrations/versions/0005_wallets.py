"""Wallets: badges for holders to fetch, and who may fetch them.

Frozen: what was released is never edited, a later change is a migration of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """From form 0004 to form 0005."""
    _create_badges()
    _create_offers()
    _create_clients()
    _create_codes()
    _create_grants()
    _create_tokens()


def _create_badges() -> None:
    op.create_table(
        "wallet_badges",
        sa.Column("credential_hash", sa.LargeBinary),
        sa.Column("issuer", sa.LargeBinary),
        sa.Column("holder", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("offered_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("credential_hash", "issuer", name="pk_wallet_badges"),
        sa.ForeignKeyConstraint(
            ["credential_hash", "issuer"],
            ["credentials.credential_hash", "credentials.issuer"],
            name="fk_wallet_badges_credential",
        ),
        sa.CheckConstraint("length(holder) = 32", name="ck_wallet_badges_holder"),
        sa.CheckConstraint(
            "length(document) BETWEEN 1 AND 1048576", name="ck_wallet_badges_document"
        ),
    )
    op.create_index(
        "ix_wallet_badges_holder",
        "wallet_badges",
        ["issuer", "holder", "offered_at", "credential_hash"],
    )


def _create_offers() -> None:
    op.create_table(
        "wallet_offers",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.CheckConstraint(
            "length(code_hash) = 32 AND length(issuer) = 20 AND length(holder) = 32",
            name="ck_wallet_offers_lengths",
        ),
    )
    op.create_index("ix_wallet_offers_holder", "wallet_offers", ["issuer", "holder"])
    op.create_index("ix_wallet_offers_expiry", "wallet_offers", ["expires_at"])


def _create_clients() -> None:
    op.create_table(
        "wallet_clients",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("redirect_uris", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("length(secret_hash) = 32", name="ck_wallet_clients_secret"),
    )
    op.create_index("ix_wallet_clients_created", "wallet_clients", ["created_at"])


def _create_codes() -> None:
    op.create_table(
        "wallet_codes",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("offer_hash", sa.LargeBinary, nullable=False),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.LargeBinary, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("grant_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["client_id"], ["wallet_clients.id"], name="fk_wallet_codes_client"
        ),
        sa.CheckConstraint(
            "length(code_hash) = 32 AND length(offer_hash) = 32", name="ck_wallet_codes_lengths"
        ),
    )
    op.create_index("ix_wallet_codes_client", "wallet_codes", ["client_id"])
    op.create_index("ix_wallet_codes_expiry", "wallet_codes", ["expires_at"])


def _create_grants() -> None:
    op.create_table(
        "wallet_grants",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("issuer", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["wallet_clients.id"], name="fk_wallet_grants_client"
        ),
        sa.CheckConstraint(
            "length(issuer) = 20 AND length(holder) = 32"
            " AND (refresh_hash IS NULL OR length(refresh_hash) = 32)",
            name="ck_wallet_grants_lengths",
        ),
    )
    op.create_index("uq_wallet_grants_refresh", "wallet_grants", ["refresh_hash"], unique=True)
    op.create_index("ix_wallet_grants_client", "wallet_grants", ["client_id"])
    op.create_index("ix_wallet_grants_holder", "wallet_grants", ["issuer", "holder"])
    op.create_index("ix_wallet_grants_expiry", "wallet_grants", ["expires_at"])


def _create_tokens() -> None:
    op.create_table(
        "wallet_tokens",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("grant_id", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["wallet_grants.id"], name="fk_wallet_tokens_grant", ondelete="CASCADE"
        ),
        sa.CheckConstraint("length(token_hash) = 32", name="ck_wallet_tokens_hash"),
    )
    op.create_index("ix_wallet_tokens_grant", "wallet_tokens", ["grant_id"])
    op.create_index("ix_wallet_tokens_expiry", "wallet_tokens", ["expires_at"])
