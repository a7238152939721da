"""The verifiers of others, as their registries have them, given what they would find on the web."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from openbadgeslib.ob3 import OB3LdpVerifier
from openbadgeslib.ob3.verifier import OB3VerificationError
from openvc.errors import OpenvcError
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.status import check_credential_status

from registry import standards
from registry.badges.schemas import require_open_badge
from registry.core.rdf import bundled_for_openvc
from registry.errors import InvalidInputError

ROOT: Final = Path(__file__).resolve().parents[2]
RESOLVER: Final = "https://dev.uniresolver.io/1.0/identifiers"  # Blockcerts ask it for DIDs


@dataclass(frozen=True)
class Web:
    """The web around badges of one issuer, whose own pages `fetch` reads: None if there is none."""

    did: str
    url: str
    address: str
    fetch: Callable[[str], str | None]

    def pages(self, badge: Any) -> dict[str, str]:
        """All that a verifier would ask for: of the issuer, and the contexts."""
        found = {url: json.dumps(standards.context(url)) for url in standards.CONTEXT_FILES}
        own = [f"{self.url}/.well-known/did.json", f"{self.url}/v1/issuers/{self.address}/profile"]
        for url in [*own, badge["credentialStatus"]["statusListCredential"]]:
            page = self.fetch(url.removeprefix(self.url))
            if page is not None:
                found[url] = page
        did = json.loads(found[own[0]])
        return {**found, f"{RESOLVER}/{self.did}": json.dumps({"didDocument": did})}


def refusals(badge: Any, pages: Mapping[str, str], web: Web, rpc_url: str) -> dict[str, str | None]:
    """Why each of them refuses a badge; None where it does not."""
    told = blockcerts(badge, pages, rpc_url)
    failed = [step for step, status, _ in told["steps"] if status == "failure"]
    return {
        "Blockcerts' cert-verifier-js 6.35": (
            None if told["status"] == "success" else ", ".join(failed) or told["message"]
        ),
        "openvc-core": openvc(badge, pages, f"{web.url}/.well-known/did.json"),
        "openbadgeslib": openbadgeslib(badge, pages, web.did),
        "1EdTech's schema, by jsonschema-rs": schema(badge),
    }


def blockcerts(badge: Any, pages: Mapping[str, str], rpc_url: str, now: str | None = None) -> Any:
    """What npm's `@blockcerts/cert-verifier-js` says: its status, and each of its steps."""
    asked = {"credential": badge, "pages": pages, "rpcUrl": rpc_url, "now": now}
    ran = subprocess.run(
        ["node", str(ROOT / "tests" / "interop" / "blockcerts.mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(ran.stdout)


def openvc(
    badge: Any, pages: Mapping[str, str], did_url: str, now: datetime | None = None
) -> str | None:
    """Why openvc-core refuses a badge; None if it does not."""
    did = json.loads(pages[did_url])
    try:
        DataIntegrityProofSuite().verify(
            _signed_alone(badge),
            public_key_jwk=did["verificationMethod"][0]["publicKeyJwk"],
            extra_contexts=bundled_for_openvc(),
            now=now,
        )
        found = check_credential_status(
            badge, resolve_status_list=lambda url: json.loads(pages[url])
        )
    except OpenvcError as exc:
        return str(exc)
    return "withdrawn" if found.revoked else None


def openbadgeslib(badge: Any, pages: Mapping[str, str], did: str) -> str | None:
    """Why openbadgeslib refuses a badge; None if it does not."""
    verifier = OB3LdpVerifier.for_issuer_did(did)
    try:
        verifier.verify(
            json.dumps(_signed_alone(badge)),
            check_status=True,
            download=lambda url: pages[url].encode(),
            verify_status_list=False,  # it verifies lists that are JWTs only
        )
    except OB3VerificationError as exc:
        return str(exc)
    return None


def schema(badge: Any) -> str | None:
    """What 1EdTech's JSON schema has against a badge; None if nothing."""
    try:
        require_open_badge(badge)
    except InvalidInputError as exc:
        return str(exc)
    return None


def _signed_alone(badge: Any) -> Any:
    """The badge with its signature only, for verifiers that read one proof."""
    signature = next(p for p in badge["proof"] if p["cryptosuite"] == "eddsa-rdfc-2022")
    return {**badge, "proof": signature}
