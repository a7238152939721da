"""The directory of the Internet: implements `IssuerDirectory` by asking each issuer's domain."""

import time
from collections.abc import Callable

from registry.core.documents import Json, parse_document
from registry.core.identity import (
    Account,
    accounts_in_did_document,
    accounts_in_texts,
    web_location,
)
from registry.errors import InvalidInputError, UnavailableError
from registry.identity.memory import Memory
from registry.identity.names import Names
from registry.identity.web import Web


class OnlineDirectory:
    """Asks over HTTPS and DNS; an answer counts for an hour, a failure for a minute."""

    def __init__(
        self,
        *,
        timeout: float,
        names: Names | None = None,
        web: Web | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = Names(timeout=timeout) if names is None else names
        self._web = Web(self._names.addresses, timeout=timeout) if web is None else web
        self._of_did = Memory(self._ask_did, clock=clock)
        self._of_domain = Memory(self._ask_domain, clock=clock)

    def document_of_did(self, did: str) -> dict[str, Json] | None:
        """The document of a did:web; None if its host says that there is none.

        Raises `UnavailableError` also if what is there is no DID document of this DID.
        """
        return self._of_did(did)

    def accounts_of_did(self, did: str) -> frozenset[Account]:
        """Accounts in the document of a did:web, none without one; raises as above."""
        document = self._of_did(did)
        return frozenset() if document is None else accounts_in_did_document(document)

    def accounts_of_domain(self, domain: str) -> frozenset[Account]:
        """Accounts in the TXT records of a domain; none if there is no such record."""
        return self._of_domain(domain)

    def _ask_did(self, did: str) -> dict[str, Json] | None:
        location = web_location(did)
        if location is None:
            raise ValueError(f"not a did:web: {did[:80]!r}")
        body = self._web.fetch(location)
        if body is None:
            return None
        try:
            document = parse_document(body)
        except InvalidInputError as exc:
            raise UnavailableError("its document is unreadable", source=did) from exc
        if document.get("id") != did:
            raise UnavailableError("the document there is of another DID", source=did)
        return document

    def _ask_domain(self, domain: str) -> frozenset[Account]:
        return accounts_in_texts(self._names.texts(domain))
