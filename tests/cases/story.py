"""What happens on the cases' chain, step by step, and the receipts that come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from registry.chain.artifact import artifact
from registry.chain.contract import encode_call
from registry.chain.evm import EvmChain
from registry.core.address import format_address
from registry.core.receipt import RECEIPT_TYPE, AnchorReference, Receipt
from tests.cases.batches import ISSUER, OPERATOR, STRANGER, Batch, Item
from tests.worlds import Step, World

GENESIS: Final = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
DAY: Final = 24 * 3600
AT_TWO: Final = 2 * 3600 + 5
GAS: Final = hex(3_000_000)
ACTIVE, SUSPENDED, REVOKED = 0, 1, 2
Deed = tuple[bytes, bytes, bytes]  # who calls whom with what


class Story:
    """The batches, and the steps of a chain on which they are anchored and withdrawn.

    `anchors` says which step anchored a batch, by its name; "five" also stands under a stranger.
    """

    def __init__(self, batches: Sequence[Batch]) -> None:
        self.batches: Mapping[str, Batch] = {batch.name: batch for batch in batches}
        self._deeds: list[Deed] = []
        self.anchors: dict[tuple[str, bytes], int] = {}
        proxy = artifact().salt + artifact().creation_code
        self._deeds.append((ISSUER, artifact().deployer, proxy))
        for batch in batches[:-1]:
            self._anchor(batch.name)
        self._call("anchor", STRANGER, self.seal("five"), sender=STRANGER)
        self.anchors["five", STRANGER] = len(self._deeds) - 1
        self._withdraw()
        self._anchor(batches[-1].name)
        self._set("right", REVOKED)  # in the newest block: a status counts from the head on

    @property
    def steps(self) -> list[Step]:
        """The steps, a day apart."""
        return [
            Step(
                time=GENESIS + (number + 1) * DAY + AT_TWO,
                sender=format_address(sender),
                to=format_address(to),
                data="0x" + data.hex(),
                gas=GAS,
            )
            for number, (sender, to, data) in enumerate(self._deeds)
        ]

    def seal(self, batch: str) -> bytes:
        """Seal of a batch."""
        return self.batches[batch].head.seal

    def batch_of(self, name: str) -> Batch:
        """The batch of a credential."""
        (found,) = (batch for batch in self.batches.values() if name in batch.items)
        return found

    def _call(self, function: str, *arguments: object, sender: bytes = ISSUER) -> None:
        self._deeds.append((sender, artifact().address, encode_call(function, *arguments)))

    def _anchor(self, name: str) -> None:
        seal = self.seal(name)
        if name == "one":  # as raw calldata
            self._deeds.append((ISSUER, artifact().address, seal))
        elif name == "by operator":
            self._call("setOperator", ISSUER, OPERATOR, 1, GENESIS + 365 * DAY)
            self._call("anchor", ISSUER, seal, sender=OPERATOR)
        else:
            self._call("anchor", ISSUER, seal)
        self.anchors[name, ISSUER] = len(self._deeds) - 1

    def _withdraw(self) -> None:
        self._set("revoked", REVOKED)
        self._set("suspended", SUSPENDED)
        self._set("reinstated", SUSPENDED)
        self._set("reinstated", ACTIVE)
        self._set("revoked in it", REVOKED)
        self._set("suspended pass", SUSPENDED)
        for batch, statuses in {
            "revoked seal": [REVOKED],
            "suspended seal": [SUSPENDED],
            "reinstated seal": [SUSPENDED, ACTIVE],
        }.items():
            for status in statuses:
                self._call("setSealStatus", ISSUER, self.seal(batch), status, 0)

    def _set(self, name: str, status: int) -> None:
        batch = self.batch_of(name)
        indexes = [batch.index(name)]
        self._call("setCredentialStatus", ISSUER, batch.head.seal, indexes, status, 0)


@dataclass(frozen=True)
class Receipts:
    """The receipts of every credential in a story that has been played."""

    story: Story
    references: Mapping[tuple[str, bytes], AnchorReference]

    def item(self, name: str) -> Item:
        """A credential by name."""
        return self.story.batch_of(name).items[name]

    def of(self, name: str, *, issuers: Sequence[bytes] = (ISSUER,)) -> Receipt:
        """Receipt of a credential, with the anchors of those issuers."""
        batch, item = self.story.batch_of(name), self.item(name)
        proof = batch.proof(name)
        return Receipt(
            type=RECEIPT_TYPE,
            canonicalization=item.canonicalization,
            credential_hash=item.credential_hash,
            salt=item.salt,
            leaf_index=proof.leaf_index,
            tree_size=proof.tree_size,
            siblings=proof.siblings,
            seal=batch.head.seal,
            anchors=tuple(self.references[batch.name, issuer] for issuer in issuers),
        )


def played(story: Story, world: World, chain: EvmChain) -> Receipts:
    """Find every anchor of the story on its chain."""
    return Receipts(
        story,
        {
            (batch, issuer): _reference(chain, world.transactions[step], issuer, story.seal(batch))
            for (batch, issuer), step in story.anchors.items()
        },
    )


def _reference(chain: EvmChain, transaction: str, issuer: bytes, seal: bytes) -> AnchorReference:
    anchor = chain.anchor_in_transaction(
        chain.contract, bytes.fromhex(transaction[2:]), issuer, seal
    )
    if anchor is None:
        raise RuntimeError(f"transaction {transaction} did not anchor {seal.hex()}")
    return AnchorReference(
        chain=anchor.chain_id,
        contract=anchor.contract,
        issuer=issuer,
        transaction=anchor.transaction,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        log_index=anchor.log_index,
        anchored_at=anchor.anchored_at,
    )
