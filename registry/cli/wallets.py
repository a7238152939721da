"""`rootseal wallet`: hand badges to their holders' wallets, and take them back."""

import csv
import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli.inputs import read_whole, shown
from registry.cli.session import Session
from registry.cli.targets import parse_target
from registry.core.wire import format_time
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.ports import MAX_PUBLISHED_BYTES, Holder, WalletBadge, WalletOffer
from registry.services.wallets.clients import IDLE_TIME
from registry.services.wallets.offers import OFFER_TIME, HolderNames, new_offers, offered_badge

_ISSUED: Final = "issued.csv"
_CODES: Final = "codes.csv"
_NEEDED: Final = ("recipient", "identity", "file")
_MAX_DAYS: Final = 365
_AT_ONCE: Final = 200  # badges in one transaction
_PRIVATE: Final = 0o600  # who has a code can fetch the badges


@dataclass(frozen=True, slots=True)
class Issued:
    """A row of `issued.csv`."""

    recipient: str
    identity: str
    path: Path


def offer(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `issue` wrote.")],
    codes: Annotated[
        Path | None,
        typer.Option("--codes", metavar="FILE", help="Where the codes go: FOLDER/codes.csv."),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=_MAX_DAYS, help="How long a code is good.")
    ] = OFFER_TIME.days,
) -> None:
    """Hand the badges of an issuing to their holders' wallets: one secret code for each holder.

    Mail each holder the code of its row. It connects one wallet, which then gets what is offered
    later, too. The store keeps the badges, and of addresses and codes only hashes.

    Example: rootseal wallet offer cloud-badges
    """
    registry = session.registry
    target = folder / _CODES if codes is None else codes
    if target.exists():
        raise ConflictError(
            f"{shown(target)} is there already, and may hold codes that were mailed: "
            "name another file with --codes"
        )
    rows = _issued(folder)
    names = registry.holder_names
    badges = _badges(session, rows, names)
    count = 0
    while page := list(islice(badges, _AT_ONCE)):
        session.existing_store.put_wallet_badges(page)
        count += len(page)

    now = registry.now()
    session.existing_store.forget_wallets(now=now, idle_since=now - IDLE_TIME)
    holders = {names.holder(row.identity): row for row in rows}
    made = new_offers(
        holders, now=now, expires_at=now + timedelta(days=days), random_bytes=secrets.token_bytes
    )
    _write_codes(target, made, holders)
    try:
        session.existing_store.put_wallet_offers(kept for _, kept in made)
    except BaseException:
        target.unlink()  # codes that nobody would take
        raise
    if not session.settings.wallets:
        session.output.note("No wallet can fetch them yet: set `wallets` for `rootseal serve`.")
    session.output.result(
        {"badges": count, "holders": len(made), "codes": shown(target)},
        [f"Offered {count:,} badges to {len(made):,} holders; their codes: {shown(target)}"],
    )


def withdraw(
    session: Session,
    targets: Annotated[
        list[str], typer.Argument(metavar="HASH|FILE…", help="Credentials, by hash or file.")
    ],
) -> None:
    """Take badges back from wallets' reach; copies that they have stay where they are.

    With a holder's last badge all codes and connections of that holder end.

    Example: rootseal wallet withdraw cloud-badges/ada.json
    """
    issuer, store = session.registry.issuer, session.existing_store
    done = []
    for text in targets:
        target = parse_target(text)
        for digest in target.hashes:
            try:
                store.drop_wallet_badge(issuer, digest)
            except NotFoundError:
                continue
            done.append(digest.hex())
            break
        else:
            raise NotFoundError(f"no wallet is offered the credential {target.name}")
    session.output.result({"withdrawn": done}, [f"Withdrew {text}" for text in done])


def _issued(folder: Path) -> list[Issued]:
    """Whose the badges in a folder are. Raises `InvalidInputError` if it does not say."""
    path = folder / _ISSUED
    try:
        text = read_whole(path).decode("utf-8")
        table = list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInputError(f"{shown(path)} is no CSV of `rootseal issue`") from exc
    if not table or any(not row.get(name) for row in table for name in _NEEDED):
        raise InvalidInputError(
            f"{shown(path)} lacks one of {', '.join(_NEEDED)}: finish it with `rootseal issue`"
        )
    # A name alone: nothing outside of the folder is read.
    return [
        Issued(row["recipient"], row["identity"], folder / Path(row["file"]).name) for row in table
    ]


def _badges(session: Session, rows: list[Issued], names: HolderNames) -> Iterator[WalletBadge]:
    store, now = session.existing_store, session.registry.now()
    for row in session.output.counted(iter(rows), "badges offered"):
        document = read_whole(row.path, MAX_PUBLISHED_BYTES)
        try:
            yield offered_badge(store, names.holder(row.identity), document, now=now)
        except InvalidInputError as exc:
            raise InvalidInputError(f"{shown(row.path)}: {exc}") from exc


def _write_codes(
    path: Path, made: list[tuple[str, WalletOffer]], holders: dict[Holder, Issued]
) -> None:
    """Write the codes, all of them or none, where no file is yet."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("recipient", "address", "code", "expires"))
    for code, kept in made:
        row = holders[kept.holder]
        address = row.identity.partition(":")[2]
        table.writerow((row.recipient, address, code, format_time(kept.expires_at)))
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
    except OSError as exc:
        raise InvalidInputError(f"cannot write {shown(path)}: {exc.strerror}") from exc
    with os.fdopen(file, "wb") as opened:
        opened.write(text.getvalue().encode())
        opened.flush()
        os.fsync(opened.fileno())
