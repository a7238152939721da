"""Rootseal: batches of credential hashes, one seal a night on an EVM chain, proofs for decades.

To verify a credential in Python, with nothing but a node of its chain:

    from pathlib import Path

    from registry import Verdict, verify

    report = verify(
        Path("badge.json").read_bytes(),
        Path("badge.json.receipt.json").read_bytes(),
        chains={"eip155:1": "https://node.example"},
    )
    if report.verdict is Verdict.VALID:
        print(report.summary)
    for check in report.checks:
        print(check.name, check.outcome.value, check.code)

`verify_offline` asks a snapshot of the chain instead of a node. The codes are explained in
docs/checks.md; `registry.errors` holds what both raise.
"""

from typing import TYPE_CHECKING

__all__ = ["Check", "Outcome", "Report", "Verdict", "verify", "verify_offline"]

if TYPE_CHECKING:
    from registry.core.report import Check, Outcome, Report, Verdict
    from registry.wiring.library import verify, verify_offline
else:

    def __getattr__(name: str) -> object:
        """Import what is public when it is first used: `import registry` alone takes no time."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name.startswith("verify"):
            from registry.wiring import library as module  # noqa: PLC0415 - see above
        else:
            from registry.core import report as module  # noqa: PLC0415
        return getattr(module, name)
