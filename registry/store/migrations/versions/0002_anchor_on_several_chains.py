"""Anchor on several chains, one run at a time: leases, anchorings, authorizations, marks.

`anchors` becomes `anchorings`, which also knows the chains where a batch is not anchored yet.
Frozen: what was released is never edited, a later change is a migration of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """From form 0001 to form 0002."""
    _create_leases()
    _create_anchorings()
    _copy_anchors()
    op.drop_table("anchors")
    _create_authorizations()
    _create_status_marks()


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("issuer", sa.LargeBinary, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("length(issuer) = 20", name="ck_leases_issuer"),
        sa.CheckConstraint("token >= 1", name="ck_leases_token"),
    )


def _create_anchorings() -> None:
    op.create_table(
        "anchorings",
        sa.Column(
            "batch_id", sa.BigInteger, sa.ForeignKey("batches.id", name="fk_anchorings_batch")
        ),
        sa.Column("chain_id", sa.BigInteger),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reorgs", sa.Integer, nullable=False),
        sa.Column("contract", sa.LargeBinary),
        sa.Column("transaction_hash", sa.LargeBinary),
        sa.Column("block_number", sa.BigInteger),
        sa.Column("block_hash", sa.LargeBinary),
        sa.Column("log_index", sa.BigInteger),
        sa.Column("anchored_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("batch_id", "chain_id", name="pk_anchorings"),
        sa.CheckConstraint("reorgs >= 0", name="ck_anchorings_reorgs"),
        sa.CheckConstraint(
            "(state IN ('sealed', 'anchoring') AND contract IS NULL AND transaction_hash IS NULL"
            " AND block_number IS NULL AND block_hash IS NULL AND log_index IS NULL"
            " AND anchored_at IS NULL)"
            " OR (state IN ('anchored', 'final') AND contract IS NOT NULL"
            " AND transaction_hash IS NOT NULL AND block_number IS NOT NULL"
            " AND block_hash IS NOT NULL AND log_index IS NOT NULL AND anchored_at IS NOT NULL)",
            name="ck_anchorings_location",
        ),
    )


def _copy_anchors() -> None:
    """Found anchors with the batch's state; for batches on their way, the chains they are for."""
    op.execute(
        "INSERT INTO anchorings (batch_id, chain_id, state, reorgs, contract, transaction_hash,"
        " block_number, block_hash, log_index, anchored_at)"
        " SELECT anchors.batch_id, anchors.chain_id, batches.state, 0, anchors.contract,"
        " anchors.transaction_hash, anchors.block_number, anchors.block_hash, anchors.log_index,"
        " anchors.anchored_at"
        " FROM anchors JOIN batches ON batches.id = anchors.batch_id"
        " WHERE batches.state IN ('anchored', 'final')"
    )
    op.execute(
        "INSERT INTO anchorings (batch_id, chain_id, state, reorgs)"
        " SELECT DISTINCT attempts.subject_id, attempts.chain_id, 'anchoring', 0"
        " FROM attempts JOIN batches ON batches.id = attempts.subject_id"
        " WHERE attempts.purpose = 'anchor' AND batches.state = 'anchoring'"
    )
    # A batch without a chain is `sealed` from now on: the next run looks for its seal on the
    # chain. One that somebody else anchored, in a block since replaced, is such a batch.
    op.execute(
        "UPDATE batches SET state = 'sealed' WHERE state IN ('anchoring', 'anchored', 'final')"
        " AND NOT EXISTS (SELECT 1 FROM anchorings WHERE anchorings.batch_id = batches.id)"
    )


def _create_authorizations() -> None:
    op.create_table(
        "authorizations",
        sa.Column("issuer", sa.LargeBinary),
        sa.Column("seal", sa.LargeBinary),
        sa.Column("chain_id", sa.BigInteger),
        sa.Column("contract", sa.LargeBinary),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("signer", sa.LargeBinary),
        sa.Column("signature_hash", sa.LargeBinary),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "issuer",
            "seal",
            "chain_id",
            "contract",
            "deadline",
            "signer",
            "signature_hash",
            name="pk_authorizations",
        ),
        sa.CheckConstraint(
            "length(issuer) = 20 AND length(seal) = 32 AND length(contract) = 20"
            " AND length(signer) = 20 AND length(signature_hash) = 32",
            name="ck_authorizations_lengths",
        ),
        sa.CheckConstraint("deadline >= 0", name="ck_authorizations_deadline"),
    )


def _create_status_marks() -> None:
    op.create_table(
        "status_marks",
        sa.Column(
            "change_id",
            sa.BigInteger,
            sa.ForeignKey("status_changes.id", name="fk_status_marks_change"),
        ),
        sa.Column("chain_id", sa.BigInteger),
        sa.Column("done_at", sa.BigInteger, nullable=False),
        sa.Column("refusal", sa.Text),
        sa.PrimaryKeyConstraint("change_id", "chain_id", name="pk_status_marks"),
    )
