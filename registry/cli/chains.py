"""`rootseal devnet` and `deploy`: a chain with the contract on it."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from registry.cli.choosing import chosen_chains, on_each
from registry.cli.session import Session
from registry.core.address import format_address, format_chain
from registry.errors import UnavailableError


def devnet(
    session: Session,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the node listens.")] = 8545,
    state: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder that keeps the chain from run to run."),
    ] = Path("rootseal-data"),
) -> None:
    """Run a development chain with the contract on it, until Ctrl-C.

    Needs Anvil. Its accounts are public: never for anything of value. With --chain-id it passes for
    another chain, which verifiers of Blockcerts have a name for.

    Example: rootseal devnet --port 8546 --state other-chain
    """
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)  # SIGINT, too: a shell's background jobs ignore it
    try:
        # Its own chain, whatever the settings say of another.
        session.overrides.setdefault("chain_id", str(tools.DEVELOPMENT_CHAIN))
        chain_id = session.settings.chain_id
        with tools.running_devnet(port=port, state=state, chain_id=chain_id) as node:
            deployment = tools.deploy_on_devnet(node.url, chain_id)
            _show_devnet(session, node.url, deployment.address)
            code = node.wait()
    except KeyboardInterrupt:
        session.output.note("Stopped.")
        return
    raise UnavailableError(f"ended by itself with code {code}", source="anvil")


def deploy(session: Session) -> None:
    """Deploy the contract on every configured chain, unless it is there; check its code.

    --chain-id names one chain. The contract's address is the same on every chain.

    Exit code 0: it is on every chain; 1: refused on some; 3: one could not be asked, or its
    transaction is not mined yet: run it again.

    Example: rootseal deploy --chain-id 11155111 --rpc-url https://… --keystore issuer.json
    """
    found = on_each(chosen_chains(session), session.registry.deploy)
    values: list[dict[str, str | int | None]] = []
    lines = []
    for chain_id, deployment in found.done.items():
        transaction, where = deployment.transaction, format_address(deployment.address)
        values.append(
            {
                "chain": format_chain(chain_id),
                "contract": where,
                "transaction": None if transaction is None else "0x" + transaction.hex(),
                "gasUsed": deployment.gas_used,
            }
        )
        how = "already" if transaction is None else f"with {deployment.gas_used:,} gas"
        lines.append(
            f"{format_chain(chain_id)}: the contract is at {where} {how}; its code is ours."
        )
    session.output.result(
        {"deployments": values, "failed": found.failures()}, [*lines, *found.lines()]
    )
    found.end()


def _show_devnet(session: Session, url: str, contract: bytes) -> None:
    from registry.wiring import tools  # noqa: PLC0415 - slow to import

    account = format_address(tools.development_account(session.settings))
    value = {
        "rpcUrl": url,
        "chain": f"eip155:{session.settings.chain_id}",
        "contract": format_address(contract),
        "account": account,
    }
    lines = [f"RPC       {url}", f"contract  {value['contract']}", f"account   {account}"]
    session.output.result(value, lines)
    session.output.note("Running until Ctrl-C.")


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    # So that Anvil is stopped and its state written.
    raise KeyboardInterrupt
