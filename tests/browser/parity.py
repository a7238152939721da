"""One verification by both engines, which must give the same report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any  # reports of JavaScript are JSON

from registry.chain import DEVELOPMENT_CHAIN_ID, ChainOptions, Finality, deterministic_address
from registry.core.address import format_address, format_chain
from registry.core.report import Report
from registry.core.trust import TrustedIssuer
from registry.services.verification import Evidence, Verification
from tests.anvil import open_chain
from tests.browser.engine import Engine, b64

VERIFY = """async ({ credential, receipt, settings }) => {
  const given = (data) => data === null ? null : bytes(data);
  const verifier = { ...settings, now: new Date(settings.now), fetch };
  return verify({ credential: given(credential), receipt: given(receipt) }, verifier);
}"""


@dataclass(frozen=True)
class Verifier:
    """The settings of a verifier, for either engine. `urls` are endpoints that must agree."""

    urls: Sequence[str]
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    finality: Finality = "finalized"
    timeout: float = 5
    trusted: dict[bytes, str] = field(default_factory=dict)
    expected: bytes | None = None
    chain_id: int = DEVELOPMENT_CHAIN_ID

    def in_python(self, evidence: Evidence) -> Report:
        """The report of the Python engine."""
        options = ChainOptions(
            finality=self.finality, timeout=self.timeout, quorum=len(self.urls) or 1
        )
        chains = {}
        if self.urls:
            chains[self.chain_id] = open_chain(self.urls, options, chain_id=self.chain_id)
        trusted = {address: TrustedIssuer(name) for address, name in self.trusted.items()}
        verification = Verification(chains=chains, trusted=trusted, clock=lambda: self.now)
        try:
            return verification.verify(evidence, expected_issuer=self.expected)
        finally:
            for chain in chains.values():
                chain.close()

    def in_javascript(self, engine: Engine, evidence: Evidence) -> dict[str, Any]:
        """The report of the JavaScript engine."""
        chain = {
            "chain": format_chain(self.chain_id),
            "rpcUrls": list(self.urls),
            "contract": format_address(deterministic_address()),
            "finality": self.finality,
        }
        settings = {
            "chains": [chain] if self.urls else [],
            "trusted": {format_address(key): name for key, name in self.trusted.items()},
            "expectedIssuer": None if self.expected is None else format_address(self.expected),
            "now": self.now.isoformat(),
            "timeout": self.timeout * 1000,
        }
        files = {"credential": evidence.credential, "receipt": evidence.receipt}
        given = {name: None if data is None else b64(data) for name, data in files.items()}
        return dict(engine.run(VERIFY, {**given, "settings": settings}))


def same_report(engine: Engine, verifier: Verifier, evidence: Evidence) -> Report:
    """Verify with both engines and assert that they say the same, evidence included."""
    report = verifier.in_python(evidence)
    found = verifier.in_javascript(engine, evidence)
    assert summary(found) == summary(json.loads(report.model_dump_json()))
    return report


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """What a program may rely on in a report; what each of several nodes said is for persons."""
    keys = ("name", "outcome", "code", "evidence")
    checks = [{key: check[key] for key in keys} for check in report["checks"]]
    for check in checks:
        if "answers" in check["evidence"]:
            check["evidence"] = {**check["evidence"], "answers": "…"}
    return {"verdict": report["verdict"], "checks": checks}
