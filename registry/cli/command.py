"""What all commands share: the options for settings and output, and errors as exit codes."""

import inspect
import logging
import sys
from collections.abc import Callable
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from registry.cli.output import Output
from registry.cli.session import Session
from registry.errors import (
    GasTooExpensiveError,
    InvalidInputError,
    LeaseHeldError,
    NeedsAuthorizationError,
    RootsealError,
    UnavailableError,
)

# Exit codes, also those of `verify`: valid or done, invalid or refused, wrong use, undetermined.
DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 2
UNDECIDED: Final = 3
OVERDUE: Final = 4  # not done yet, and somebody waits longer than was promised
INTERRUPTED: Final = 130  # as a shell has it: 128 + SIGINT

# Not done, but neither refused: the same command succeeds once this has passed.
_MAY_PASS: Final = (
    UnavailableError,
    GasTooExpensiveError,
    LeaseHeldError,
    NeedsAuthorizationError,
)

_P = ParamSpec("_P")
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_SETTINGS: Final = "Settings (before environment and rootseal.toml)"
_GENERAL: Final = "Output"


def _setting(name: str, help_text: str, metavar: str) -> Any:  # noqa: ANN401 - as typer.Option
    return typer.Option(
        f"--{name}", help=help_text, metavar=metavar, rich_help_panel=_SETTINGS, show_default=False
    )


# Each becomes an option of every command that has no option of that name itself. A parameter's
# name is the setting's; all are text here, and checked where settings are.
_SHARED_SETTINGS: Final[dict[str, Any]] = {  # Any: typer.Option has no type of its own
    "database": _setting("database", "Store, as a SQLAlchemy URL.", "URL"),
    "rpc_url": _setting("rpc-url", "Node of the chain.", "URL"),
    "chain_id": _setting("chain-id", "EIP-155 id of the chain.", "ID"),
    "contract": _setting("contract", "Contract, if not the usual one.", "ADDRESS"),
    "issuer": _setting("issuer", "Issuer to act for.", "ADDRESS"),
    "keystore": _setting("keystore", "Encrypted key to sign with.", "FILE"),
    "password_file": _setting("password-file", "File with the keystore's password.", "FILE"),
    "development_account": _setting(
        "development-account", "Sign with this Anvil account (0-9).", "N"
    ),
}
_JSON: Final = typer.Option("--json", help="Print JSON.", rich_help_panel=_GENERAL)
_VERBOSE: Final = typer.Option(
    "--verbose", "-v", count=True, help="Log to stderr; -vv more.", rich_help_panel=_GENERAL
)
_LOG_JSON: Final = typer.Option(
    "--log-json", help="Log to stderr, a line of JSON each.", rich_help_panel=_GENERAL
)
# Commands that run for long: their log is what they show.
_LOGGING: Final = frozenset({"watch", "serve", "monitor"})


def command(function: Callable[Concatenate[Session, _P], None]) -> Callable[..., None]:
    """Make a typer command of a function that takes a `Session` before its own parameters.

    Adds the shared options to its signature, and turns errors of ours into messages and exits.
    """
    own = list(inspect.signature(function).parameters.values())[1:]
    shared = [p for p in _shared_parameters() if p.name not in {o.name for o in own}]
    context = inspect.Parameter("ctx", _KEYWORD, annotation=typer.Context)

    def run(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401 - as parsed
        given = {p.name: values.pop(p.name) for p in shared}
        session = _session(_merged(ctx, given), is_logging=function.__name__ in _LOGGING)
        try:
            # mypy cannot see that a signature's own values fit it.
            function(session, **values)  # type: ignore[call-arg]
        except RootsealError as exc:
            session.output.error(exc)
            raise typer.Exit(exit_code(exc)) from exc
        except KeyboardInterrupt:
            session.output.note("Interrupted; nothing is lost: run the same command again.")
            raise typer.Exit(INTERRUPTED) from None
        finally:
            session.close()

    parameters = [p.replace(kind=_KEYWORD) for p in [context, *own, *shared]]
    return _named(run, function, parameters)


def remember_options(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401 - as parsed
    """Keep the shared options that stand before the command."""
    ctx.obj = values


def group_callback(function: Callable[..., None]) -> Callable[..., None]:
    """Make the application's callback of a function: it takes the shared options too."""
    own = list(inspect.signature(function).parameters.values())
    names = {p.name for p in own}

    def run(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401 - as parsed
        function(**{name: values.pop(name) for name in names})
        remember_options(ctx, **values)

    context = inspect.Parameter("ctx", _KEYWORD, annotation=typer.Context)
    parameters = [p.replace(kind=_KEYWORD) for p in [context, *own, *_shared_parameters()]]
    return _named(run, function, parameters)


def exit_code(error: RootsealError) -> int:
    """Exit code of an error, by whose fault it is (registry.errors)."""
    if isinstance(error, InvalidInputError):
        return WRONG_USE
    return UNDECIDED if isinstance(error, _MAY_PASS) else REFUSED


def _shared_parameters() -> list[inspect.Parameter]:
    def parameter(name: str, annotation: object, default: object) -> inspect.Parameter:
        return inspect.Parameter(name, _KEYWORD, default=default, annotation=annotation)

    settings = [
        parameter(name, Annotated[str | None, option], None)
        for name, option in _SHARED_SETTINGS.items()
    ]
    return [
        *settings,
        parameter("is_json", Annotated[bool, _JSON], False),
        parameter("verbosity", Annotated[int, _VERBOSE], 0),
        parameter("log_json", Annotated[bool, _LOG_JSON], False),
    ]


def _merged(ctx: typer.Context, given: dict[str, Any]) -> dict[str, Any]:
    """Options of the command, before those that stand in front of it."""
    before: dict[str, Any] = ctx.find_root().obj or {}
    return before | {name: value for name, value in given.items() if value}


def _session(options: dict[str, Any], *, is_logging: bool) -> Session:
    as_json = options.get("log_json", False)
    least = 1 if is_logging or as_json else 0
    as_json = as_json or (is_logging and not sys.stderr.isatty())
    _log_to_stderr(max(options.get("verbosity", 0), least), as_json=as_json)
    return Session(
        overrides={n: v for n, v in options.items() if n in _SHARED_SETTINGS and v is not None},
        output=Output(is_json=options.get("is_json", False)),
        logs_json=as_json,
    )


def _log_to_stderr(verbosity: int, *, as_json: bool) -> None:
    if verbosity == 0:
        # What matters is shown by the command itself; a log would only repeat it.
        logging.getLogger("registry").setLevel(logging.CRITICAL)
        return
    # Here and not above: importing structlog takes a quarter of a second.
    from registry.cli.logs import log_to_stderr  # noqa: PLC0415

    log_to_stderr(logging.INFO if verbosity == 1 else logging.DEBUG, as_json=as_json)


def _unwrapped(text: str | None) -> str | None:
    """A docstring with each paragraph on one line: typer would keep the source's line breaks."""
    if text is None:
        return None
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


def _named(
    run: Callable[..., None], function: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """Let typer see `function`'s name and help, and `parameters`."""
    run.__name__ = function.__name__
    run.__doc__ = _unwrapped(function.__doc__)
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # for inspect
    return run
