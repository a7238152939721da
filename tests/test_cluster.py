"""Several processes on one PostgreSQL that is restarted under load: nothing is lost or done twice.

It starts a dozen programs, so it is one of the long tests; `scripts/soak_cluster.py` alone runs it
for as long as one likes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(
    os.environ.get("ROOTSEAL_LONG_TESTS") != "1", reason="minutes; ROOTSEAL_LONG_TESTS=1 runs it"
)
def test_a_cluster_loses_nothing_and_refuses_nobody_while_it_is_replaced(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "scripts/soak_cluster.py", "--seconds", "40", "--json", str(figures)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(figures.read_bytes())
    assert found["wrong"] == []
    assert found["acknowledged"] > 1_000
    assert found["restarts"] == 2
    refused = [
        answer
        for phase, answers in found["answers"].items()
        for answer in answers
        if phase.startswith("restart") and " 503 " in answer
    ]
    assert refused  # or the server was never missed, and nothing was shown
