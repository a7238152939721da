"""Making the badges of one run of `rootseal issue`, before anything is stored or anchored."""

import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from random import SystemRandom
from typing import Final

from registry.badges.achievements import Achievement, IssuerProfile
from registry.badges.open_badge import BadgeForm, DataModel, as_data_model_1, open_badge
from registry.badges.roster_values import Recipient
from registry.badges.schemas import require_open_badge
from registry.cli.badge_jobs import Made
from registry.cli.session import Session
from registry.core.address import format_chain
from registry.core.documents import Json
from registry.core.rdf import require_exact
from registry.errors import InvalidInputError
from registry.services.issuing import Badge, Proofs, Signatory, badge_of, positions
from registry.vc.merkle_proof_2019 import is_known_chain

_SALT_CHARACTERS: Final = 22  # 128 bits of base64url


class BadgeMaker:
    """What all badges of this run have in common."""

    def __init__(
        self,
        session: Session,
        achievement: Achievement,
        image: str | None,
        proofs: Proofs,
        without_status: bool,
        plain_identities: bool,
        data_model: DataModel = DataModel.V2,
    ) -> None:
        self._registry = session.registry
        self._data_model = data_model
        self.proofs = proofs
        self.profile: IssuerProfile = self._registry.issuer_profile
        self.lists = None if without_status else self._registry.status_lists
        self.signatory: Signatory = self._registry.signatory
        if proofs is Proofs.BOTH:
            self._require_blockcerts()
        self.now = self._registry.now().replace(microsecond=0)
        self._form = BadgeForm(
            achievement, self.profile, self.now, image, has_plain_identities=plain_identities
        )

    def _require_blockcerts(self) -> None:
        """Raise, before anything is made, what would keep the badges from a proof of Blockcerts."""
        _ = self.signatory.anchoring_method
        chains = self._registry.chains
        if not any(map(is_known_chain, chains)):
            names = ", ".join(map(format_chain, chains))
            raise InvalidInputError(
                f"Blockcerts have no name for {names}: use --proof rdfc, which Open Badges need"
            )

    def badge(
        self, recipient: Recipient, position: int | None, parts: Sequence[Mapping[str, Json]] = ()
    ) -> Badge:
        """A new badge for somebody; `parts` as `open_badge` has them."""
        document = open_badge(
            self._form,
            recipient,
            badge_id=uuid.uuid4().urn,
            salt=secrets.token_urlsafe(16)[:_SALT_CHARACTERS],
            status=self.status(position, self.proofs),
            parts=parts,
        )
        require_open_badge(document)  # whose schema is of the newer model
        if self._data_model is DataModel.V1:
            document = as_data_model_1(document)
        return badge_of(document, self.proofs, position, self.signatory)

    def status(self, position: int | None, proofs: Proofs) -> dict[str, Json] | None:
        """What a credential says of its place in the issuer's status lists."""
        if self.lists is None or position is None:
            return None
        return self.lists.entry(position, proofs)

    def made(self, recipients: Iterable[Recipient], count: int) -> Iterator[Made]:
        """New badges for all of them, `count`, with places in status lists."""
        places: Iterable[int | None] = repeat(None, count)
        if self.lists is not None:
            store, issuer = self._registry.store, self._registry.issuer
            places = positions(store, issuer, count, shuffle=SystemRandom())
        for number, (recipient, place) in enumerate(zip(recipients, places, strict=True)):
            badge = self.badge(recipient, place)
            if number == 0 and self.proofs in {Proofs.BOTH, Proofs.RDFC}:
                require_exact(badge.document)  # of all others too: they have the same members
            shown = recipient.name or recipient.key.partition(":")[2]
            yield Made(recipient.line, shown, recipient.key, badge)
