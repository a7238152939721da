"""Puts an audit together: chains from nodes, a bundle or a local Anvil; trees by either code."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.core.address import format_address, format_chain
from registry.core.tiles import TreeHead
from registry.core.tree import seal_hash
from registry.errors import InvalidInputError
from registry.services.audit.leaves import Step
from registry.services.ports import DisclosedBatch, History, Place
from registry.wiring import Registry
from registry.wiring.settings import ChainSettings

if TYPE_CHECKING:
    from registry.bundles import Bundle
    from registry.chain import CompiledContract, EvmChain
    from registry.client.disclosing import ApiDisclosure


@dataclass(frozen=True, slots=True)
class Replay:
    """What is asked of chains: up to which block, and with which build their code is compared."""

    number: int | None
    built: "CompiledContract | None"
    step: Step


def replayed(
    chains: Iterable["EvmChain"], issuer: bytes, batches: Iterable[DisclosedBatch], replay: Replay
) -> list[History]:
    """The issuer's history on each chain, from its nodes. Raises `UnavailableError`."""
    from registry.chain import RecordedHistory

    sizes = {batch.seal: batch.tree_size for batch in batches}
    records = [
        chain.record(issuer, sizes, number=replay.number, step=replay.step) for chain in chains
    ]
    return [RecordedHistory(record, built=replay.built) for record in records]


def bundled(
    bundle: "Bundle", settings: Iterable[ChainSettings], built: "CompiledContract | None"
) -> list[History]:
    """The histories in a bundle.

    Raises `InvalidInputError` for a contract that is neither ours nor the settings': the same
    code elsewhere, under which anybody could anchor, is another registry.
    """
    from registry.chain import RecordedHistory, deterministic_address, parse_record

    known = {each.chain_id: each.contract for each in settings}
    histories: list[History] = []
    for listed in bundle.contents.chains:
        record = parse_record(bundle.record(listed.chain))
        history = RecordedHistory(record, built=built)
        contract = known.get(listed.chain) or deterministic_address()
        shown = (history.chain_id, history.contract, history.issuer, history.block.hash)
        listed_as = (listed.chain, listed.contract, bundle.contents.issuer, listed.block_hash)
        if shown != listed_as:
            raise InvalidInputError(
                f"the record of {format_chain(listed.chain)} is not the one that is listed"
            )
        if history.contract != contract:
            raise InvalidInputError(
                f"the bundle is about {format_address(history.contract)} on "
                f"{format_chain(listed.chain)}, and not about {format_address(contract)}: if you "
                "know it for the issuer's, name it with --contract"
            )
        histories.append(history)
    return histories


@contextmanager
def local_chain(registry: Registry, state: Path | None, number: int | None) -> Iterator["EvmChain"]:
    """A local Anvil with a dumped state, or else a fork of the first chain, as a chain to ask.

    A fork begins at block `number`, or at the newest final one. Raises `UnavailableError`.
    """
    from registry.chain import ChainOptions, Devnet, EvmChain, Fork, LoadedState

    chain = registry.chains[registry.settings.chain_id]
    origin: LoadedState | Fork
    if state is None:
        final = chain.finalized()
        if number is not None and number > final:
            raise InvalidInputError(f"block {number} is not final yet: the newest is {final}")
        block = final if number is None else number
        origin = Fork(registry.settings.all_chains[0].rpc_urls[0], block)
    else:
        origin = LoadedState(state)
    with Devnet(origin=origin, chain_id=chain.chain_id) as devnet:
        # Of a loaded state only the newest block can be asked; and its blocks are given.
        local = EvmChain(
            chain_id=chain.chain_id,
            rpc_url=devnet.url,
            contract=chain.contract,
            options=ChainOptions(finality=1, timeout=registry.settings.rpc_timeout),
        )
        try:
            yield local
        finally:
            local.close()


def shown_by_api(
    registry: Registry, url: str, places: Callable[[int], dict[int, Place]]
) -> "ApiDisclosure":
    """What the API at `url` shows of the issuer."""
    from registry.client import Client
    from registry.client.disclosing import ApiDisclosure

    return ApiDisclosure(Client(url), registry.issuer, places)


def compiled_again(standard_json: bytes | None = None) -> "CompiledContract":
    """The contract compiled from its published sources, or from those given.

    Raises `InvalidInputError`, also for given sources that are not the published ones: a build of
    an issuer's own would match whatever that issuer deployed.
    """
    from registry.chain import compile_input, compiler_input

    published = compiler_input()
    if standard_json not in {None, published}:
        raise InvalidInputError("the contract's sources in the bundle are not the published ones")
    return compile_input(published)


def contract_files() -> Mapping[str, bytes]:
    """The contract's sources with the compiler's settings, and its build."""
    from registry.chain import artifact_bytes, compiler_input

    return {
        "CredentialRegistry.input.json": compiler_input(),
        "CredentialRegistry.json": artifact_bytes(),
    }


def merkletools_tree(leaves: Iterable[bytes]) -> TreeHead:
    """Size, root and seal of leaves by merkletools, which shares no code with us.

    Raises `InvalidInputError` if it is not installed, and for what makes no tree.
    """
    with warnings.catch_warnings():
        # It warns that pysha3 is absent, of which it has no need: all hashes are SHA-256.
        warnings.simplefilter("ignore", UserWarning)
        try:
            from merkletools import MerkleTools
        except ImportError as exc:
            raise InvalidInputError(
                "merkletools is not installed: install rootseal[audit]"
            ) from exc
    tools = MerkleTools()
    tools.add_leaf([leaf.hex() for leaf in _ascending(leaves)])
    size = tools.get_leaf_count()
    if size == 0:
        raise InvalidInputError("a batch needs at least one credential")
    tools.make_tree()
    root = bytes.fromhex(tools.get_merkle_root())
    return TreeHead(size, root, seal_hash(merkle_root=root, tree_size=size))


def _ascending(leaves: Iterable[bytes]) -> Iterator[bytes]:
    last = b""
    for index, leaf in enumerate(leaves):
        if leaf <= last:
            raise InvalidInputError("leaves must ascend strictly", place=f"leaf {index}")
        last = leaf
        yield leaf
