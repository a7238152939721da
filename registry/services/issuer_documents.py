"""What an issuer of badges publishes: its DID document, its profile, and its status lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from registry.badges.achievements import IssuerProfile
from registry.core.address import format_address
from registry.core.documents import Json
from registry.errors import NotFoundError
from registry.services.issuing import Proofs, Signatory, StatusLists
from registry.services.ports import Chain, Purpose, Store
from registry.services.status_lists import withdrawn_places
from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.did import IssuerKeys, did_document
from registry.vc.jwt import sign_token
from registry.vc.status_list import LIST_SIZE, status_list_credential

LIST_MINUTES: Final = 10  # how long a reader may keep a list: so long a withdrawal may go unseen
_BATCHES: Final = 100  # looked through for a transaction of the issuer's own
_CLOCK_SKEW: Final = timedelta(minutes=1)
_BEFORE_ALL: Final = "2020-01-01T00:00:00Z"  # an address is an issuer from its beginning
_BLOCKCERTS: Final = ("https://w3id.org/openbadges/v2", "https://w3id.org/blockcerts/v3")


@dataclass(frozen=True, slots=True)
class IssuerDocuments:
    """Documents of one issuer. `key_of` gives the public key that signed a transaction."""

    store: Store
    chains: Mapping[int, Chain]
    issuer: bytes
    profile: IssuerProfile
    signatory: Signatory
    lists: StatusLists
    key_of: Callable[[bytes], bytes]

    @property
    def profile_url(self) -> str:
        """Where the profile is."""
        return f"{self.lists.issuer_url}/profile"

    def did_document(self) -> dict[str, Json]:
        """For the issuer's did:web. The anchoring key is in it once it has anchored."""
        keys = IssuerKeys(
            signing=self.signatory.key.public_key_raw(),
            anchoring=self._anchoring_key(),
            address=self.issuer,
            chains=tuple(self.chains),
        )
        return did_document(self.profile.id, keys, profile_url=self.profile_url)

    def blockcerts_profile(self) -> dict[str, Json]:
        """As verifiers of Blockcerts read it: with the address that anchors."""
        key: dict[str, Json] = {
            "id": f"ecdsa-koblitz-pubkey:{format_address(self.issuer)}",
            "created": _BEFORE_ALL,
        }
        return {
            "@context": list(_BLOCKCERTS),
            **self.profile.document(),
            "type": "Profile",
            "id": self.profile_url,
            "publicKey": [key],
        }

    def status_list(self, number: int, proofs: Proofs, now: datetime) -> bytes:
        """A list, signed, as JSON or a token. Raises `NotFoundError` for one without places."""
        first = number * LIST_SIZE
        if not self.store.status_entries(self.issuer, first=first, below=first + LIST_SIZE):
            raise NotFoundError(f"the issuer has no status list {number}")
        credential = status_list_credential(
            self.lists.url(number, proofs),
            self.profile.id,
            withdrawn_places(self.store, self.chains, self.issuer, number),
            valid_from=now - _CLOCK_SKEW,
            valid_until=now + timedelta(minutes=LIST_MINUTES),
            is_plain=proofs is Proofs.BOTH,
        )
        method = self.signatory.signing_method
        if proofs is Proofs.JWT:
            return sign_token(credential, self.signatory.key, verification_method=method)
        proof = sign(
            credential,
            self.signatory.key,
            Cryptosuite.RDFC,
            verification_method=method,
            created=now,
        )
        return orjson.dumps({**credential, "proof": proof})

    def _anchoring_key(self) -> bytes | None:
        for batch in self.store.batches(issuer=self.issuer, limit=_BATCHES):
            for attempt in self.store.attempts(Purpose.ANCHOR, batch.id):
                if attempt.sender == self.issuer:
                    return self.key_of(attempt.raw)
        return None
