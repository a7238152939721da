"""Fills a bundle with what a registry has: chains, leaves, status lists, the contract."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.bundles import BundleWriter, written_bundle
from registry.bundles.layout import BundledChain
from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.audit.leaves import Step
from registry.services.disclosing import StoreDisclosure
from registry.services.issuing import Proofs
from registry.services.ports import DisclosedBatch
from registry.wiring import Registry
from registry.wiring.auditing import contract_files

if TYPE_CHECKING:
    from registry.chain import EvmChain


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What a bundle is to hold; `block` is up to which its chain is recorded, None: newest final.

    With openings it holds credential hashes and salts: for an auditor, and not for the public.
    """

    folder: Path
    program: str
    block: int | None
    with_openings: bool
    step: Step


def write_bundle(registry: Registry, wanted: BundleRequest) -> list[BundledChain]:
    """Write a bundle of the issuer, and return the chains in it.

    Raises `InvalidInputError` for a folder that is there already, `UnavailableError` for what
    could not be asked; then nothing is left behind.
    """
    disclosure = StoreDisclosure(registry.store, registry.issuer)
    batches = disclosure.batches()
    with written_bundle(wanted.folder, is_private=wanted.with_openings) as writer:
        chains = [
            _add_chain(registry, writer, chain, batches, wanted)
            for chain in registry.chains.values()
        ]
        done, total = 0, sum(batch.tree_size for batch in batches)
        for batch in batches:
            writer.add_leaves(batch.seal, disclosure.leaves(batch.seal))
            if wanted.with_openings:
                writer.add_openings(batch.seal, disclosure.openings(batch.seal))
            done += batch.tree_size
            wanted.step("leaves", done, total)
        lists = list(_add_lists(registry, writer, disclosure))
        writer.add_contract(contract_files().items())
        _add_trust_list(registry, writer)
        writer.finish(
            program=wanted.program,
            issuer=registry.issuer,
            chains=chains,
            batches=batches,
            has_openings=wanted.with_openings,
            status_lists=lists,
        )
    return chains


def _add_chain(
    registry: Registry,
    writer: BundleWriter,
    chain: "EvmChain",
    batches: list[DisclosedBatch],
    wanted: BundleRequest,
) -> BundledChain:
    from registry.chain import RecordedHistory, print_record

    sizes = {batch.seal: batch.tree_size for batch in batches}
    record = chain.record(registry.issuer, sizes, number=wanted.block, step=wanted.step)
    state = _state(registry, chain)
    writer.add_chain(chain.chain_id, print_record(record), state)
    block = RecordedHistory(record).block
    return BundledChain(
        chain=chain.chain_id,
        contract=chain.contract,
        block_number=block.number,
        block_hash=block.hash,
        block_time=block.time,
        has_state=state is not None,
    )


def _state(registry: Registry, chain: "EvmChain") -> bytes | None:
    """The state of a local node; None from a node that is none."""
    from registry.chain import Rpc, dump_state

    (settings,) = (s for s in registry.settings.all_chains if s.chain_id == chain.chain_id)
    rpc = Rpc(settings.rpc_urls[0], timeout=registry.settings.rpc_timeout)
    try:
        return dump_state(rpc)
    except UnavailableError:
        return None  # the record has all that an audit needs
    finally:
        rpc.close()


def _add_lists(
    registry: Registry, writer: BundleWriter, disclosure: StoreDisclosure
) -> Iterator[int]:
    """Status lists as the registry publishes them, if it signs badges."""
    if not registry.signs_badges:
        return
    number = 0
    while places := disclosure.places(number):
        try:
            published = registry.issuer_documents.status_list(number, Proofs.RDFC, registry.now())
        except NotFoundError:
            return
        writer.add_list(number, published, places)
        yield number
        number += 1


def _add_trust_list(registry: Registry, writer: BundleWriter) -> None:
    path = registry.settings.trust_list
    if path is None:
        return
    try:
        writer.add_trust_list(path.read_bytes())
    except OSError as exc:
        raise InvalidInputError(f"trust_list {path} cannot be read: {exc.strerror}") from exc
