"""`rootseal export verifier`: the page that verifies, as one file."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.inputs import shown, write_whole
from registry.cli.session import Session
from registry.core.address import format_chain


def verifier(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
) -> None:
    """Write the page that verifies as one HTML file, for an archive or an intranet.

    It needs no server and asks nobody but the chains' nodes: those of the setting
    public_rpc_url, or others that its user names. It trusts whom the settings trust.

    Example: rootseal export verifier verifier.html
    """
    from registry.verifier import single_file  # noqa: PLC0415 - most commands need none of it

    configuration = session.registry.page_configuration
    for chain in configuration.chains:
        if not chain.rpc_urls:
            session.output.note(
                f"{format_chain(chain.chain_id)} has no public_rpc_url: whoever opens the file "
                "must name a node"
            )
    write_whole(file, single_file(configuration).html)
    chains = [format_chain(chain.chain_id) for chain in configuration.chains]
    session.output.result(
        {"writtenTo": shown(file), "chains": chains},
        [f"Wrote the verifier for {', '.join(chains)} to {shown(file)}"],
    )
