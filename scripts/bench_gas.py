"""Seal and anchor a million credentials in one transaction on Anvil, and print what it costs.

Beside it what others' contracts take, as DESIGN has it from the same Anvil: not measured here.
Everything is made in a temporary folder.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from synthetic import credentials

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    Devnet,
    EvmChain,
    Rpc,
    deploy,
    deterministic_address,
    development_signer,
)
from registry.core.batch import BatchState
from registry.services.anchoring import Anchoring
from registry.services.ports import Purpose
from registry.services.sending import Sending
from registry.store import open_store
from registry.wiring import utc_now

CREDENTIALS: Final = 1_000_000
# Whole transactions in steady state on Anvil 1.7.1; one for each batch, or for each credential.
PEERS: Final = {
    "raw calldata": (22_280, "batch"),
    "EAS.timestamp": (45_869, "batch"),
    "OpenAttestation issue": (48_997, "batch"),
    "EAS.attest": (202_540, "credential"),
}


def measure(count: int = CREDENTIALS) -> dict[str, Any]:
    """Seal and anchor, and return what `--json` prints."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        devnet = stack.enter_context(Devnet(block_time=None))
        rpc, signer = Rpc(devnet.url), development_signer()
        stack.callback(rpc.close)
        chain = EvmChain(
            chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=devnet.url, contract=deterministic_address()
        )
        stack.callback(chain.close)
        deploy(chain, signer)
        store = open_store(f"sqlite:///{folder / 'registry.db'}")
        stack.callback(store.close)
        start = time.monotonic()
        anchoring = Anchoring(
            store, chain, Sending(store, chain, signer, utc_now, timedelta(hours=1))
        )
        lease = store.acquire_lease(
            signer.address, "bench", now=utc_now(), duration=timedelta(minutes=10)
        )
        gas = []
        for size in (1, count):  # an issuer's first anchor costs more than those of all years after
            store.add_credentials(signer.address, credentials(size), now=utc_now())
            batch = store.seal_open_batch(signer.address, now=utc_now())
            if batch is None:
                raise SystemExit("nothing was sealed")
            nonce = chain.next_nonce(signer.address)
            while batch.state is not BatchState.FINAL:
                batch = anchoring.advance(batch, lease=lease)
                rpc.ask("anvil_mine", "0x1")
            (attempt,) = store.attempts(Purpose.ANCHOR, batch.id)
            mined = chain.mined(attempt.transaction)
            if mined is None or chain.next_nonce(signer.address) != nonce + 1:
                raise SystemExit("not so: the batch was anchored by one transaction")
            gas.append(mined.gas_used)
        seconds = time.monotonic() - start
    return {
        "credentials": count,
        "transactions": 1,
        "gas": gas[-1],
        "firstGas": gas[0],
        "gasPerCredential": gas[-1] / count,
        "seconds": seconds,
        "peersGasPerCredential": {
            name: taken / (count if each == "batch" else 1) for name, (taken, each) in PEERS.items()
        },
    }


def show(found: dict[str, Any]) -> None:
    """Print what it takes."""
    print(
        f"{found['credentials']:,} credentials in {found['transactions']} transaction: "
        f"{found['gas']:,} gas = {found['gasPerCredential']:.4f} gas per credential "
        f"({found['firstGas']:,} for an issuer's first; {found['seconds']:.0f} s with sealing)"
    )
    print("others on the same Anvil, as measured for DESIGN; a root for all unless it says so:")
    for name, (taken, each) in PEERS.items():
        per_credential = found["peersGasPerCredential"][name]
        print(f"  {name:22}{taken:>9,} gas a {each:11}{per_credential:>14,.4f} per credential")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=int, default=CREDENTIALS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.credentials)
    if options.json:
        json.dump(found, sys.stdout, indent=2)
        print()
    else:
        show(found)


if __name__ == "__main__":
    main()
