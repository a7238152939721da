"""What the contract's storage says, in the services' words. Opens no connections."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any  # ABI values are of any shape

from registry.chain.contract import decode_result, encode_view
from registry.chain.reply import Reply
from registry.core.address import parse_address
from registry.services.ports import (
    AnchorRecord,
    Block,
    CredentialStatus,
    IssuerRecord,
    OperatorRecord,
    Role,
)

_NOBODY = bytes(20)
LOWER_BITS = (1 << 256) // 3  # of all 128 lanes: 0b…0101


class ContractViews(ABC):
    """The views of the contract, over whatever answers `eth_call`."""

    @property
    @abstractmethod
    def contract(self) -> bytes:
        """Address of the contract."""

    @abstractmethod
    def _view(self, contract: bytes, data: bytes, at: Block | None) -> Reply:
        """Call a contract without a transaction. Raises `ConflictError` if it reverts."""

    def anchor_record(
        self, contract: bytes, issuer: bytes, seal: bytes, *, at: Block | None = None
    ) -> AnchorRecord | None:
        """Storage record of a seal; None if it was never anchored."""
        reply, ((anchored_at, sequence, status),) = self._read(
            contract, at, "anchorOf", issuer, seal
        )
        if (anchored_at, sequence, status) == (0, 0, 0):
            return None
        try:
            return AnchorRecord(
                anchored_at=datetime.fromtimestamp(anchored_at, UTC),
                sequence=sequence,
                status=CredentialStatus(status),
            )
        except (ValueError, OverflowError, OSError) as exc:
            raise reply.malformed("a record of a seal") from exc

    def credential_status(
        self,
        contract: bytes,
        issuer: bytes,
        seal: bytes,
        leaf_index: int,
        *,
        at: Block | None = None,
    ) -> CredentialStatus:
        """Status that holds for a credential under an anchored seal.

        Raises `ConflictError` if the seal was never anchored.
        """
        reply, (status,) = self._read(contract, at, "credentialStatusOf", issuer, seal, leaf_index)
        try:
            return CredentialStatus(status)
        except ValueError as exc:
            raise reply.malformed("a status") from exc

    def status_word(
        self, contract: bytes, issuer: bytes, seal: bytes, word: int, *, at: Block | None = None
    ) -> int:
        """Own statuses of the 128 credentials from leaf 128·`word` on, two bits each."""
        reply, (statuses,) = self._read(contract, at, "statusWordOf", issuer, seal, word)
        if statuses & (statuses >> 1) & LOWER_BITS:  # both bits of a lane: no status
            raise reply.malformed("a word of statuses")
        return int(statuses)

    def issuer_record(self, issuer: bytes, *, at: Block | None = None) -> IssuerRecord:
        """Owner and anchor count of an issuer."""
        _, (owner, pending, count) = self._read(self.contract, at, "issuerOf", issuer)
        pending_owner = parse_address(pending)
        return IssuerRecord(
            owner=parse_address(owner),
            pending_owner=None if pending_owner == _NOBODY else pending_owner,
            anchor_count=count,
        )

    def operator_record(
        self, issuer: bytes, operator: bytes, *, at: Block | None = None
    ) -> OperatorRecord:
        """Roles of an operator."""
        _, (roles, valid_until) = self._read(self.contract, at, "operatorOf", issuer, operator)
        return OperatorRecord(roles=Role(roles), valid_until=valid_until)

    def _read(
        self, contract: bytes, at: Block | None, function: str, *arguments: Hashable
    ) -> tuple[Reply, tuple[Any, ...]]:
        reply = self._view(contract, encode_view(function, *arguments), at)
        try:
            return reply, decode_result(function, reply.data())
        except ValueError as exc:
            raise reply.malformed(f"a result of {function}") from exc
