"""The verifier as two functions, for programs that use Rootseal as a library."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from registry.core.address import parse_address, parse_chain
from registry.core.report import Report
from registry.core.trust import parse_trust_list
from registry.core.wire import parse_eth_hash
from registry.errors import InvalidInputError
from registry.services.verification import Evidence, Verification
from registry.wiring import utc_now
from registry.wiring.settings import Finality
from registry.wiring.snapshots import open_snapshot

if TYPE_CHECKING:
    from registry.chain import EvmChain
    from registry.identity import OnlineDirectory

_TIMEOUT: Final = 10.0  # seconds, for one answer of a node or an issuer
_ATTEMPTS: Final = 3


def verify(
    credential: bytes | None,
    receipt: bytes | None = None,
    *,
    chains: Mapping[str, str | Sequence[str]],
    contract: str | None = None,
    finality: Finality = "finalized",
    issuer: str | None = None,
    trust: bytes | None = None,
    resolve_issuer: bool = False,
) -> Report:
    """Check a credential against the chains that its receipt names.

    `credential` and `receipt` are the bytes of their files; the receipt may also stand inside
    the credential. `chains` leads from each chain's name (`eip155:1`) to a node of it, or to
    several, which must then all say the same. `contract` is the registry contract's address, if
    not the one that is the same on every chain; `finality` the depth in blocks that counts as
    final where a chain does not tell.

    Who issued it is decided by `issuer`, the only address that will do, else by `trust`, the
    bytes of a trust list, else, with `resolve_issuer`, by asking the issuer's own domain, which
    so learns that somebody asks. Without any of them the report says that somebody anchored it,
    not who.

    Never raises for a credential or receipt that is false or faulty, nor for a node that does
    not answer: the report says so. Raises `InvalidInputError` for arguments that are wrong.
    """
    with ExitStack() as stack:
        opened = {}
        for name, nodes in chains.items():
            chain = _open(parse_chain(name, place="chains"), nodes, contract, finality)
            stack.callback(chain.close)
            opened[chain.chain_id] = chain
        verifier = Verification(
            chains=opened,
            trusted={} if trust is None else parse_trust_list(trust),
            clock=utc_now,
            directory=_directory() if resolve_issuer else None,
        )
        expected = None if issuer is None else parse_address(issuer, place="issuer")
        return verifier.verify(Evidence(credential, receipt=receipt), expected_issuer=expected)


def verify_offline(
    credential: bytes | None,
    receipt: bytes | None = None,
    *,
    snapshot: bytes,
    block_hash: str | None,
    contract: str | None = None,
    issuer: str | None = None,
    trust: bytes | None = None,
) -> Report:
    """As `verify`, but asks nobody: a snapshot's bytes stand in for the chain.

    It counts if its block is the one with the trusted `block_hash` (`0x…`), and shows statuses as
    of that block. Without a trusted hash the report names the block's and decides nothing.
    """
    trusted = None if block_hash is None else parse_eth_hash(block_hash, place="block_hash")
    address = None if contract is None else parse_address(contract, place="contract")
    state = open_snapshot(snapshot, trusted, lambda _: address)
    verifier = Verification(
        chains={state.chain_id: state},
        trusted={} if trust is None else parse_trust_list(trust),
        clock=utc_now,
    )
    expected = None if issuer is None else parse_address(issuer, place="issuer")
    return verifier.verify(Evidence(credential, receipt=receipt), expected_issuer=expected)


def _open(
    chain_id: int, nodes: str | Sequence[str], contract: str | None, finality: Finality
) -> "EvmChain":
    from registry.chain import ChainOptions, EvmChain, deterministic_address

    urls = [nodes] if isinstance(nodes, str) else list(nodes)
    if not urls:
        raise InvalidInputError("no node of the chain is named", place="chains")
    if isinstance(finality, int) and finality < 1:
        raise InvalidInputError("a depth is at least 1", place="finality")
    return EvmChain(
        chain_id=chain_id,
        rpc_url=urls,
        contract=deterministic_address()
        if contract is None
        else parse_address(contract, place="contract"),
        options=ChainOptions(
            finality=finality, timeout=_TIMEOUT, attempts=_ATTEMPTS, quorum=len(urls)
        ),
    )


def _directory() -> "OnlineDirectory":
    from registry.identity import OnlineDirectory

    return OnlineDirectory(timeout=_TIMEOUT)
