"""Documents and receipts as hypothesis draws them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from registry.core.address import MAX_CHAIN_ID
from registry.core.canonical import Canonicalization
from registry.core.documents import MAX_SAFE_INTEGER, Json
from registry.core.receipt import RECEIPT_TYPE, AnchorReference, Receipt
from registry.core.tree import MAX_TREE_SIZE
from registry.core.wire import MAX_COUNT

texts = st.text(st.characters(exclude_categories=["Cs"]))
safe_integers = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
finite_floats = st.floats(allow_nan=False, allow_infinity=False)
# Between these lie the doubles that RFC 8785 prints as integers which no reader may trust.
carried_floats = finite_floats.filter(lambda number: not MAX_SAFE_INTEGER < abs(number) < 1e21)


def documents_of(
    scalars: st.SearchStrategy[Json], keys: st.SearchStrategy[str]
) -> st.SearchStrategy[Json]:
    """JSON values that nest `scalars` in lists and in objects with `keys`."""
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(keys, inner)),
        max_leaves=15,
    )


scalars: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), safe_integers, carried_floats, texts
)
json_values = documents_of(scalars, texts)

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
counts = st.integers(0, MAX_COUNT)

# By dictionaries: from the signature, hypothesis would fill in the camelCase names as well.
anchors = st.fixed_dictionaries(
    {
        "chain": st.integers(1, MAX_CHAIN_ID),
        "contract": addresses,
        "issuer": addresses,
        "transaction": hashes,
        "block_number": counts,
        "block_hash": hashes,
        "log_index": counts,
        "anchored_at": st.datetimes(timezones=st.just(UTC)),
    }
).map(AnchorReference.model_validate)


def receipts(*, least_anchors: int = 0) -> st.SearchStrategy[Receipt]:
    """Any receipt of moderate length; its path need not lead anywhere."""
    return st.fixed_dictionaries(
        {
            "type": st.just(RECEIPT_TYPE),
            "canonicalization": st.sampled_from(Canonicalization),
            "credential_hash": hashes,
            "salt": hashes,
            "leaf_index": st.integers(0, MAX_TREE_SIZE - 1),
            "tree_size": st.integers(1, MAX_TREE_SIZE),
            "siblings": st.lists(hashes, max_size=3).map(tuple),
            "seal": hashes,
            "anchors": st.lists(anchors, min_size=least_anchors, max_size=2).map(tuple),
        }
    ).map(Receipt.model_validate)


def an_anchor() -> AnchorReference:
    """One anchor with plain values."""
    return AnchorReference(
        chain=31337,
        contract=bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"),
        issuer=bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
        transaction=b"\x0a" * 32,
        block_number=17,
        block_hash=b"\xb1" * 32,
        log_index=2,
        anchored_at=datetime(2026, 1, 31, 2, 0, 5, tzinfo=UTC),
    )


def a_receipt(*, count: int = 1, siblings: int = 2) -> Receipt:
    """One receipt with plain values and `count` anchors."""
    return Receipt(
        type=RECEIPT_TYPE,
        canonicalization=Canonicalization.JCS,
        credential_hash=b"\xc0" * 32,
        salt=b"\x5a" * 32,
        leaf_index=10,
        tree_size=100,
        siblings=tuple(bytes([n]) * 32 for n in range(siblings)),
        seal=b"\x5e" * 32,
        anchors=(an_anchor(),) * count,
    )


def without_lone_surrogates(text: str) -> bool:
    """Whether UTF-8 can carry `text`."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
