"""Measure, print, write bench.json and the picture: `make bench`, `make bench-quick`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import orjson

from bench import anchoring, documents, intake, own_scripts, proofs, publishing, trees
from bench.harness import Part
from bench.nights import Workspace
from bench.plot import plot
from bench.processes import ROOT
from bench.report import lines, missed
from bench.results import ratios, read_results, regressions, write_results

RECORDED: Final = Path(__file__).with_name("recorded.json")
RESULTS: Final = ROOT / "docs/bench.json"
IMAGES: Final = ROOT / "docs/images"
LARGEST: Final = 10_000_000
_AGAIN: Final = 2  # times that a ratio is measured again before it is called a regression


def parts_of(
    workspace: Workspace, *, quick: bool, largest: int
) -> Mapping[str, Callable[[], Part]]:
    """All parts, in the order in which they use each other's stores."""
    found: dict[str, Callable[[], Part]] = {
        "trees": lambda: trees.measure(quick=quick, largest=largest),
        "intake": lambda: intake.measure(workspace, quick=quick, largest=largest, say=say),
        "proofs": lambda: proofs.measure(workspace, quick=quick, largest=largest),
        "verify": lambda: own_scripts.verify(quick=quick),
    }
    if not quick:
        found |= {
            "anchoring": lambda: anchoring.measure(workspace, largest=largest),
            "publishing": lambda: publishing.measure(workspace, largest=largest),
            "documents": lambda: documents.measure(workspace, largest=largest),
            "serving": own_scripts.serving,
            "audit": own_scripts.audit,
        }
    return found


def say(text: str) -> None:
    """Tell who waits how far it is."""
    print(f"   … {text}", file=sys.stderr, flush=True)


def run(
    wanted: list[str],
    *,
    quick: bool,
    largest: int = LARGEST,
    keep: Callable[[Part], None] = lambda _: None,
) -> dict[str, Part]:
    """Measure parts, each printed and kept as soon as it is there."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="rootseal-bench-") as folder:
        known = parts_of(Workspace(Path(folder)), quick=quick, largest=largest)
        if unknown := set(wanted) - set(known):
            raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(known)}")
        for name in known:
            if wanted and name not in wanted:
                continue
            say(name)
            start = time.monotonic()
            found[name] = known[name]()
            keep(found[name])
            print("\n".join(lines(found[name])), flush=True)
            say(f"{name} took {time.monotonic() - start:.0f} s")
    return found


def keep_result(part: Part) -> None:
    """Put a part into the file of results, where others keep what they had."""
    before = read_results(RESULTS) if RESULTS.exists() else {}
    write_results(RESULTS, before | {part.name: part})


def check(
    found: Mapping[str, Part],
    wanted: list[str],
    *,
    measure: Callable[[list[str]], Mapping[str, Part]],
) -> int:
    """Print what fell since it was recorded; the exit code.

    What seems to have fallen is measured again: a neighbour's work can halve one turn of many.
    """
    recorded = orjson.loads(RECORDED.read_bytes())
    names = wanted or [*found]
    asked = {name: value for name, value in recorded.items() if name.split(":")[0] in names}
    best = ratios(found.values())
    fallen = regressions(best, asked)
    for _ in range(_AGAIN):
        if not fallen:
            break
        doubtful = sorted({sentence.split(":")[0] for sentence in fallen})
        for name, value in ratios(measure(doubtful).values()).items():
            best[name] = max(value, best.get(name, value))
        fallen = regressions(best, asked)
    for sentence in fallen:
        print(f"REGRESSION {sentence}")
    if not fallen:
        print(f"\nNo ratio fell below half of what is recorded ({len(asked)} were compared).")
    return 1 if fallen else 0


def recorded_with(found: Mapping[str, Part]) -> dict[str, float]:
    """The recorded ratios, with those of the parts that were measured in place of theirs."""
    before = orjson.loads(RECORDED.read_bytes()) if RECORDED.exists() else {}
    others = {name: value for name, value in before.items() if name.split(":")[0] not in found}
    return others | ratios(found.values())


def main() -> int:
    """Parse, measure, and print; 1 if the quick form finds a regression."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help="only these")
    parser.add_argument("--largest", type=int, default=LARGEST, help="leave larger sizes out")
    parser.add_argument("--quick", action="store_true", help="small sizes; compare with recorded")
    parser.add_argument("--record", action="store_true", help="with --quick: record the ratios")
    parser.add_argument("--plot", action="store_true", help="only draw what was measured before")
    options = parser.parse_args()
    if options.record and not options.quick:
        parser.error("--record goes with --quick, of which the ratios are compared")
    if options.plot:
        plot(read_results(RESULTS), IMAGES)
        return 0
    keep = keep_result if not options.quick else lambda _: None
    found = run(options.parts, quick=options.quick, largest=options.largest, keep=keep)
    if options.record:
        both = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        RECORDED.write_bytes(orjson.dumps(recorded_with(found), option=both))
        return 0
    if options.quick:
        return check(found, options.parts, measure=lambda names: run(names, quick=True))
    plot(read_results(RESULTS), IMAGES)
    for part in found.values():
        for figure in missed(part):
            print(f"MISSED {part.name}: {figure.name}")
    print(f"\nWritten: {RESULTS.relative_to(ROOT)} and {IMAGES.relative_to(ROOT)}/bench-*.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
