"""Commands whose modules are imported when they are asked for: most need few of the libraries."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeAlias

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from registry.cli.command import command

Built: TypeAlias = Any  # a command of typer's, which has no name for what it makes of functions
HELP: Final = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Named:
    """A command by the place of its function, `module:function` in this package."""

    panel: str  # of help, under which it stands
    place: str

    def build(self, name: str) -> Built:
        """Import the function, and make a command of it."""
        app = _app()
        app.command(name, rich_help_panel=self.panel)(command(_function(self.place)))
        return get_command(app)


@dataclass(frozen=True, slots=True)
class Group:
    """Commands behind a common word."""

    panel: str
    help: str
    members: Mapping[str, str]  # places by name

    def build(self, name: str) -> Built:
        """Import the functions, and make a group of them."""
        app = _app(name=name, help=self.help, no_args_is_help=True)
        for member, place in self.members.items():
            app.command(member)(command(_function(place)))
        group = get_group(app)
        group.rich_help_panel = self.panel
        return group


class LazyCommands(MutableMapping[str, Built]):
    """Commands by name, each made when it is first asked for."""

    def __init__(self, entries: Mapping[str, Named | Group]) -> None:
        self._entries = entries
        self._built: dict[str, Built] = {}

    def __getitem__(self, name: str) -> Built:
        if name not in self._built:
            self._built[name] = self._entries[name].build(name)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __setitem__(self, name: str, built: Built) -> None:
        self._built[name] = built

    def __delitem__(self, name: str) -> None:
        del self._built[name]


def lazy_group(entries: Mapping[str, Named | Group]) -> type[TyperGroup]:
    """A class of typer's groups with these commands, in their order."""

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - as typer has them
            super().__init__(**attributes)
            self.commands = LazyCommands(entries)

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's context
            return list(self.commands)

    return LazyGroup


def _app(**options: Any) -> typer.Typer:  # noqa: ANN401 - as typer has them
    # A traceback with the values of variables would show passwords.
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, context_settings=HELP, **options
    )


def _function(place: str) -> Callable[..., None]:
    module, _, name = place.partition(":")
    found: Callable[..., None] = getattr(import_module(f"registry.cli.{module}"), name)
    return found
