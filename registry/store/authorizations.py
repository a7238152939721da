"""Issuers' signed permissions to anchor a seal. It checks no signature and no deadline."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from registry.errors import InvalidInputError
from registry.services.ports import Authorization
from registry.store.engine import StorePart
from registry.store.schema import authorizations

_LATEST_DEADLINE: Final = 2**63 - 1  # seconds; the contract takes more, a column does not


class Authorizations(StorePart):
    """The part of `AnchoringStore` that is about authorizations."""

    def put_authorization(self, authorization: Authorization, *, now: datetime) -> None:
        """Keep an issuer's permission to anchor a seal; the same again changes nothing.

        Raises `InvalidInputError` for a deadline beyond 2^63 - 1 seconds.
        """
        if authorization.deadline > _LATEST_DEADLINE:
            raise InvalidInputError(
                f"a deadline is at most {_LATEST_DEADLINE} seconds after 1970", place="deadline"
            )
        statement = self._database.insert(authorizations).values(
            issuer=authorization.issuer,
            seal=authorization.seal,
            chain_id=authorization.chain_id,
            contract=authorization.contract,
            deadline=authorization.deadline,
            signer=authorization.signer,
            signature_hash=sha256(authorization.signature).digest(),
            signature=authorization.signature,
            added_at=now,
        )
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def authorizations(self, issuer: bytes, seal: bytes, chain_id: int) -> list[Authorization]:
        """Permissions for a seal on a chain, the one that lasts longest first."""
        table = authorizations.c
        query = (
            select(authorizations)
            .where(table.issuer == issuer, table.seal == seal, table.chain_id == chain_id)
            .order_by(
                table.deadline.desc(),
                table.added_at,
                table.contract,
                table.signer,
                table.signature_hash,
            )
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            Authorization(
                row.issuer,
                row.seal,
                row.chain_id,
                row.contract,
                row.deadline,
                row.signer,
                row.signature,
            )
            for row in rows
        ]
