"""Time and memory of publishing a batch as static files: `scripts/bench_tiles.py [CREDENTIALS]`.

The store is made first, by a process of its own, whose memory does not count. Files go to a folder
in memory where there is one, so that the disk is not what is measured.
"""

import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from synthetic import credentials, hash_of

from registry.core.batch import BatchState
from registry.objects import Folder
from registry.services.ports import Anchor
from registry.services.static_publishing import Published, Wishes
from registry.services.static_receipts import StaticReceipts
from registry.store import open_store
from registry.wiring.static_files import open_publishing

ISSUER = b"\x11" * 20
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is of a random name


def main() -> None:
    """Make a store, publish it twice, and read some receipts."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        url = f"sqlite:///{folder}/registry.db"
        process = get_context("spawn").Process(target=_fill, args=(url, count))
        process.start()
        process.join()
        place = f"{folder}/public"
        for name, wishes in (
            ("publish", Wishes(receipts=True)),
            ("again", Wishes(receipts=True)),
        ):
            before, worked = time.perf_counter(), time.process_time()
            done = _publish(url, place, wishes)
            taken, worked = time.perf_counter() - before, time.process_time() - worked
            print(
                f"{name:9} {count / taken:10,.0f} credentials/s  {taken:8.2f} s, of a core "
                f"{worked:7.2f} s  {done.files:6,} files  peak {_peak():4.0f} MB",
                flush=True,
            )
        _read(place, count)


def _publish(url: str, place: str, wishes: Wishes) -> Published:
    store = open_store(url)
    try:
        publishing = open_publishing(store, place, issuer=ISSUER)
        return publishing.publish(wishes, lambda _what, _done, _of: None)
    finally:
        store.close()


def _read(place: str, count: int) -> None:
    before, receipts = time.perf_counter(), StaticReceipts(Folder(Path(place)))
    numbers = range(0, count, max(1, count // 200))
    for number in numbers:
        receipts.receipt(hash_of(number))
    taken = time.perf_counter() - before
    print(f"{'reading':9} {1e3 * taken / len(numbers):8.2f} ms for a receipt, from the folder")


def _fill(url: str, count: int) -> None:
    store = open_store(url)
    store.add_credentials(ISSUER, credentials(count), now=NOW)
    batch = store.seal_open_batch(ISSUER, now=NOW)
    if batch is None:
        raise SystemExit("nothing to seal")
    lease = store.acquire_lease(ISSUER, "bench", now=NOW, duration=timedelta(hours=1))
    anchor = Anchor(31337, b"\x44" * 20, b"\x55" * 32, 7, b"\x66" * 32, 0, NOW)
    states = (BatchState.SEALED, BatchState.ANCHORED, BatchState.FINAL)
    for source, target in pairwise(states):
        store.move_batch(
            batch.id,
            lease=lease,
            chain_id=31337,
            source=source,
            target=target,
            anchor=anchor if target is BatchState.ANCHORED else None,
            final_at=NOW if target is BatchState.FINAL else None,
        )
    store.close()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
