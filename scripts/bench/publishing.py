"""A batch as static files in a folder, by the command, and receipts read from there."""

from pathlib import Path
from typing import Final

from bench.harness import Figure, Part, clock
from bench.nights import ISSUER, Workspace, night, only_batch
from bench.processes import ROOTSEAL, run_measured
from registry.core.batch import BatchState
from registry.objects import Folder
from registry.services.static_receipts import StaticReceipts
from registry.store import open_store

_SIZE: Final = 1_000_000
_RECEIPTS: Final = 200


def measure(workspace: Workspace, *, largest: int) -> Part:
    """Publish a final batch with its receipts, then once more with nothing to do, and read."""
    size = min(_SIZE, largest)
    url = workspace.sealed(size)
    hashes = _finished(url)
    public = workspace.folder / "public"
    first, again = (
        run_measured(
            [str(ROOTSEAL), "export", "tiles", public.name, "--receipts", "--json"],
            folder=workspace.folder,
            environment={"ROOTSEAL_DATABASE": url, "ROOTSEAL_ISSUER": f"0x{ISSUER.hex()}"},
        )
        for _ in range(2)
    )
    return Part(
        "publishing",
        f"{size:,} credentials as static files",
        "credentials",
        figures=[
            Figure("tiles and receipts written", size / first.seconds, "/s"),
            Figure("largest process", first.megabytes, "MB"),
            Figure("files", sum(each.is_file() for each in public.rglob("*"))),
            Figure("again, with nothing to do", again.seconds, "s"),
            Figure("one receipt from the folder, by its hash", _reading(public, hashes), "ms"),
        ],
    )


def _finished(url: str) -> list[bytes]:
    """Anchor the batch of a store, if it is not; some hashes of all over its tree."""
    store = open_store(url)
    try:
        batch = only_batch(store)
        if batch.state is not BatchState.FINAL:
            with night() as chain:
                batch = chain.anchor(store, batch)
        pages = [page[0].credential_hash for page in store.batch_credentials(batch)]
    finally:
        store.close()
    return pages[:: max(1, len(pages) // _RECEIPTS)]


def _reading(public: Path, hashes: list[bytes]) -> float:
    receipts = StaticReceipts(Folder(public))
    start = clock()
    for digest in hashes:
        receipts.receipt(digest)
    return (clock() - start) * 1e3 / len(hashes)
