"""`rootseal serve`: the API."""

import os
from typing import Annotated

import typer
import uvicorn

from registry.cli.session import Session


def serve(
    session: Session,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the API until Ctrl-C.

    What happens is logged to stderr, as JSON unless that is a terminal.

    Example: rootseal serve --port 8000
    """
    # Checked here, so that a wrong setting is a message and not a server that fails to start.
    _ = session.registry.trusted
    # The server reads the environment: that is how this run's options reach it.
    os.environ.update({f"ROOTSEAL_{n.upper()}": text for n, text in session.overrides.items()})
    # By name: api and registry.cli are siblings and do not import each other. The log is set up
    # already, for uvicorn too.
    uvicorn.run("api.app:from_environment", factory=True, host=host, port=port, log_config=None)
