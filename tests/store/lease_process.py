"""Run as a program of its own: tries for a lease when told to, and prints its token or `held`.

Arguments: database URL, holder. It prints `ready`, and tries once for each line that it reads;
the line is the number of hours after 2026.
"""

import sys
from datetime import UTC, datetime, timedelta

from registry.errors import LeaseHeldError
from registry.store import open_store


def main() -> None:
    url, holder = sys.argv[1:]
    store = open_store(url)
    print("ready", flush=True)  # noqa: T201 - the parent reads it
    for line in sys.stdin:
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=int(line))
        try:
            lease = store.acquire_lease(b"\x11" * 20, holder, now=now, duration=timedelta(hours=1))
        except LeaseHeldError:
            print("held", flush=True)  # noqa: T201
        else:
            print(lease.token, flush=True)  # noqa: T201
    store.close()


if __name__ == "__main__":
    main()
