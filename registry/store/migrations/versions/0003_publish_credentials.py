"""Publish credentials: their documents; and note when an anchor was seen to be final.

Frozen: what was released is never edited, a later change is a migration of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From form 0002 to form 0003."""
    op.create_table(
        "publications",
        sa.Column("credential_hash", sa.LargeBinary),
        sa.Column("issuer", sa.LargeBinary),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("credential_hash", "issuer", name="pk_publications"),
        sa.ForeignKeyConstraint(
            ["credential_hash", "issuer"],
            ["credentials.credential_hash", "credentials.issuer"],
            name="fk_publications_credential",
        ),
        sa.CheckConstraint(
            "length(document) BETWEEN 1 AND 1048576", name="ck_publications_document"
        ),
    )
    op.add_column("anchorings", sa.Column("final_at", sa.BigInteger))
