"""What must hold at the end of `soak_cluster.py`: store and chain are asked again for all of it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import httpx

from registry.chain import EvmChain, deterministic_address, development_signer
from registry.core.batch import BatchState
from registry.core.receipt import Receipt
from registry.core.report import Verdict
from registry.core.tree import seal_from_proof
from registry.services.books import check_books
from registry.services.receipts import receipts_of
from registry.services.verification import Evidence, Verification
from registry.store import SqlStore
from registry.wiring import utc_now

ROOTSEAL = Path(sys.executable).parent / "rootseal"
LOT = 2_000  # receipts that are read at once
SAMPLE = 20  # credentials that are verified in all steps, against the chain


def problems_found(
    store: SqlStore, url: str, rpc_url: str, hashes: list[bytes], environment: Mapping[str, str]
) -> Iterator[str]:
    """All that does not hold, as sentences."""
    chain = EvmChain(chain_id=31337, rpc_url=rpc_url, contract=deterministic_address())
    issuer = development_signer().address
    anchors = chain.issuer_anchors(issuer)
    batches = store.batches(issuer=issuer, limit=100_000)
    if any(batch.state is not BatchState.FINAL for batch in batches):
        yield f"not final: {[batch.id for batch in batches if batch.state is not BatchState.FINAL]}"
    sealed = [batch.head.seal for batch in batches if batch.head is not None]
    if sorted(anchor.seal for anchor in anchors) != sorted(sealed):
        yield f"{len(anchors)} anchors on the chain for {len(sealed)} batches"
    yield from _lost(store, hashes, set(sealed))
    yield from _unproven(url, hashes, chain)
    yield from (f"books: {finding}" for finding in check_books(store, [chain], issuer))
    yield from _audited(environment)
    chain.close()


def _lost(store: SqlStore, hashes: list[bytes], seals: set[bytes]) -> Iterator[str]:
    """Acknowledged credentials that have no receipt, or one that proves nothing."""
    left = iter(hashes)
    while some := list(islice(left, LOT)):
        for digest, receipt in zip(some, receipts_of(store, some, issuer=None), strict=True):
            if not isinstance(receipt, Receipt):
                yield f"lost: {digest.hex()}: {receipt}"
                continue
            proven = seal_from_proof(salt=receipt.salt, credential_hash=digest, proof=receipt.proof)
            if proven not in seals or receipt.is_pending:
                yield f"not proven: {digest.hex()}"


def _unproven(url: str, hashes: list[bytes], chain: EvmChain) -> Iterator[str]:
    """A sample, verified against the chain in all steps, as anybody would."""
    verification = Verification(chains={chain.chain_id: chain}, trusted={}, clock=utc_now)
    with httpx.Client(trust_env=False, timeout=60) as client:
        for digest in hashes[:: max(1, len(hashes) // SAMPLE)]:
            receipt = client.get(f"{url}/v1/credentials/{digest.hex()}/receipt").content
            report = verification.verify(Evidence(credential_hash=digest, receipt=receipt))
            if report.verdict is not Verdict.VALID:
                yield f"{digest.hex()} is {report.verdict.value}: {report.summary}"


def _audited(environment: Mapping[str, str]) -> Iterator[str]:
    """What `rootseal audit` finds."""
    ran = subprocess.run(
        [ROOTSEAL, "audit", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        yield f"audit: exit code {ran.returncode}: {ran.stdout[:1000]}{ran.stderr[-500:]}"
