"""Write the cases of verification that every engine shares, in any language.

Builds a small chain on Anvil, makes receipts of it, forges and damages them, and lets nodes lie.
What each case must give is written by hand beside it (tests/cases); the Python engine and the
contract are held to that before all of their answer goes into the file. With `--check` nothing
is written: the file must be what this script gives.
"""

import argparse
import logging
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # cases, chain and nodes are those of the tests

from tests.cases.making import WrongCaseError, cases_text  # noqa: E402
from tests.worlds import CASES_FILE  # noqa: E402


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description="Write the shared cases of verification.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check: bool = parser.parse_args().check
    logging.disable()  # about nodes that are down: they are meant to be
    try:
        text = cases_text()
    except WrongCaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not check:
        CASES_FILE.write_text(text, encoding="utf-8")
    elif not CASES_FILE.exists() or CASES_FILE.read_text(encoding="utf-8") != text:
        print(f"{CASES_FILE.name} is not what scripts/make_cases.py gives", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
