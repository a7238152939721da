"""Cases of badges as tokens: their bytes are sealed, their dates and signatures count."""

from collections.abc import Iterator

from tests.cases.case import Case, Shelf
from tests.cases.signing import TOKENS

_HOLDS = "valid proofs proofs-hold"
_LEFT = "valid proofs other-proofs-not-checked"
_BAD = "invalid proofs bad-proof"
# What is sealed is the bytes, so each is a credential of its own, anchored with the others.
SAYS: dict[str, str] = {
    "a token": _HOLDS,
    "a token with its credential apart": _HOLDS,
    "a token of another key": _BAD,
    "a token of somebody else": _BAD,
    "a token without a signature": _BAD,
    "a token of a shared secret": _BAD,
    "a token with a broken signature": _BAD,
    "a token whose claims disagree": _BAD,
    "a token whose end is no time": _BAD,
    "a token with another end": _BAD,
    "a token of a did:web": _LEFT,
    "a token with its own key": _LEFT,
    "a token of an algorithm not known": _LEFT,
    "an expired token": "invalid validity expired",
    "a token that expired by its claim": "invalid validity expired",
    "a token with a critical header": _BAD,
    "a token whose payload is said to be raw": _BAD,
    "a token with stray bits": _BAD,
    "a token of a did:key of P-256": _LEFT,
    "a token of another algorithm than its key": _BAD,
    "a token whose claims disagree, of an algorithm not known": _BAD,
    "a token from before 1970": _BAD,
    "a token that begins by its claim": "invalid validity not-yet-valid",
    "a token whose end is null": "invalid validity expired",
    "a token with two credentials": _BAD,
    "three words with points": "valid",
}
assert set(SAYS) == set(TOKENS)


def tokens(shelf: Shelf) -> Iterator[Case]:
    """All of them."""
    for name, says in SAYS.items():
        yield shelf.beside(name, says)
    receipt = shelf.text("a token")
    says = "invalid integrity hash-mismatch"
    longer = shelf.file("a token") + b"\n"
    yield Case("a token with a line end", says, longer, receipt, "NotIncluded")
    changed = shelf.file("a token").replace(b"e", b"f", 1)
    yield Case("a token, changed", says, changed, receipt, "NotIncluded")
