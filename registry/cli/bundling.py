"""`rootseal export bundle`: everything that an auditor needs, in one folder."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.inputs import shown
from registry.cli.session import Session
from registry.cli.stopping import interruptible
from registry.core.address import format_chain

if TYPE_CHECKING:
    from registry.cli.output import Value


def bundle(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; not there.")],
    block: Annotated[
        int | None,
        typer.Option("--block", min=0, metavar="N", help="Up to this block, not the newest final."),
    ] = None,
    with_openings: Annotated[
        bool,
        typer.Option(
            "--with-openings",
            help="With credential hashes and salts: for an auditor, and not for the public.",
        ),
    ] = False,
) -> None:
    """Write all that an audit of the issuer needs, so that `rootseal audit DIR` asks nobody.

    Records of the chains with proofs of the contract's state, leaves of every batch, the status
    lists, the contract's sources, and checksums of it all. Without --with-openings it tells
    nothing of any credential.

    Example: rootseal export bundle audit-2027/
    """
    from registry.wiring.bundling import BundleRequest, write_bundle  # noqa: PLC0415

    _ = session.existing_store
    with interruptible(), session.output.steps() as step:
        program = f"rootseal {version('rootseal')}"
        request = BundleRequest(folder, program, block, with_openings, step)
        chains = write_bundle(session.registry, request)
    named: list[Value] = [
        {
            "chain": format_chain(chain.chain),
            "blockNumber": chain.block_number,
            "blockHash": "0x" + chain.block_hash.hex(),
            "hasState": chain.has_state,
        }
        for chain in chains
    ]
    lines = [
        f"  {format_chain(each.chain)} up to block {each.block_number:,}, 0x{each.block_hash.hex()}"
        for each in chains
    ]
    session.output.result(
        {"folder": shown(folder), "chains": named},
        [f"Wrote {shown(folder)}; check it with `rootseal audit {shown(folder)}`:", *lines],
    )
