"""The verifier's JavaScript modules, and the import map by which they find one another.

Every import in them is a bare specifier, never a path: so the same files are served by a web
server, opened from one self-contained page, and loaded by a test. Serves nothing itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_OURS = "rootseal"


@dataclass(frozen=True, slots=True)
class Module:
    """One module: the name by which others import it, its path below `/verifier`, its text."""

    specifier: str
    path: str
    content: bytes


@cache
def modules() -> tuple[Module, ...]:
    """Every module, ours and the vendored ones; the files are read once."""
    return (*_our_modules(), *_vendored_modules())


def import_map(prefix: str) -> dict[str, str]:
    """Where each specifier is found when the files are served under `prefix`."""
    return {module.specifier: f"{prefix}/{module.path}" for module in modules()}


def _our_modules() -> Iterator[Module]:
    root = files("registry.verifier") / "js"
    for path in sorted(_scripts(root, "")):
        content = root.joinpath(path).read_bytes()
        yield Module(specifier=f"{_OURS}/{path}", path=f"js/{path}", content=content)


def _scripts(folder: Traversable, place: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _scripts(entry, f"{place}{entry.name}/")
        elif entry.name.endswith(".js"):
            yield f"{place}{entry.name}"


def _vendored_modules() -> Iterator[Module]:
    root = files("registry.verifier") / "vendor"
    listing = json.loads(root.joinpath("VENDORED.json").read_bytes())
    for package in listing["packages"]:
        for module in package["modules"]:
            content = root.joinpath(module["file"]).read_bytes()
            yield Module(module["specifier"], f"vendor/{module['file']}", content)
