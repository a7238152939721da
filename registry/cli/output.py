"""What a command prints: results on stdout, as text or JSON; everything else on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias, TypeVar

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from registry.core.documents import printable
from registry.errors import InvalidInputError, RootsealError, UnavailableError
from registry.services.intake import IntakeRefusedError

Value: TypeAlias = "Mapping[str, Value] | Sequence[Value] | str | float | int | bool | None"
_T = TypeVar("_T")

MAX_FAULTS_SHOWN: Final = 20  # of a faulty input, to a person; JSON has all that are kept
_REFRESH: Final = 256  # credentials from one look at the progress to the next


class Output:
    """Prints for a person, or one JSON document for a program."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json
        self._notes = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, value: Value, lines: Iterable[str]) -> None:
        """Print a command's result: `value` with --json, else `lines`."""
        if self.is_json:
            self.raw(orjson.dumps(value, option=orjson.OPT_INDENT_2))
        else:
            for line in lines:
                self.raw(printable(line).encode("utf-8", "replace"))

    def raw(self, data: bytes) -> None:
        """Print bytes as they are, and a line end."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.buffer.flush()

    def note(self, text: str) -> None:
        """Tell a person something beside the result."""
        self._notes.print(text, markup=False)

    def error(self, error: RootsealError) -> None:
        """Print an error: on stdout with --json, where a program looks for its answer."""
        if self.is_json:
            self.raw(orjson.dumps({"error": _error(error)}, option=orjson.OPT_INDENT_2))
            return
        # It may quote strangers: names in a bundle, what a node answered.
        self.note("\n".join(map(printable, f"Error: {error}".split("\n"))))
        if isinstance(error, IntakeRefusedError):
            for rejection in error.rejections[:MAX_FAULTS_SHOWN]:
                self.note(printable(f"  {rejection.place}: {rejection.reason}"))
            more = error.count - MAX_FAULTS_SHOWN
            if more > 0:
                self.note(f"  … and {more:,} more")
            self.note(error.advice)
        if isinstance(error, UnavailableError):
            self.note("Nothing is lost: run the same command again later.")

    def counted(
        self, items: Iterable[_T], what: str, *, size: Callable[[_T], int] = lambda _: 1
    ) -> Iterator[_T]:
        """Pass `items` on, with their number at the terminal while it grows; each counts `size`."""
        with self._progress() as advance:
            number = shown = 0
            for item in items:
                number += size(item)
                if number - shown >= _REFRESH:
                    advance(f"{number:,} {what}")
                    shown = number
                yield item
            advance(f"{number:,} {what}")

    @contextmanager
    def steps(self) -> Iterator[Callable[[str, int, int], None]]:
        """Show at the terminal what is done, how many of it are, and of how many (0: unknown)."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        shown = self._notes.is_terminal
        with Progress(*columns, console=self._notes, transient=True, disable=not shown) as bar:
            task = bar.add_task("…", total=None)
            yield lambda what, done, of: bar.update(
                task, description=what, completed=done, total=of or None
            )

    @contextmanager
    def waiting(self) -> Iterator[Callable[[str], None]]:
        """Show what is waited for: in place at a terminal, else a line for each change."""
        if self._notes.is_terminal:
            with self._progress() as show:
                yield show
            return
        last = ""

        def show_changes(text: str) -> None:
            nonlocal last
            if text != last:
                self.note(text)
                last = text

        yield show_changes

    @contextmanager
    def _progress(self) -> Iterator[Callable[[str], None]]:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        shown = self._notes.is_terminal
        with Progress(*columns, console=self._notes, transient=True, disable=not shown) as bar:
            task = bar.add_task("…", total=None)
            yield lambda text: bar.update(task, description=text)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a plain table, which other tools can cut into columns."""
    cells = [list(headings), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def _error(error: RootsealError) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "code": error.code,
        "message": str(error),
        "place": error.place if isinstance(error, InvalidInputError) else None,
    }
    if isinstance(error, IntakeRefusedError):
        shown["count"] = error.count
        shown["faults"] = [{"place": r.place, "reason": r.reason} for r in error.rejections]
    return shown
