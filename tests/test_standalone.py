"""The verifier of one file, held to the shared cases and to the full engine."""

import base64
import importlib.util
import json
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Self  # a case is JSON

import pytest

from registry.chain import deterministic_address
from registry.core.address import format_address
from registry.core.baked import unbake
from registry.errors import InvalidInputError
from tests.cases.verifying import verified
from tests.worlds import World, case_world, faulty, load_cases

__all__ = ["case_world"]

SCRIPT = Path(__file__).parents[1] / "scripts" / "verify_standalone.py"
EXITS = {"valid": 0, "invalid": 1, "undetermined": 3}
CASES: list[dict[str, Any]] = load_cases()["cases"]
# It asks no node for its code, and waits as long as people do.
UNASKED = {"another-code", "no-code", "hangs"}
# Its depth of JSON is Python's, not ours.
LENIENT = {"unreadable: 64 levels below the first"}
# Nor does it ask for a receipt's form, for the transaction of an anchor, or for other proofs.
LEFT_OUT = {"malformed-receipt", "wrong-transaction", "no-event", "node-behind", "bad-proof"}


@pytest.fixture
def script() -> Any:
    spec = importlib.util.spec_from_file_location("verify_standalone", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def clock_of(now: str) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromisoformat(now).astimezone(tz)

    return Clock


def files_of(case: dict[str, Any], folder: Path) -> list[str]:
    credential = folder / "credential"
    credential.write_bytes(base64.b64decode(case["credential"]["base64"]))
    if case["receipt"] is None:
        return [str(credential)]
    receipt = folder / "receipt"
    receipt.write_text(case["receipt"], encoding="utf-8", newline="")
    return [str(credential), str(receipt)]


def is_for_it(case: dict[str, Any]) -> bool:
    """It needs a credential, and takes none out of an image."""
    if case["credential"] is None or case["rpc"] in UNASKED:
        return False
    try:
        return unbake(base64.b64decode(case["credential"]["base64"])) is None
    except InvalidInputError:
        return False


def is_for_jwt_readers(case: dict[str, Any]) -> bool:
    return base64.b64decode(case["credential"]["base64"]).startswith(b"eyJ")


def test_it_is_never_more_sure_than_the_engine(
    script: Any,
    case_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = [case for case in CASES if is_for_it(case)]
    differing, asked, same = [], 0, 0
    for case in cases:
        nobody = {**case, "trust": {}, "expectedIssuer": None}  # whose address, it leaves to others
        report = verified(case_world, nobody)
        wanted = report.verdict.value
        if LEFT_OUT & {check.code for check in report.checks}:
            continue
        is_of_statements = '"rdfc"' in (case["receipt"] or "")  # which it cannot read
        is_token = is_for_jwt_readers(case)  # nor this, unless it is another file altogether
        asked += not is_of_statements and not is_token
        monkeypatch.setattr(script, "datetime", clock_of(case["now"]))
        found = script.main(faulty(case_world, case["rpc"]), *files_of(case, tmp_path))
        said = capsys.readouterr().out
        if is_of_statements or (is_token and wanted != "invalid"):
            assert found == EXITS["undetermined"], case["name"]
        elif found == EXITS[wanted]:
            same += not is_token
        elif found != EXITS["undetermined"] and case["name"] not in LENIENT:
            differing.append((case["name"], wanted, said))
    assert differing == [], "\n".join(map(str, differing))
    assert same > asked * 0.9 > 100


@pytest.mark.parametrize(
    "name", ["badge with its receipt inside", "pdf", "status: revoked", "credential: name changed"]
)
def test_it_runs_with_nothing_installed(case_world: World, tmp_path: Path, name: str) -> None:
    [case] = [case for case in CASES if case["name"] == name]
    command = [sys.executable, "-I", "-S", str(SCRIPT), case_world.url, *files_of(case, tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EXITS[case["verdict"]], done.stdout
    assert done.stdout.startswith(case["verdict"].upper())
    assert done.stderr == ""


def test_it_says_how_it_is_used() -> None:
    command = [sys.executable, "-I", "-S", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "RPC_URL CREDENTIAL" in done.stdout


def test_it_trusts_the_one_contract(script: Any) -> None:
    assert format_address(deterministic_address()) == script.CONTRACT
    assert json.loads(json.dumps(script.CONTRACT)) == load_cases()["contract"]
