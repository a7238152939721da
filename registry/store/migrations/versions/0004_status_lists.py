"""Status lists: which place in them is which credential's.

Frozen: what was released is never edited, a later change is a migration of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From form 0003 to form 0004."""
    op.create_table(
        "status_lists",
        sa.Column("issuer", sa.LargeBinary, primary_key=True),
        sa.Column("next_position", sa.BigInteger, nullable=False),
        sa.CheckConstraint("length(issuer) = 20", name="ck_status_lists_issuer"),
    )
    op.create_table(
        "status_entries",
        sa.Column("issuer", sa.LargeBinary),
        sa.Column("position", sa.BigInteger),
        sa.Column("credential_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "position", name="pk_status_entries"),
        sa.UniqueConstraint("issuer", "credential_hash", name="uq_status_entries_credential"),
        sa.CheckConstraint(
            "position >= 0 AND length(credential_hash) = 32", name="ck_status_entries_values"
        ),
    )
