"""What must hold before a night begins: looked at first, so that nothing is sealed or sent in vain.

Faults of configuration name the setting to change. An outage is none: it is logged, and passes.
"""

import logging
from datetime import timedelta
from typing import Final

from registry.core.address import format_address
from registry.errors import ConflictError, NotAllowedError, UnavailableError
from registry.services.anchoring import Anchoring
from registry.services.ports import Block, Role

_log = logging.getLogger(__name__)
_LONG_AGO: Final = timedelta(days=7)  # no public chain stands still for so long
# Blocks are dated by the slot, and builders may not date them ahead: more is a wrong clock here.
_CLOCK_MARGIN: Final = timedelta(minutes=10)


def require_ready(anchoring: Anchoring, issuer: bytes, *, to_anchor: bool = True) -> None:
    """Raise what would stop a night on this chain, if anything would.

    `to_anchor` is whether there is a batch to anchor, and not status changes alone.
    `NotAllowedError` without a key or if its appointment is over, `ConflictError` if the node
    serves another chain, the contract is not ours or the clock is wrong, `GasTooExpensiveError`.
    """
    try:
        head = anchoring.genuine_head()
        _require_clock(anchoring, head)
        _require_right(anchoring, issuer, head, Role.ANCHOR if to_anchor else Role.STATUS)
        anchoring.chain.suggest_fees()
    except UnavailableError as exc:
        _log.warning("could not ask before the night", extra={"detail": str(exc)})


def _require_clock(anchoring: Anchoring, head: Block) -> None:
    now = anchoring.sending.clock()
    if now < head.time - _CLOCK_MARGIN:
        raise ConflictError(
            f"the clock of this machine says {now:%Y-%m-%d %H:%M:%S}, but the newest block of "
            f"chain {anchoring.chain.chain_id} is of {head.time:%Y-%m-%d %H:%M:%S}: set the clock"
        )
    if now > head.time + _LONG_AGO:
        # No more than a warning: a chain may stand still, and a test chain often does.
        _log.warning(
            "clock ahead of the chain",
            extra={"chain": anchoring.chain.chain_id, "block_time": head.time.isoformat()},
        )


def _require_right(anchoring: Anchoring, issuer: bytes, head: Block, role: Role) -> None:
    """Refuse a key that had the right and has it no more.

    One that never had it may be a relayer's, whose right comes with each authorization.
    """
    signer = anchoring.sending.signer
    if signer is None:
        raise NotAllowedError(
            "no key is configured to anchor with: set keystore, kms_key or signer_url"
        )
    chain = anchoring.chain
    if signer.address == chain.issuer_record(issuer).owner:
        return
    found = chain.operator_record(issuer, signer.address)
    who = f"the configured key's operator {format_address(signer.address)}"
    if found.roles and role not in found.roles:
        if role is Role.ANCHOR:
            raise NotAllowedError(f"{who} may change statuses, but not anchor")
        raise NotAllowedError(f"{who} may anchor, but not change statuses")
    # By the later clock: a chain without new blocks has an old one.
    now = max(head.time, anchoring.sending.clock()).timestamp()
    if found.roles and found.valid_until < now:
        raise NotAllowedError(
            f"{who} was appointed until {found.valid_until} (seconds since 1970), which is over: "
            "appoint it again (`rootseal operator add`), or set another key (keystore)"
        )
