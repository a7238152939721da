"""Whether the configured contract is ours: looked at before anything is believed or sent."""

from registry.errors import ConflictError
from registry.services.ports import Block, Chain


def genuine_head(chain: Chain) -> Block:
    """The newest block; `ConflictError` if the contract there is not ours."""
    head = chain.head()
    if not chain.is_genuine(chain.contract, at=head):
        raise ConflictError(
            f"the configured address on chain {chain.chain_id} does not run our contract "
            "(setting contract): see `rootseal deploy`"
        )
    return head
