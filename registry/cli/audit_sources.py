"""Where an audit looks: a bundle, nodes, or a local Anvil; and what the issuer shows there."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.cli.inputs import shown
from registry.cli.session import Session
from registry.core.address import format_address, parse_address
from registry.core.wire import parse_eth_hash
from registry.errors import InvalidInputError
from registry.services.audit.leaves import Step
from registry.services.books import check_books
from registry.services.disclosing import StoreDisclosure
from registry.services.findings import Finding
from registry.services.ports import DisclosedBatch, Disclosure, History, Place

if TYPE_CHECKING:
    from registry.bundles import Bundle
    from registry.chain import EvmChain


@dataclass(frozen=True, slots=True)
class Sources:
    """What the command was told about where to look. Raises `InvalidInputError`."""

    bundle: Path | None
    published: str | None
    anvil: bool
    state: Path | None
    block: int | None
    block_hashes: Sequence[str]
    recompile: bool
    tiles: str | None = None

    def __post_init__(self) -> None:
        if self.bundle is not None and self.published is not None:
            raise InvalidInputError("a bundle has what is published: leave --published out")
        if self.tiles is not None and (self.bundle is not None or self.published is not None):
            raise InvalidInputError("of a bundle, --published and --tiles name one")
        if self.bundle is not None and (self.block is not None or self.state is not None):
            raise InvalidInputError("a bundle has its block and state: no --block, no --state")
        if self.state is not None and not self.anvil:
            raise InvalidInputError("--state is for --anvil")
        if self.state is not None and self.block is not None:
            raise InvalidInputError("of a state only the newest block can be asked: no --block")
        if self.bundle is None and self.block_hashes:
            raise InvalidInputError("--block-hash is for a bundle")


@dataclass(frozen=True, slots=True)
class Opened:
    """What is audited; `batches` are shown, `more` is what was found while it was opened."""

    histories: Sequence[History]
    disclosure: Disclosure
    batches: Sequence[DisclosedBatch]
    more: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A bundle that is not read, and why."""

    findings: Sequence[Finding]


def open_sources(
    session: Session, sources: Sources, stack: ExitStack, step: Step
) -> Opened | Refused:
    """Open what is audited; `stack` closes it. Raises as what it opens."""
    if sources.bundle is not None:
        return _open_bundle(session, sources, sources.bundle, stack, step)
    registry = session.registry
    if sources.tiles is not None:
        shown_there: Disclosure = _published_files(session, sources.tiles, stack)
        more = []
    elif sources.published is None:
        store = session.existing_store
        shown_there = StoreDisclosure(store, registry.issuer)
        chains = list(registry.chains.values())
        more = [] if sources.anvil else list(check_books(store, chains, registry.issuer))
    else:
        shown_there = _published(session, sources.published, stack)
        more = []
    # Asked for once, before the chains: a batch of which they were not asked cannot be judged.
    batches = shown_there.batches()
    histories = _replayed(session, sources, batches, stack, step)
    return Opened(histories, shown_there, batches, more)


def _open_bundle(
    session: Session, sources: Sources, folder: Path, stack: ExitStack, step: Step
) -> Opened | Refused:
    from registry.bundles import open_bundle  # noqa: PLC0415 - most commands need none of it
    from registry.wiring.auditing import bundled, compiled_again  # noqa: PLC0415

    bundle, findings = open_bundle(folder)
    if bundle is None:
        return Refused(findings)
    _require_issuer(bundle, session.overrides.get("issuer"))
    if sources.anvil:
        histories = _in_anvil(session, sources, bundle, stack, step)
        # A state is of another block than the record, and whatever its maker wished.
        _require_trusted({each.block.hash for each in histories}, sources.block_hashes)
        return Opened(histories, bundle, bundle.batches())
    _require_trusted({each.block_hash for each in bundle.contents.chains}, sources.block_hashes)
    built = compiled_again(bundle.file(_INPUT)) if sources.recompile else None
    histories = bundled(bundle, session.settings.all_chains, built)
    return Opened(histories, bundle, bundle.batches())


