"""Relayed anchoring: an institution signs its permission for a seal offline, and a relayer pays.

A permission is stored only if the contract would honour it now. Status changes cannot be relayed:
the contract has no function for that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core.address import format_address, format_chain
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    TransactionRefusedError,
    VerificationError,
)
from registry.services.anchoring import DEADLINE_MARGIN
from registry.services.genuine import genuine_head
from registry.services.ports import Authorization, Block, Chain, Role, Store

_ANYBODY: Final = bytes(20)  # who calls makes no difference to a signed permission


@dataclass(frozen=True, slots=True)
class Relaying:
    """Takes issuers' authorizations into the store, for the nightly job to send.

    `recovered_signer` tells whose an account's signature is; `ValueError` if it is nobody's.
    """

    store: Store
    chains: Mapping[int, Chain]
    clock: Callable[[], datetime]
    recovered_signer: Callable[[Authorization], bytes]

    def take(self, offered: Mapping[str, Authorization]) -> None:
        """Store authorizations, each under the name by which errors call it: all, or none.

        Raises, storing nothing, `InvalidInputError` for one that is not for a chain, a contract
        or a sealed batch of this registry, or lasts too short; `NotAllowedError` if its signer has
        no right; `VerificationError` if the contract does not take its signature; `ConflictError`
        if the seal is anchored; `UnavailableError` if the chain could not be asked.
        """
        for name, authorization in offered.items():
            self._require_good(authorization, name)
        now = self.clock()
        for authorization in offered.values():
            self.store.put_authorization(authorization, now=now)

    def _require_good(self, authorization: Authorization, name: str) -> None:
        chain = self._chain(authorization, name)
        self._require_batch(authorization, name)
        self._require_time(authorization, name)
        head = genuine_head(chain)
        _require_not_anchored(chain, authorization, head, name)
        _require_right(chain, authorization, head, name)
        self._require_signature(chain, authorization, name)

    def _chain(self, authorization: Authorization, name: str) -> Chain:
        chain = self.chains.get(authorization.chain_id)
        if chain is None:
            raise InvalidInputError(
                f"it is for {format_chain(authorization.chain_id)}, which is not configured here",
                place=name,
            )
        if authorization.contract != chain.contract:
            raise InvalidInputError(
                f"it is for the contract {format_address(authorization.contract)}, ours on "
                f"{format_chain(chain.chain_id)} is {format_address(chain.contract)}",
                place=name,
            )
        return chain

    def _require_batch(self, authorization: Authorization, name: str) -> None:
        found = self.store.batches_with_seal(authorization.seal)
        if not any(batch.issuer == authorization.issuer for batch in found):
            raise NotFoundError(
                f"there is no batch here of {format_address(authorization.issuer)} with the seal "
                f"{authorization.seal.hex()}",
                place=name,
            )

    def _require_time(self, authorization: Authorization, name: str) -> None:
        left = authorization.deadline - self.clock().timestamp()
        if left <= 0:
            raise InvalidInputError("its deadline is past", place=name)
        if left < DEADLINE_MARGIN.total_seconds():
            raise InvalidInputError(
                f"its deadline is in {left:.0f} s, too soon to be mined by then", place=name
            )

    def _require_signature(self, chain: Chain, authorization: Authorization, name: str) -> None:
        """Let the contract judge: a wallet's signature nobody else can."""
        try:
            chain.estimate(chain.relayed_anchor_call(authorization), sender=_ANYBODY)
        except TransactionRefusedError as exc:
            raise VerificationError(
                f"the contract would refuse it: {self._whose(authorization)}{exc} (at {name})",
                reason="authorization-refused",
            ) from exc

    def _whose(self, authorization: Authorization) -> str:
        """Who signed instead of whom it names, if an account did; only words: it decides nothing.

        A wallet's signature looks like anything, and even like another account's.
        """
        try:
            found = self.recovered_signer(authorization)
        except ValueError:
            return ""
        if found == authorization.signer:
            return ""
        return f"as an account's, the signature would be of {format_address(found)}; "


def _require_not_anchored(
    chain: Chain, authorization: Authorization, head: Block, name: str
) -> None:
    issuer, seal = authorization.issuer, authorization.seal
    if chain.anchor_record(chain.contract, issuer, seal, at=head) is not None:
        raise ConflictError(
            f"the seal is anchored on {format_chain(chain.chain_id)} already (at {name})"
        )


def _require_right(chain: Chain, authorization: Authorization, head: Block, name: str) -> None:
    """Refuse a signer that is neither owner nor, by the newest block, operator for anchoring."""
    issuer, signer = authorization.issuer, authorization.signer
    if signer == chain.issuer_record(issuer).owner:
        return
    found = chain.operator_record(issuer, signer)
    if Role.ANCHOR not in found.roles or found.valid_until < head.time.timestamp():
        raise NotAllowedError(
            f"its signer {format_address(signer)} is neither the owner of "
            f"{format_address(issuer)} on {format_chain(chain.chain_id)} nor an operator who may "
            "anchor now",
            place=name,
        )
