"""Sealed batches: whose leaves a tile has, instead of an index of all leaves.

Frozen: what was released is never edited, a later change is a migration of its own.
"""

from collections.abc import Iterator
from itertools import count

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TILE_WIDTH = 256


def upgrade() -> None:
    """From form 0005 to form 0006."""
    op.create_table(
        "sealed_credentials",
        sa.Column("batch_id", sa.BigInteger),
        sa.Column("tile_index", sa.BigInteger),
        sa.Column("credential_hashes", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_sealed_credentials_batch"),
        sa.PrimaryKeyConstraint("batch_id", "tile_index", name="pk_sealed_credentials"),
    )
    connection = op.get_bind()
    sealed = connection.execute(sa.text("SELECT id FROM batches WHERE state <> 'open'"))
    for (batch_id,) in sealed.all():
        for index, hashes in zip(count(), _tiles(connection, batch_id), strict=False):
            connection.execute(
                sa.text("INSERT INTO sealed_credentials VALUES (:batch, :tile, :hashes)"),
                {"batch": batch_id, "tile": index, "hashes": hashes},
            )
    # Last: it waits for whoever writes to the table, and makes others wait.
    op.drop_index("uq_credentials_leaf", "credentials")


def _tiles(connection: sa.Connection, batch_id: int) -> Iterator[bytes]:
    """Credential hashes of a batch in the order of their leaves, a tile of leaves at a time."""
    leaf = b""
    query = sa.text(
        "SELECT credential_hash, leaf FROM credentials WHERE batch_id = :batch AND leaf > :leaf"
        " ORDER BY leaf LIMIT :width"
    )
    while rows := connection.execute(
        query, {"batch": batch_id, "leaf": leaf, "width": _TILE_WIDTH}
    ).all():
        yield b"".join(bytes(row.credential_hash) for row in rows)
        leaf = bytes(rows[-1].leaf)
