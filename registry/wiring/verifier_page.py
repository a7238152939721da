"""What the verifier's page begins with, of the settings: chains, nodes for visitors, trust."""

from importlib.metadata import version
from typing import Final

from registry.chain.artifact import artifact
from registry.core.trust import TrustList
from registry.verifier import ChainToAsk, Configuration
from registry.wiring.settings import DEVELOPMENT_CHAIN, ChainSettings, Settings

_DEVELOPMENT_NODE: Final = "http://127.0.0.1:8545"  # where `rootseal devnet` answers


def page_configuration(settings: Settings, trusted: TrustList) -> Configuration:
    """Nothing secret: everybody who opens the page can read all of it."""
    return Configuration(
        chains=[_chain(chain) for chain in settings.all_chains],
        trusted=trusted,
        timeout=settings.rpc_timeout,
        version=version("rootseal"),
    )


def _chain(chain: ChainSettings) -> ChainToAsk:
    url = chain.public_rpc_url
    if url is None and chain.chain_id == DEVELOPMENT_CHAIN:
        url = _DEVELOPMENT_NODE
    return ChainToAsk(
        chain_id=chain.chain_id,
        contract=chain.contract or artifact().address,
        finality=chain.finality,
        rpc_urls=[] if url is None else [url],
    )
