"""`rootseal authorize`: permit seals to be anchored. Asks no chain and opens no store."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final  # Any: typed data is JSON of any shape

import orjson
import typer

from registry.cli.choosing import chosen_chains
from registry.cli.inputs import shown, write_whole
from registry.cli.moments import is_relative, parse_deadline
from registry.cli.output import Value
from registry.cli.session import Session
from registry.cli.targets import parse_seal
from registry.core.address import format_address, parse_address
from registry.core.authorization import MAX_SIGNATURE_BYTES
from registry.core.wire import format_time
from registry.errors import InvalidInputError
from registry.services.ports import Authorization

_SIGNATURE: Final = re.compile(
    rf"(?:0x)?((?:[0-9a-fA-F]{{2}}){{1,{MAX_SIGNATURE_BYTES}}})", re.ASCII
)

Sign = Callable[[Authorization], Authorization]


def authorize(
    session: Session,
    seals: Annotated[
        list[str], typer.Argument(metavar="SEAL…", help="As the relayer's `batches` shows them.")
    ],
    deadline: Annotated[
        str,
        typer.Option(
            "--deadline",
            metavar="DATE|HOURSh",
            help="Until when it may be used: a day (at its beginning, UTC), a time, or as 72h.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a file for each, there.")
    ] = None,
    typed_data: Annotated[
        bool, typer.Option("--typed-data", help="Print what is to be signed elsewhere (EIP-712).")
    ] = False,
    signature: Annotated[
        str | None,
        typer.Option("--signature", metavar="HEX", help="Use this signature, made elsewhere."),
    ] = None,
    signer: Annotated[
        str | None,
        typer.Option("--signer", metavar="ADDRESS", help="Account or wallet that made it."),
    ] = None,
) -> None:
    """Permit seals to be anchored in the issuer's name, for whoever pays. Needs no network.

    Sign with the owner's key, or an operator's with --issuer. For each configured chain, or the one
    that --chain-id names. Give what is written to the relayer: `rootseal relay FILE`. It permits
    these seals and nothing else; a status cannot be changed this way.

    Keys elsewhere (a Safe, a hardware wallet) sign what --typed-data prints; --signature and
    --signer make a permission of the result.

    Example: rootseal authorize 4a…e1 --deadline 72h --chain-id 1 --keystore issuer.json --out .
    """
    if (signature is None) != (signer is None) or (typed_data and signature is not None):
        raise InvalidInputError("--signature and --signer go together, and not with --typed-data")
    if signature is not None and is_relative(deadline):
        raise InvalidInputError(
            "give the very deadline that was signed, as a time", place="--deadline"
        )
    chain_ids = chosen_chains(session)
    hashes = list(dict.fromkeys(parse_seal(seal, place="SEAL") for seal in seals))
    if len(hashes) * len(chain_ids) > 1 and (out is None or signature is not None):
        raise InvalidInputError(
            f"{len(hashes)} seals on {len(chain_ids)} chains: name a folder with --out, or one "
            "chain with --chain-id; a --signature is for one seal on one chain"
        )
    until = parse_deadline(deadline, now=session.registry.now(), place="--deadline")
    blank, sign = _blank(session, signature, signer, typed_data=typed_data)
    wanted = [
        replace(
            blank,
            seal=seal,
            chain_id=chain_id,
            contract=session.registry.chains[chain_id].contract,
            deadline=int(until.timestamp()),
        )
        for seal in hashes
        for chain_id in chain_ids
    ]
    if typed_data:
        _show_typed_data(session, wanted, out)
    else:
        _show_authorizations(session, [sign(each) for each in wanted], out)


# -- who signs


def _blank(
    session: Session, signature: str | None, signer: str | None, *, typed_data: bool
) -> tuple[Authorization, Sign]:
    """An authorization that says who permits, and what signs it."""
    registry = session.registry
    if signer is not None and signature is not None:
        address, made = parse_address(signer, place="--signer"), _parse_signature(signature)
        return _by(session, address), _put(session, made)
    if typed_data:
        return _by(session, registry.issuer), lambda wanted: wanted
    if registry.signer is None:
        raise InvalidInputError(
            "no key to sign with: set keystore or kms_key, or sign elsewhere, see --typed-data"
        )
    return _by(session, registry.signer.address), registry.sign_permission


def _by(session: Session, signer: bytes) -> Authorization:
    """One by `signer`, in the configured issuer's name or else in its own."""
    issuer = session.settings.issuer
    return Authorization(
        issuer=signer if issuer is None else issuer,
        seal=b"",
        chain_id=0,
        contract=b"",
        deadline=0,
        signer=signer,
        signature=b"",
    )


def _put(session: Session, signature: bytes) -> Sign:
    """Put a signature in that was made elsewhere, and tell if it is no account's."""
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    def put(wanted: Authorization) -> Authorization:
        made = replace(wanted, signature=signature)
        try:
            is_accounts = tools.recovered_signer(made) == made.signer
        except ValueError:
            is_accounts = False
        if not is_accounts:
            session.output.note(
                f"This is no signature of the account {format_address(made.signer)} for that. If "
                "it is a wallet (ERC-1271), it may take it: the relayer asks it."
            )
        return made

    return put


def _parse_signature(text: str) -> bytes:
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"not the hex of 1 to {MAX_SIGNATURE_BYTES} bytes", place="--signature"
        )
    return bytes.fromhex(match[1])


# -- what is printed


def _show_authorizations(session: Session, made: list[Authorization], out: Path | None) -> None:
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    documents = [tools.write_authorization(each) for each in made]
    written = _write(session, made, documents, out, "authorization")
    values = [orjson.loads(document) for document in documents]
    if session.output.is_json:
        session.output.result({"authorizations": values, "writtenTo": written}, [])
    elif out is None:
        session.output.raw(documents[0])


def _show_typed_data(session: Session, wanted: list[Authorization], out: Path | None) -> None:
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    values: list[dict[str, Any]] = [tools.typed_data(each) for each in wanted]
    documents = [orjson.dumps(value, option=orjson.OPT_INDENT_2) for value in values]
    written = _write(session, wanted, documents, out, "typed-data")
    if session.output.is_json:
        session.output.result({"typedData": values, "writtenTo": written}, [])
    elif out is None:
        session.output.raw(documents[0])
    first = wanted[0]
    session.output.note(
        "When it is signed: rootseal authorize SEAL --chain-id CHAIN --issuer "
        f"{format_address(first.issuer)} --deadline {shown_time(first.deadline)} --signature HEX "
        "--signer ADDRESS"
    )


def _write(
    session: Session,
    of: list[Authorization],
    documents: list[bytes],
    out: Path | None,
    kind: str,
) -> list[Value]:
    """Write a file for each into a folder, if there is one; their names."""
    if out is None:
        return []
    _make_folder(out)
    written: list[Value] = []
    for authorization, document in zip(of, documents, strict=True):
        name = f"{authorization.seal.hex()}.eip155-{authorization.chain_id}.{kind}.json"
        write_whole(out / name, document + b"\n")
        written.append(shown(out / name))
        if not session.output.is_json:
            session.output.raw(f"Wrote {shown(out / name)}".encode())
    return written


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make the folder {shown(folder)}: {exc.strerror}") from exc


def shown_time(seconds: int) -> str:
    """A time in seconds since 1970, as it is typed."""
    return format_time(datetime.fromtimestamp(seconds, UTC))
