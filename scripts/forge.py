"""Run forge, wherever it is: $FORGE, then PATH, then node_modules."""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_forge() -> str:
    """Path of the forge to run; exits with what to do if there is none."""
    installed = sorted(ROOT.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    found = os.environ.get("FORGE") or shutil.which("forge") or (installed and str(installed[0]))
    if not found:
        sys.exit("forge was not found: install Foundry (foundryup), or set FORGE to its path")
    return found


if __name__ == "__main__":
    forge = find_forge()
    os.chdir(ROOT)
    os.execv(forge, [forge, *sys.argv[1:]])  # noqa: S606 - this is what it is for
