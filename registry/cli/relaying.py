"""`rootseal relay`: take in issuers' permissions to anchor, for `nightly` to pay for."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.authorizing import shown_time
from registry.cli.inputs import read_whole, shown
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.address import format_address, format_chain
from registry.core.authorization import MAX_AUTHORIZATION_BYTES
from registry.errors import InvalidInputError
from registry.services.ports import Authorization


def relay(
    session: Session,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="As `authorize` wrote them.")
    ],
) -> None:
    """Take in permissions to anchor seals of batches here; `nightly` then sends and pays.

    Each is checked first, its signature by the contract: all are taken in, or none. Needs no key.

    Exit code 1: the contract would refuse one; 2: one is not for this registry, or not in order;
    3: the chain could not be asked.

    Example: rootseal relay 4ae1.eip155-1.authorization.json
    """
    offered = {shown(path): _read(path) for path in files}
    _ = session.existing_store  # which a wrong folder must not make
    session.registry.relaying.take(offered)
    lines = [
        f"Took {name}: seal {a.seal.hex()} of {format_address(a.issuer)} on "
        f"{format_chain(a.chain_id)}, until {shown_time(a.deadline)}"
        for name, a in offered.items()
    ]
    values = [{"file": name, **_value(a)} for name, a in offered.items()]
    session.output.result({"taken": values}, [*lines, "`rootseal nightly` sends and pays."])


def _read(path: Path) -> Authorization:
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    data = read_whole(path, MAX_AUTHORIZATION_BYTES)
    try:
        return tools.read_authorization(data)
    except InvalidInputError as exc:
        raise InvalidInputError(str(exc), place=shown(path)) from exc


def _value(authorization: Authorization) -> dict[str, Value]:
    return {
        "chain": format_chain(authorization.chain_id),
        "issuer": format_address(authorization.issuer),
        "seal": authorization.seal.hex(),
        "deadline": shown_time(authorization.deadline),
        "signer": format_address(authorization.signer),
    }
