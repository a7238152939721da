"""The tables; their constraints state the rules. How they came to be is in `migrations`."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.services.ports import MAX_PUBLISHED_BYTES, Purpose
from registry.store.columns import UtcTime, Wei, named, numbered_id

metadata = MetaData()


batches = Table(
    "batches",
    metadata,
    numbered_id(),
    Column("issuer", LargeBinary, nullable=False),
    Column("state", named(BatchState, 10), nullable=False),
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

# The hash leads the primary key: a verifier asks by hash alone. No index has the leaves: they come
# in no order, and a large batch would spend most of its time on finding their places.
credentials = Table(
    "credentials",
    metadata,
    Column("credential_hash", LargeBinary, primary_key=True),
    Column("issuer", LargeBinary, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("canonicalization", named(Canonicalization, 8), nullable=False),
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
Index("ix_credentials_added", credentials.c.batch_id, credentials.c.added_at)

# Deleted when it is withdrawn: nothing else refers to it.
publications = Table(
    "publications",
    metadata,
    Column("credential_hash", LargeBinary),
    Column("issuer", LargeBinary),
    Column("document", LargeBinary, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("credential_hash", "issuer", name="pk_publications"),
    ForeignKeyConstraint(
        ["credential_hash", "issuer"],
        ["credentials.credential_hash", "credentials.issuer"],
        name="fk_publications_credential",
    ),
    CheckConstraint(
        f"length(document) BETWEEN 1 AND {MAX_PUBLISHED_BYTES}", name="ck_publications_document"
    ),
)

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

# Beside each tile of leaves, whose they are: the credentials' hashes, end to end in their order.
sealed_credentials = Table(
    "sealed_credentials",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batches.id", name="fk_sealed_credentials_batch")),
    Column("tile_index", BigInteger),
    Column("credential_hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("batch_id", "tile_index", name="pk_sealed_credentials"),
)

# `ordinal` numbers a subject's attempts, `replacement` those of them that share a nonce. Both
# count from zero, so a second subject with the same nonce collides with the first.
attempts = Table(
    "attempts",
    metadata,
    numbered_id(),
    Column("purpose", named(Purpose, 8), nullable=False),
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

# How a batch stands on each chain that it is for; where its seal was found there, once it was.
# When it was seen to be final is known of those alone that became so since form 0003.
anchorings = Table(
    "anchorings",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batches.id", name="fk_anchorings_batch")),
    Column("chain_id", BigInteger),
    Column("state", named(BatchState, 10), nullable=False),
    Column("reorgs", Integer, nullable=False),
    Column("contract", LargeBinary),
    Column("transaction_hash", LargeBinary),
    Column("block_number", BigInteger),
    Column("block_hash", LargeBinary),
    Column("log_index", BigInteger),
    Column("anchored_at", UtcTime),
    Column("final_at", UtcTime),
    PrimaryKeyConstraint("batch_id", "chain_id", name="pk_anchorings"),
    CheckConstraint("reorgs >= 0", name="ck_anchorings_reorgs"),
    CheckConstraint(
        "(state IN ('sealed', 'anchoring') AND contract IS NULL AND transaction_hash IS NULL"
        " AND block_number IS NULL AND block_hash IS NULL AND log_index IS NULL"
        " AND anchored_at IS NULL)"
        " OR (state IN ('anchored', 'final') AND contract IS NOT NULL"
        " AND transaction_hash IS NOT NULL AND block_number IS NOT NULL"
        " AND block_hash IS NOT NULL AND log_index IS NOT NULL AND anchored_at IS NOT NULL)",
        name="ck_anchorings_location",
    ),
)

# One row for each issuer, for ever: a token that was once given is never given again.
leases = Table(
    "leases",
    metadata,
    Column("issuer", LargeBinary, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    CheckConstraint("length(issuer) = 20", name="ck_leases_issuer"),
    CheckConstraint("token >= 1", name="ck_leases_token"),
)

# `signature_hash` stands for the signature, which may be longer than an index entry: a wallet's
# holds those of all its owners.
authorizations = Table(
    "authorizations",
    metadata,
    Column("issuer", LargeBinary),
    Column("seal", LargeBinary),
    Column("chain_id", BigInteger),
    Column("contract", LargeBinary),
    Column("deadline", BigInteger),
    Column("signer", LargeBinary),
    Column("signature_hash", LargeBinary),
    Column("signature", LargeBinary, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    PrimaryKeyConstraint(
        "issuer",
        "seal",
        "chain_id",
        "contract",
        "deadline",
        "signer",
        "signature_hash",
        name="pk_authorizations",
    ),
    CheckConstraint(
        "length(issuer) = 20 AND length(seal) = 32 AND length(contract) = 20"
        " AND length(signer) = 20 AND length(signature_hash) = 32",
        name="ck_authorizations_lengths",
    ),
    CheckConstraint("deadline >= 0", name="ck_authorizations_deadline"),
)

# `request_hash` stands for all that was asked, whatever the number of leaves.
status_changes = Table(
    "status_changes",
    metadata,
    numbered_id(),
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

# On which chains an open change is done already; `refusal` as there.
status_marks = Table(
    "status_marks",
    metadata,
    Column("change_id", BigInteger, ForeignKey("status_changes.id", name="fk_status_marks_change")),
    Column("chain_id", BigInteger),
    Column("done_at", UtcTime, nullable=False),
    Column("refusal", Text),
    PrimaryKeyConstraint("change_id", "chain_id", name="pk_status_marks"),
)

# How many places in its status lists an issuer has given away.
status_lists = Table(
    "status_lists",
    metadata,
    Column("issuer", LargeBinary, primary_key=True),
    Column("next_position", BigInteger, nullable=False),
    CheckConstraint("length(issuer) = 20", name="ck_status_lists_issuer"),
)
# By hash alone: a place is fixed before the credential is added, and outlasts its batch.
status_entries = Table(
    "status_entries",
    metadata,
    Column("issuer", LargeBinary),
    Column("position", BigInteger),
    Column("credential_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("issuer", "position", name="pk_status_entries"),
    UniqueConstraint("issuer", "credential_hash", name="uq_status_entries_credential"),
    CheckConstraint(
        "position >= 0 AND length(credential_hash) = 32", name="ck_status_entries_values"
    ),
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
