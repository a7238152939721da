"""The profile of a holder: that there is one, and nothing that says who."""

from uuid import NAMESPACE_OID, uuid5

from registry.core.documents import Json
from registry.services.ports import WalletGrant
from registry.standards import OPEN_BADGES


def holder_profile(grant: WalletGrant) -> dict[str, Json]:
    """A Profile of Open Badges 3.0 with the least that it must have.

    Its id is the same for a wallet each time, and another for every other wallet: two of them
    cannot find out by it that they have the same holder.
    """
    made_of = f"{grant.holder.issuer.hex()} {grant.holder.key.hex()} {grant.client_id}"
    return {
        "@context": [OPEN_BADGES],
        "id": uuid5(NAMESPACE_OID, made_of).urn,
        "type": ["Profile"],
    }
