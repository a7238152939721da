"""Badges for holders' wallets, and the codes that holders got. It does not look into documents."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, select

from registry.errors import NotFoundError
from registry.services.ports import Holder, WalletBadge, WalletOffer
from registry.store.engine import StorePart
from registry.store.schema import credentials
from registry.store.wallet_schema import (
    wallet_badges,
    wallet_codes,
    wallet_grants,
    wallet_offers,
)


class WalletBadges(StorePart):
    """The part of `WalletStore` that an issuer fills, in SQL."""

    def put_wallet_badges(self, badges: Iterable[WalletBadge]) -> None:
        """Hand badges out, all or none; again, document and holder are replaced, the time stays.

        Raises `NotFoundError` if an issuer has no such credential.
        """
        with self._database.write() as connection:
            for badge in badges:
                self._require_credential(connection, badge)
                insert = self._database.insert(wallet_badges).values(
                    credential_hash=badge.credential_hash,
                    issuer=badge.holder.issuer,
                    holder=badge.holder.key,
                    document=badge.document,
                    offered_at=badge.offered_at,
                )
                put = insert.on_conflict_do_update(
                    index_elements=["credential_hash", "issuer"],
                    set_={
                        "document": insert.excluded.document,
                        "holder": insert.excluded.holder,
                    },
                )
                connection.execute(put)

    def drop_wallet_badge(self, issuer: bytes, credential_hash: bytes) -> None:
        """Delete a badge, and with a holder's last one what wallets may do for that holder.

        Raises `NotFoundError` if it is not handed out.
        """
        drop = (
            delete(wallet_badges)
            .where(
                wallet_badges.c.credential_hash == credential_hash,
                wallet_badges.c.issuer == issuer,
            )
            .returning(wallet_badges.c.holder)
        )
        with self._database.write() as connection:
            row = connection.execute(drop).one_or_none()
            if row is None:
                raise NotFoundError(f"no wallet is offered the credential {credential_hash.hex()}")
            holder = Holder(issuer, row.holder)
            left = select(wallet_badges.c.holder).where(of_holder(wallet_badges, holder)).limit(1)
            if connection.execute(left).one_or_none() is None:
                for table in (wallet_codes, wallet_grants, wallet_offers):
                    connection.execute(delete(table).where(of_holder(table, holder)))

    def wallet_badges(
        self, holder: Holder, *, since: datetime | None, offset: int, limit: int
    ) -> tuple[int, list[WalletBadge]]:
        """How many badges a holder has, offered after `since`, and some of them, oldest first."""
        wanted = of_holder(wallet_badges, holder)
        if since is not None:
            wanted = and_(wanted, wallet_badges.c.offered_at > since)
        order = (wallet_badges.c.offered_at, wallet_badges.c.credential_hash)
        page = select(wallet_badges).where(wanted).order_by(*order).offset(offset).limit(limit)
        count = select(func.count()).select_from(wallet_badges).where(wanted)
        with self._database.read() as connection:
            total = connection.execute(count).scalar_one()
            return total, [_badge_of(row) for row in connection.execute(page)]

    def put_wallet_offers(self, offers: Iterable[WalletOffer]) -> None:
        """Store new codes of holders, all or none."""
        rows = [
            {
                "code_hash": offer.code_hash,
                "issuer": offer.holder.issuer,
                "holder": offer.holder.key,
                "created_at": offer.created_at,
                "expires_at": offer.expires_at,
                "used_at": offer.used_at,
            }
            for offer in offers
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(wallet_offers.insert(), rows)

    def wallet_offer(self, code_hash: bytes) -> WalletOffer | None:
        """The offer of that code, used and expired ones included."""
        query = select(wallet_offers).where(wallet_offers.c.code_hash == code_hash)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        holder = Holder(row.issuer, row.holder)
        return WalletOffer(row.code_hash, holder, row.created_at, row.expires_at, row.used_at)

    @staticmethod
    def _require_credential(connection: Connection, badge: WalletBadge) -> None:
        find = select(credentials.c.issuer).where(
            credentials.c.credential_hash == badge.credential_hash,
            credentials.c.issuer == badge.holder.issuer,
        )
        if connection.execute(find).one_or_none() is None:
            raise NotFoundError(f"the issuer has no credential {badge.credential_hash.hex()}")


def of_holder(table: Table, holder: Holder) -> ColumnElement[bool]:
    """The rows of a holder."""
    return and_(table.c.issuer == holder.issuer, table.c.holder == holder.key)


def _badge_of(row: Row[Any]) -> WalletBadge:  # Any: rows of `wallet_badges`
    holder = Holder(row.issuer, row.holder)
    return WalletBadge(holder, row.credential_hash, row.document, row.offered_at)
