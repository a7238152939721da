"""Run as a program of its own: takes credentials in, chunk by chunk, and prints each that is in.

Arguments: database URL, first number, size of a chunk, number of chunks.
"""

import sys
from datetime import UTC, datetime
from hashlib import sha256

from registry.core.canonical import Canonicalization
from registry.core.new_credentials import NewCredentials, new_credentials
from registry.store import open_store


def numbered(number: int) -> NewCredentials:
    digest = sha256(f"credential {number}".encode()).digest()
    salt = sha256(f"salt {number}".encode()).digest()
    return new_credentials([digest], Canonicalization.RAW, salts=[salt])


def main() -> None:
    url, start, size, chunks = sys.argv[1], *map(int, sys.argv[2:])
    store = open_store(url)
    for first in range(start, start + size * chunks, size):
        chunk = map(numbered, range(first, first + size))
        store.add_credentials(b"\x11" * 20, chunk, now=datetime.now(UTC))
        print(first, flush=True)  # noqa: T201 - the parent reads it
    store.close()


if __name__ == "__main__":
    main()
