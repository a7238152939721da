"""The work of pymerkle: a request a line, seconds of the processor for an answer."""

import json
import os
import random
import sys
import time
from collections.abc import Callable

from pymerkle import InmemoryTree

PROOFS = 200  # of a tree, in one turn
KEPT: dict[int, InmemoryTree] = {}


def tree(size: int) -> float:
    """Append leaves and ask for the root."""
    leaves = [os.urandom(32) for _ in range(size)]
    made = InmemoryTree(algorithm="sha256")
    start = time.process_time()
    for leaf in leaves:
        made.append_entry(leaf)
    made.get_root()
    seconds = time.process_time() - start
    KEPT.clear()
    KEPT[size] = made
    return seconds


def proof(size: int) -> float:
    """Prove leaves of a tree; the seconds for one."""
    if size not in KEPT:
        tree(size)
    places = [random.randrange(size) + 1 for _ in range(PROOFS)]  # noqa: S311 - any leaves do
    start = time.process_time()
    for place in places:
        KEPT[size].prove_inclusion(place)
    return (time.process_time() - start) / PROOFS


WORKS: dict[str, Callable[[int], float]] = {"tree": tree, "proof": proof}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"seconds": WORKS[asked["work"]](asked["size"])}), flush=True)
