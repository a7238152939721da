"""What a run came to: as JSON, and held against the ratios that were recorded."""

import os
import platform
import ssl
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import orjson
from pydantic import TypeAdapter

from bench.harness import Part

# A machine that does something else meanwhile moves even the best of several turns; what is
# half as fast for no other reason than our own code shows all the same.
TOLERATED: Final = 0.5
_PART: Final = TypeAdapter(Part)


def write_results(path: Path, parts: Mapping[str, Part]) -> None:
    """Write parts, with what machine they were measured on in general words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine(), "parts": list(parts.values())}
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    path.write_bytes(orjson.dumps(document, option=options))


def read_results(path: Path) -> dict[str, Part]:
    """The parts in a file, by name. Raises `OSError`, `KeyError` and `ValueError`."""
    found = orjson.loads(path.read_bytes())["parts"]
    return {part.name: part for part in map(_PART.validate_python, found)}


def machine() -> dict[str, object]:
    """Processors and versions; nothing that names the machine."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "node": _node(),
    }


def ratios(parts: Iterable[Part]) -> dict[str, float]:
    """All figures that mean something on another machine."""
    return {
        f"{part.name}: {figure.name}": figure.value
        for part in parts
        for figure in part.figures
        if figure.is_ratio
    }


def regressions(
    measured: Mapping[str, float], recorded: Mapping[str, float], *, tolerated: float = TOLERATED
) -> list[str]:
    """A sentence for each recorded ratio that fell below `tolerated` of itself, or is gone."""
    found = []
    for name, before in recorded.items():
        now = measured.get(name)
        if now is None:
            found.append(f"{name}: {before:.2f} is recorded, and nothing was measured")
        elif now < before * tolerated:
            found.append(f"{name}: {now:.2f}, below {tolerated:.0%} of the recorded {before:.2f}")
    return found


def _node() -> str | None:
    try:
        ran = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ran.stdout.strip()
