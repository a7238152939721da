"""The command line `rootseal`: parses, calls a service, prints. Decides nothing itself."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Final

import typer

from registry.cli import (
    adding,
    anchoring,
    auditing,
    authorizing,
    badges,
    bundling,
    chains,
    checkpoints,
    exporting,
    importing,
    issuing,
    keys,
    listing,
    monitoring,
    operators,
    publishing,
    receipts,
    relaying,
    serving,
    snapshotting,
    stack_reviewing,
    stacking,
    static_files,
    statuses,
    verifying,
    wallets,
    watching,
)
from registry.cli.command import command, group_callback

__all__ = ["app", "main"]

app = typer.Typer(
    name="rootseal",
    no_args_is_help=True,
    # A traceback with the values of variables would show passwords.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("rootseal"))
        raise typer.Exit


@app.callback()
@group_callback
def _rootseal(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Anchor credentials on an EVM chain, one seal a night, and verify them for decades.

    Settings come from options, before ROOTSEAL_… variables, before rootseal.toml.
    Exit codes: 0 valid or done, 1 invalid or refused, 2 wrong use, 3 could not be decided or not
    done yet, 4 as 3 and overdue.
    """


# Any order would do; this is the order of help.
_COMMANDS: Final[dict[str, list[Callable[..., None]]]] = {
    "The night's work": [
        issuing.issue,
        adding.add,
        anchoring.nightly,
        anchoring.seal,
        anchoring.anchor,
        watching.watch,
    ],
    "Somebody else pays": [authorizing.authorize, relaying.relay],
    "For holders and verifiers": [
        receipts.receipt,
        verifying.verify,
        snapshotting.snapshot,
        publishing.publish,
        publishing.unpublish,
    ],
    "Status": [statuses.revoke, statuses.suspend, statuses.reinstate, listing.status],
    "Looking around": [
        listing.batches,
        auditing.audit,
        checkpoints.checkpoint,
        monitoring.monitor,
        listing.settings,
    ],
    "Set-up": [chains.devnet, chains.deploy, serving.serve],
}
_GROUPS: Final[dict[str, tuple[str, str, dict[str, Callable[..., None]]]]] = {
    "badge": (
        "The night's work",
        "Achievement files, and badges of anybody.",
        {"new": badges.new, "validate": badges.validate, "import": importing.import_},
    ),
    "stack": (
        "The night's work",
        "Badges that together earn another.",
        {"check": stacking.check, "award": stacking.award, "review": stack_reviewing.review},
    ),
    "issuer": ("Looking around", "Issuers.", {"show": listing.issuer_show}),
    "export": (
        "For holders and verifiers",
        "Files for many.",
        {
            "receipts": receipts.export,
            "tiles": static_files.export,
            "verifier": exporting.verifier,
            "did-document": exporting.did_document,
            "bundle": bundling.bundle,
        },
    ),
    "wallet": (
        "For holders and verifiers",
        "Badges that holders' wallets may fetch.",
        {"offer": wallets.offer, "withdraw": wallets.withdraw},
    ),
    "operator": (
        "Set-up",
        "Keys that may act for the issuer on chain.",
        {"add": operators.add, "list": operators.listed, "remove": operators.remove},
    ),
    "keys": (
        "Set-up",
        "Keystores to sign with, and API keys.",
        {
            "new-keystore": keys.new_keystore,
            "new-signing-key": keys.new_signing_key,
            "add": keys.add,
            "list": keys.listed,
            "revoke": keys.revoke,
        },
    ),
}

for _panel, _functions in _COMMANDS.items():
    for _function in _functions:
        app.command(_function.__name__, rich_help_panel=_panel)(command(_function))
for _name, (_panel, _help, _members) in _GROUPS.items():
    _group = typer.Typer(no_args_is_help=True, help=_help)
    for _member, _function in _members.items():
        _group.command(_member)(command(_function))
    app.add_typer(_group, name=_name, rich_help_panel=_panel)


def main() -> None:
    """Run the command line."""
    app()
