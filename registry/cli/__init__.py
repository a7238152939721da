"""The command line `rootseal`: parses, calls a service, prints. Decides nothing itself."""

from importlib.metadata import version
from typing import Annotated, Final

import typer

from registry.cli.command import group_callback
from registry.cli.lazy import HELP, Group, Named, lazy_group

__all__ = ["app", "main"]

# Any order would do; this is the order of help.
_COMMANDS: Final[dict[str, Named | Group]] = {
    "issue": Named("The night's work", "issuing:issue"),
    "add": Named("The night's work", "adding:add"),
    "nightly": Named("The night's work", "anchoring:nightly"),
    "seal": Named("The night's work", "anchoring:seal"),
    "anchor": Named("The night's work", "anchoring:anchor"),
    "watch": Named("The night's work", "watching:watch"),
    "authorize": Named("Somebody else pays", "authorizing:authorize"),
    "relay": Named("Somebody else pays", "relaying:relay"),
    "receipt": Named("For holders and verifiers", "receipts:receipt"),
    "verify": Named("For holders and verifiers", "verifying:verify"),
    "snapshot": Named("For holders and verifiers", "snapshotting:snapshot"),
    "publish": Named("For holders and verifiers", "publishing:publish"),
    "unpublish": Named("For holders and verifiers", "publishing:unpublish"),
    "revoke": Named("Status", "statuses:revoke"),
    "suspend": Named("Status", "statuses:suspend"),
    "reinstate": Named("Status", "statuses:reinstate"),
    "status": Named("Status", "listing:status"),
    "batches": Named("Looking around", "listing:batches"),
    "audit": Named("Looking around", "auditing:audit"),
    "checkpoint": Named("Looking around", "checkpoints:checkpoint"),
    "monitor": Named("Looking around", "monitoring:monitor"),
    "settings": Named("Looking around", "listing:settings"),
    "devnet": Named("Set-up", "chains:devnet"),
    "deploy": Named("Set-up", "chains:deploy"),
    "serve": Named("Set-up", "serving:serve"),
    "badge": Group(
        "The night's work",
        "Achievement files, and badges of anybody.",
        {"new": "badges:new", "validate": "badges:validate", "import": "importing:import_"},
    ),
    "stack": Group(
        "The night's work",
        "Badges that together earn another.",
        {"check": "stacking:check", "award": "stacking:award", "review": "stack_reviewing:review"},
    ),
    "issuer": Group(
        "Looking around",
        "Issuers.",
        {"show": "listing:issuer_show"},
    ),
    "export": Group(
        "For holders and verifiers",
        "Files for many.",
        {
            "receipts": "receipts:export",
            "tiles": "static_files:export",
            "verifier": "exporting:verifier",
            "did-document": "exporting:did_document",
            "bundle": "bundling:bundle",
        },
    ),
    "wallet": Group(
        "For holders and verifiers",
        "Badges that holders' wallets may fetch.",
        {"offer": "wallets:offer", "withdraw": "wallets:withdraw"},
    ),
    "operator": Group(
        "Set-up",
        "Keys that may act for the issuer on chain.",
        {"add": "operators:add", "list": "operators:listed", "remove": "operators:remove"},
    ),
    "keys": Group(
        "Set-up",
        "Keystores to sign with, and API keys.",
        {
            "new-keystore": "keys:new_keystore",
            "new-signing-key": "keys:new_signing_key",
            "add": "keys:add",
            "list": "keys:listed",
            "revoke": "keys:revoke",
        },
    ),
}

app = typer.Typer(
    name="rootseal",
    no_args_is_help=True,
    # A traceback with the values of variables would show passwords.
    pretty_exceptions_enable=False,
    context_settings=HELP,
    cls=lazy_group(_COMMANDS),
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


def main() -> None:
    """Run the command line."""
    app()
