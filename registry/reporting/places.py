"""Where in a report's page, and on which explorer, the transaction of a finding is found.

What findings name is text: nothing of it gets into a link unless it is a hash of the right form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from registry.core.address import parse_chain
from registry.errors import InvalidInputError
from registry.reporting.networks import transaction_link
from registry.services.audit.report import AuditReport, ReportedFinding


@dataclass(frozen=True, slots=True)
class Places:
    """The chains of a report, the transactions that have a row, and the seals' anchors."""

    chains: tuple[int, ...]
    transactions: frozenset[tuple[int, str]]
    anchors: dict[tuple[int, str], str]  # the transaction that anchored a seal

    @classmethod
    def of(cls, report: AuditReport) -> Self:
        """All places of a report."""
        rows = {
            (chain.chain, "0x" + transaction.hex())
            for chain in report.chains
            for transaction in (
                *(each.transaction for each in chain.anchors),
                *(each.transaction for each in chain.changes),
            )
        }
        anchors = {
            (chain.chain, each.seal.hex()): "0x" + each.transaction.hex()
            for chain in report.chains
            for each in chain.anchors
        }
        return cls(tuple(chain.chain for chain in report.chains), frozenset(rows), anchors)

    @staticmethod
    def name_of(chain_id: int, transaction: str) -> str:
        """What a transaction's row is called in the page."""
        return f"tx-{chain_id}-{transaction}"

    def row_of(self, finding: ReportedFinding) -> str | None:
        """The row of a finding's transaction; without one, of the anchor of its seal."""
        chains = self._chains_of(finding)
        transaction, seal = finding.evidence.get("transaction"), finding.evidence.get("seal")
        for chain in chains:
            if (chain, transaction) in self.transactions:
                return self.name_of(chain, str(transaction))
        if transaction is not None:
            return None
        for chain in chains:
            anchored_by = self.anchors.get((chain, str(seal)))
            if anchored_by is not None:
                return self.name_of(chain, anchored_by)
        return None

    def explorer_of(self, finding: ReportedFinding) -> str | None:
        """Where to look a finding's transaction up, if its chain is well known."""
        chains = list(self._chains_of(finding))
        transaction = finding.evidence.get("transaction")
        if len(chains) != 1 or not isinstance(transaction, str):
            return None
        return transaction_link(chains[0], transaction)

    def _chains_of(self, finding: ReportedFinding) -> Iterable[int]:
        named = finding.evidence.get("chain")
        if named is None:
            return self.chains
        try:
            return (parse_chain(str(named)),)
        except InvalidInputError:
            return ()
