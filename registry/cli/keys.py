"""`rootseal keys`: keystores to sign with, and API keys for issuers' programs."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.inputs import shown
from registry.cli.output import Value, table
from registry.cli.session import Session
from registry.core.address import format_address
from registry.core.wire import format_time, parse_time
from registry.errors import InvalidInputError
from registry.services.api_keys import create_api_key
from registry.services.ports import ApiKey, Scope
from registry.vc.signing_keys import SEED_BYTES, did_key, multikey


def new_keystore(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that is not there yet.")],
) -> None:
    """Make a new key and write it encrypted. Its password is the one in --password-file, or typed.

    Whoever has file and password acts for the issuer; who loses either must have another owner.

    Example: rootseal keys new-keystore issuer.json
    """
    from registry.wiring.tools import create_keystore  # noqa: PLC0415 - slow to import

    address = create_keystore(path, session.new_password())
    value = {"address": format_address(address), "path": shown(path)}
    session.output.result(value, [f"Wrote {shown(path)}, the key of {format_address(address)}"])


def new_signing_key(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that is not there yet.")],
) -> None:
    """Make an Ed25519 key to sign badges with, and write it encrypted (PEM).

    Its password is the one in --password-file, or typed. Name both in signing_key and
    signing_password_file. Badges stay valid without it; new ones need it.

    Example: rootseal keys new-signing-key signing-key.pem
    """
    from registry.wiring.issuers import make_signing_key  # noqa: PLC0415 - slow to import

    public = make_signing_key(path, session.new_password(), secrets.token_bytes(SEED_BYTES))
    value = {"path": shown(path), "publicKeyMultibase": multikey(public), "did": did_key(public)}
    session.output.result(value, [f"Wrote {shown(path)}, the key of {did_key(public)}"])


def add(
    session: Session,
    scope: Annotated[
        list[Scope], typer.Option("--scope", help="What it allows; give it again for more.")
    ],
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DATE", help="Day (UTC) or time when it ends."),
    ] = None,
) -> None:
    """Make an API key for the issuer. Its secret is printed once and kept nowhere.

    Example: rootseal keys add --scope credentials:add --expires 2027-01-01
    """
    registry = session.registry
    now = registry.now()
    key, secret = create_api_key(
        registry.store,
        registry.issuer,
        frozenset(scope),
        now=now,
        expires_at=None if expires is None else _expiry(expires, now),
        random_bytes=secrets.token_bytes,
    )
    session.output.note("Keep this key now: it is not shown again.")
    session.output.result({**_value(key, now), "key": secret}, [secret])


def listed(session: Session) -> None:
    """List API keys, without their secrets.

    Example: rootseal keys list
    """
    now = session.registry.now()
    found = session.existing_store.api_keys(session.settings.issuer)
    rows = [
        (k.id, _state(k, now), format_address(k.issuer), " ".join(sorted(k.scopes))) for k in found
    ]
    lines = table(("id", "state", "issuer", "scopes"), rows)
    session.output.result({"keys": [_value(key, now) for key in found]}, lines)


def revoke(
    session: Session,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
) -> None:
    """Revoke an API key for good.

    Example: rootseal keys revoke 0123456789abcdef
    """
    session.existing_store.revoke_api_key(key_id, now=session.registry.now())
    session.output.result({"id": key_id, "state": "revoked"}, [f"Revoked {key_id}"])


def _expiry(text: str, now: datetime) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if len(text) == 10 else None
        time = parse_time(text) if day is None else day
    except ValueError as exc:
        raise InvalidInputError(
            "not a day or time such as 2027-01-31 or 2027-01-31T18:00:00Z", place="--expires"
        ) from exc
    if time <= now:
        raise InvalidInputError(f"{text} is over already", place="--expires")
    return time


def _value(key: ApiKey, now: datetime) -> dict[str, Value]:
    return {
        "id": key.id,
        "issuer": format_address(key.issuer),
        "scopes": sorted(scope.value for scope in key.scopes),
        "state": _state(key, now),
        "createdAt": format_time(key.created_at),
        "expiresAt": None if key.expires_at is None else format_time(key.expires_at),
        "revokedAt": None if key.revoked_at is None else format_time(key.revoked_at),
    }


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"
