"""The tables of what wallets fetch, and by whose leave; part of the same metadata as the others.

Holders are keyed hashes; of codes, secrets and tokens there are hashes alone.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from registry.services.ports import MAX_PUBLISHED_BYTES
from registry.store.columns import UtcTime
from registry.store.schema import metadata

# Deleted when it is withdrawn, as a publication.
wallet_badges = Table(
    "wallet_badges",
    metadata,
    Column("credential_hash", LargeBinary),
    Column("issuer", LargeBinary),
    Column("holder", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("offered_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("credential_hash", "issuer", name="pk_wallet_badges"),
    ForeignKeyConstraint(
        ["credential_hash", "issuer"],
        ["credentials.credential_hash", "credentials.issuer"],
        name="fk_wallet_badges_credential",
    ),
    CheckConstraint("length(holder) = 32", name="ck_wallet_badges_holder"),
    CheckConstraint(
        f"length(document) BETWEEN 1 AND {MAX_PUBLISHED_BYTES}", name="ck_wallet_badges_document"
    ),
)
Index(
    "ix_wallet_badges_holder",
    wallet_badges.c.issuer,
    wallet_badges.c.holder,
    wallet_badges.c.offered_at,
    wallet_badges.c.credential_hash,
)

wallet_offers = Table(
    "wallet_offers",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("issuer", LargeBinary, nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    CheckConstraint(
        "length(code_hash) = 32 AND length(issuer) = 20 AND length(holder) = 32",
        name="ck_wallet_offers_lengths",
    ),
)
Index("ix_wallet_offers_holder", wallet_offers.c.issuer, wallet_offers.c.holder)
Index("ix_wallet_offers_expiry", wallet_offers.c.expires_at)

wallet_clients = Table(
    "wallet_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("redirect_uris", Text, nullable=False),  # one a line
    Column("scopes", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("length(secret_hash) = 32", name="ck_wallet_clients_secret"),
)
Index("ix_wallet_clients_created", wallet_clients.c.created_at)

# `grant_id` is no reference: a code that was used tells of its grant even when that is gone.
wallet_codes = Table(
    "wallet_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column(
        "client_id",
        Text,
        ForeignKey("wallet_clients.id", name="fk_wallet_codes_client"),
        nullable=False,
    ),
    Column("offer_hash", LargeBinary, nullable=False),
    Column("issuer", LargeBinary, nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("grant_id", Text),
    CheckConstraint(
        "length(code_hash) = 32 AND length(offer_hash) = 32", name="ck_wallet_codes_lengths"
    ),
)
Index("ix_wallet_codes_client", wallet_codes.c.client_id)
Index("ix_wallet_codes_expiry", wallet_codes.c.expires_at)

wallet_grants = Table(
    "wallet_grants",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "client_id",
        Text,
        ForeignKey("wallet_clients.id", name="fk_wallet_grants_client"),
        nullable=False,
    ),
    Column("issuer", LargeBinary, nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("refresh_hash", LargeBinary),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    CheckConstraint(
        "length(issuer) = 20 AND length(holder) = 32"
        " AND (refresh_hash IS NULL OR length(refresh_hash) = 32)",
        name="ck_wallet_grants_lengths",
    ),
)
Index("uq_wallet_grants_refresh", wallet_grants.c.refresh_hash, unique=True)
Index("ix_wallet_grants_client", wallet_grants.c.client_id)
Index("ix_wallet_grants_holder", wallet_grants.c.issuer, wallet_grants.c.holder)
Index("ix_wallet_grants_expiry", wallet_grants.c.expires_at)

wallet_tokens = Table(
    "wallet_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column(
        "grant_id",
        Text,
        ForeignKey("wallet_grants.id", name="fk_wallet_tokens_grant", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("scopes", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    CheckConstraint("length(token_hash) = 32", name="ck_wallet_tokens_hash"),
)
Index("ix_wallet_tokens_grant", wallet_tokens.c.grant_id)
Index("ix_wallet_tokens_expiry", wallet_tokens.c.expires_at)
