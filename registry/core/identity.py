"""Who a credential says issued it, and which accounts that issuer names as its own.

Reads names, DID documents and DNS records; fetches none of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from registry.core.address import parse_address, parse_chain
from registry.core.documents import Json
from registry.errors import InvalidInputError

MAX_DID: Final = 2000  # characters; with its path
MAX_DOMAIN: Final = 253  # characters, RFC 1035 §2.3.4
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Two labels or more, the last from a letter on: a name of the public DNS and no IP address.
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}", re.ASCII)
_DID_WEB: Final = re.compile(
    r"did:web:(?P<host>[A-Za-z0-9.-]+)(?:%3[Aa](?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?::(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)*)",
    re.ASCII,
)
# No user name, no backslash: nothing in which two readers see different hosts.
_HTTPS: Final = re.compile(r"https://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.ASCII)
_DID_PKH: Final = "did:pkh:"
_ACCOUNT: Final = re.compile(r"(eip155:[0-9]{1,19}):(0x[0-9a-fA-F]{40})")  # CAIP-10


class Account(NamedTuple):
    """An address on a chain."""

    chain_id: int
    address: bytes


@dataclass(frozen=True, slots=True)
class WebLocation:
    """Where a did:web keeps its document: https://host:port/path."""

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class ClaimedIssuer:
    """The names under which a credential's issuer can be asked: its domain, perhaps a did:web."""

    domain: str
    did: str | None = None


def claimed_issuer(document: Mapping[str, Json]) -> ClaimedIssuer | None:
    """Who issued a credential in its own words; None if it names nobody who can be asked.

    An identity proof (OpenAttestation) names the domain to ask, unless the issuer's own id is
    of another domain: one domain must not vouch for what says that it comes from another.
    """
    issuer = document.get("issuer")
    name = issuer.get("id") if isinstance(issuer, dict) else issuer
    location = web_location(name) if isinstance(name, str) else None
    if isinstance(name, str) and location is not None:
        return ClaimedIssuer(_proven_domain(issuer, within=location.host) or location.host, name)
    host = _https_host(name) if isinstance(name, str) else None
    domain = _proven_domain(issuer, within=host) or host
    return None if domain is None else ClaimedIssuer(domain)


def web_location(did: str) -> WebLocation | None:
    """Where a did:web keeps its document; None if it is no did:web of a public domain."""
    match = _DID_WEB.fullmatch(did) if len(did) <= MAX_DID else None
    host = None if match is None else _domain(match["host"])
    if match is None or host is None:
        return None
    port = 443 if match["port"] is None else int(match["port"])
    segments = match["path"].split(":")[1:]
    if port > 0xFFFF or not {".", ".."}.isdisjoint(segments):
        return None
    path = "/".join(segments) if segments else ".well-known"
    return WebLocation(host, port, f"/{path}/did.json")


def accounts_in_did_document(document: Mapping[str, Json]) -> frozenset[Account]:
    """Accounts that a DID document names: as a blockchainAccountId (CAIP-10) or as a did:pkh."""
    return frozenset(filter(None, map(_account, _names(document))))


def accounts_in_texts(texts: Iterable[str]) -> frozenset[Account]:
    """Accounts in DNS TXT records such as `openatts net=ethereum netId=1 addr=0x…`."""
    return frozenset(filter(None, map(_account_in_text, texts)))


def _proven_domain(issuer: Json, *, within: str | None) -> str | None:
    proof = issuer.get("identityProof") if isinstance(issuer, dict) else None
    if not isinstance(proof, dict):
        return None
    # `location` in OpenAttestation 2, `identifier` in 3 and 4.
    named = proof.get("location", proof.get("identifier"))
    domain = _domain(named) if isinstance(named, str) else None
    if domain is None or within is None or within == domain or within.endswith(f".{domain}"):
        return domain
    return None


def _domain(text: str) -> str | None:
    name = text.lower()
    return name if len(name) <= MAX_DOMAIN and _DOMAIN.fullmatch(name) is not None else None


def _https_host(url: str) -> str | None:
    match = _HTTPS.fullmatch(url)
    return None if match is None else _domain(match[1])


def _names(document: Mapping[str, Json]) -> Iterator[Json]:
    yield from _list(document.get("alsoKnownAs"))
    yield from _list(document.get("controller"))
    for method in _list(document.get("verificationMethod")):
        if isinstance(method, dict):
            yield from (method.get(key) for key in ("blockchainAccountId", "id", "controller"))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _account(name: Json) -> Account | None:
    if not isinstance(name, str):
        return None
    if name.startswith(_DID_PKH):
        name = name.removeprefix(_DID_PKH).partition("#")[0]
    match = _ACCOUNT.fullmatch(name)
    if match is None:
        return None
    try:
        return Account(parse_chain(match[1]), parse_address(match[2]))
    except InvalidInputError:  # no such chain, or a wrong checksum: it names nobody
        return None


def _account_in_text(text: str) -> Account | None:
    # Some providers store the quotes, too, in which the record was typed.
    kind, *fields = text.strip().strip('"').split() or [""]
    values = dict(field.partition("=")[::2] for field in fields)
    if kind != "openatts" or values.get("net") != "ethereum" or len(values) < len(fields):
        return None
    return _account(f"eip155:{values.get('netId')}:{values.get('addr')}")
