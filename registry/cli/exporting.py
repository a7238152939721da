"""`rootseal export verifier|did-document`: files to put somewhere else."""

from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from registry.cli.inputs import shown, write_whole
from registry.cli.session import Session
from registry.core.address import format_chain
from registry.core.identity import web_location
from registry.errors import InvalidInputError

_HTTPS: Final = 443


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


def did_document(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
) -> None:
    """Write the DID document of the issuer's did:web, for a web server of its own.

    With the keys that sign and anchor, and the address that anchors; of that the key is in it
    once it has anchored. `rootseal serve` serves the same.

    Example: rootseal export did-document did.json
    """
    profile = session.registry.issuer_profile
    place = web_location(profile.id)
    if place is None:
        raise InvalidInputError(f"{profile.id} is no did:web, so it has no document")
    document = session.registry.issuer_documents.did_document()
    write_whole(file, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    port = "" if place.port == _HTTPS else f":{place.port}"
    address = f"https://{place.host}{port}{place.path}"
    session.output.result(
        {"writtenTo": shown(file), "did": profile.id, "publishAt": address},
        [f"Wrote the document of {profile.id} to {shown(file)}: it belongs at {address}"],
    )
