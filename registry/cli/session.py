"""One run of a command: its settings, its registry, and where its results go."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from registry.cli.output import Output
from registry.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from registry.services.ports import Store
    from registry.wiring import Registry, Settings


@dataclass
class Session:
    """What a command works with. Settings and registry are opened when they are first used."""

    overrides: dict[str, str]
    output: Output
    logs_json: bool = False

    @cached_property
    def settings(self) -> "Settings":
        """The settings with this run's options on top. Raises `InvalidInputError`."""
        # Here and not above: importing the adapters takes a second, which help can do without.
        from registry.wiring import load_settings  # noqa: PLC0415

        # pydantic reads text; a mapping is how options of one's own choosing are passed on.
        return load_settings(None, **self.overrides)

    @cached_property
    def registry(self) -> "Registry":
        """The registry; asks for a keystore's password at the terminal."""
        from registry.wiring import Registry  # noqa: PLC0415 - as above

        return Registry(self.settings, ask_password=_ask_password)

    @property
    def existing_store(self) -> "Store":
        """The store, which a command that only reads must not make. Raises `NotFoundError`."""
        if not self.registry.has_store:
            raise NotFoundError(
                f"there is no store at {self.settings.shown()['database']} yet: "
                "`rootseal add` makes it, --database names another"
            )
        return self.registry.store

    def new_password(self) -> str:
        """A password for a new keystore: from the password file, or typed twice."""
        if self.settings.password_file is not None:
            return self.registry.password(Path("the new keystore"))
        if not sys.stdin.isatty():
            raise InvalidInputError("no password: set --password-file, or run this at a terminal")
        prompt = "Password of the new keystore"
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))

    def close(self) -> None:
        """Close what was opened."""
        if "registry" in self.__dict__:
            self.registry.close()


def _ask_password(keystore: Path) -> str:
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "the keystore's password: set --password-file, or run this at a terminal"
        )
    return str(typer.prompt(f"Password of {keystore}", hide_input=True, err=True))