_INPUT = "contract/CredentialRegistry.input.json"


def _in_anvil(
    session: Session, sources: Sources, bundle: "Bundle", stack: ExitStack, step: Step
) -> Sequence[History]:
    """The bundle's first chain, in a local node with the state that is in the bundle."""
    chain = bundle.contents.chains[0].chain
    state = bundle.state(chain)
    if state is None:
        raise InvalidInputError(
            "the bundle has no state of a local node: it was made of a chain whose nodes give none"
        )
    session.overrides |= {
        "chain_id": str(chain),
        "issuer": format_address(bundle.contents.issuer),
    }
    from registry.wiring.auditing import local_chain  # noqa: PLC0415 - as above

    local = stack.enter_context(local_chain(session.registry, state, None))
    return _histories(session, sources, [local], bundle.batches(), step)


def _replayed(
    session: Session,
    sources: Sources,
    batches: Sequence[DisclosedBatch],
    stack: ExitStack,
    step: Step,
) -> Sequence[History]:
    chains: Sequence[EvmChain] = list(session.registry.chains.values())
    if sources.anvil:
        from registry.wiring.auditing import local_chain  # noqa: PLC0415 - as above

        local = local_chain(session.registry, sources.state, sources.block)
        chains = [stack.enter_context(local)]
    elif sources.block is not None and len(chains) > 1:
        raise InvalidInputError("--block is of one chain: configure one")
    return _histories(session, sources, chains, batches, step)


def _histories(
    session: Session,
    sources: Sources,
    chains: "Sequence[EvmChain]",
    batches: Sequence[DisclosedBatch],
    step: Step,
) -> Sequence[History]:
    from registry.wiring.auditing import Replay, compiled_again, replayed  # noqa: PLC0415 - as above

    built = compiled_again() if sources.recompile else None
    number = None if sources.anvil else sources.block
    replay = Replay(number, built, step)
    return replayed(chains, session.registry.issuer, batches, replay)


def _published_files(session: Session, place: str, stack: ExitStack) -> Disclosure:
    from registry.wiring.static_files import open_receipts  # noqa: PLC0415 - as above

    found = open_receipts(place, issuer=session.registry.issuer)
    stack.callback(found.close)
    return found


def _published(session: Session, place: str, stack: ExitStack) -> Disclosure:
    """What is shown at a URL, or in the folder of a bundle."""
    registry = session.registry
    if place.startswith(("http://", "https://")):
        from registry.wiring.auditing import shown_by_api  # noqa: PLC0415 - as above

        places: Callable[[int], dict[int, Place]] = lambda _: {}  # noqa: E731 - without a store
        if registry.has_store:
            places = StoreDisclosure(registry.store, registry.issuer).places
        found = shown_by_api(registry, place, places)
        stack.callback(found.api.close)
        return found
    from registry.bundles import open_bundle  # noqa: PLC0415 - as above

    bundle, findings = open_bundle(Path(place))
    if bundle is None:
        raise InvalidInputError(f"{findings[0].detail}: the folder is not used", place=place)
    if bundle.contents.issuer != registry.issuer:
        raise InvalidInputError("the folder is of another issuer", place=shown(Path(place)))
    return bundle


def _require_issuer(bundle: "Bundle", named: str | None) -> None:
    """Raise `InvalidInputError` if the auditor named another issuer than the bundle's."""
    if named is not None and parse_address(named, place="--issuer") != bundle.contents.issuer:
        said = format_address(bundle.contents.issuer)
        raise InvalidInputError(f"the bundle is of issuer {said}, and not of --issuer")


def _require_trusted(blocks: set[bytes], trusted: Sequence[str]) -> None:
    """Raise `InvalidInputError` unless the blocks are those that the auditor trusts."""
    if not trusted:
        return
    wanted = {parse_eth_hash(each, place="--block-hash") for each in trusted}
    if blocks != wanted:
        said = ", ".join("0x" + block.hex() for block in sorted(blocks))
        raise InvalidInputError(f"the bundle is of block {said}, and not of the trusted one")
