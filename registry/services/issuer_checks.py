"""The check that asks the issuer whether it names the anchoring account as its own."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from registry.core.address import format_address
from registry.core.documents import Json
from registry.core.identity import Account, ClaimedIssuer, claimed_issuer
from registry.core.report import Check, Outcome
from registry.errors import UnavailableError
from registry.services.ports import IssuerDirectory

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Source:
    """One place where an issuer names its accounts."""

    code: str  # of the check, if it names the account
    name: str
    evidence: tuple[str, str]
    ask: Callable[[], frozenset[Account]]


def check_named_issuer(
    document: Mapping[str, Json], accounts: frozenset[Account], directory: IssuerDirectory
) -> Check | None:
    """Ask the issuer whom the credential names; None if it names nobody who can be asked.

    Passes if one source names every account. Fails only if each of them answered: what could
    not be asked is held against nobody.
    """
    claimed = claimed_issuer(document)
    if claimed is None:
        return None
    anchored = "Anchored by " + ", ".join(sorted({format_address(a.address) for a in accounts}))
    sources, silent = _sources(claimed, directory), []
    for source in sources:
        try:
            named = source.ask()
        except UnavailableError as exc:
            _log.warning("could not ask %s: %s", source.name, exc)
            silent.append(f"{source.name} could not be asked whose that is: {exc.message}")
            continue
        if accounts <= named:
            detail = f"{anchored}, which {source.name} names as its own."
            return _check(Outcome.PASS, source.code, detail, accounts, [source])
    if silent:
        detail = f"{anchored}; {'; '.join(silent)}."
        return _check(Outcome.UNKNOWN, "issuer-unreachable", detail, accounts, sources)
    asked = " and ".join(source.name for source in sources)
    detail = f"{anchored}; asked whose that is, {asked} did not name it."
    return _check(Outcome.FAIL, "issuer-not-named", detail, accounts, sources)


def _sources(claimed: ClaimedIssuer, directory: IssuerDirectory) -> list[_Source]:
    did, domain = claimed.did, claimed.domain
    of_domain = _Source(
        "dns-issuer",
        f"the DNS of {domain}",
        ("domain", domain),
        lambda: directory.accounts_of_domain(domain),
    )
    if did is None:
        return [of_domain]
    of_did = _Source("did-web-issuer", did, ("did", did), lambda: directory.accounts_of_did(did))
    return [of_did, of_domain]


def _check(
    outcome: Outcome,
    code: str,
    detail: str,
    accounts: frozenset[Account],
    sources: list[_Source],
) -> Check:
    names = ", ".join(sorted({format_address(account.address) for account in accounts}))
    return Check(
        name="issuer",
        outcome=outcome,
        code=code,
        detail=detail,
        evidence={"issuer": names, **dict(source.evidence for source in sources)},
    )
