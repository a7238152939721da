import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.oracle import load_error_cases

SCRIPT = Path(__file__).parents[2] / "scripts/make_vectors.py"


def test_the_vectors_of_wrong_proofs_are_what_their_script_gives() -> None:
    subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


def test_the_vectors_hold_every_answer_and_each_case_once() -> None:
    cases = load_error_cases()
    assert len({case["name"] for case in cases}) == len(cases)
    answers = Counter(case["expected"] for case in cases)
    assert set(answers) == {"match", "mismatch", "index-out-of-range", "wrong-path-length"}
    assert min(answers.values()) >= 20
