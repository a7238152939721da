"""Cases of receipts that were changed: each field, each spelling."""

import json
from collections.abc import Callable, Iterator
from typing import Any  # JSON of a receipt

from registry.core.address import format_address
from registry.core.documents import parse_document
from tests.cases.batches import STRANGER
from tests.cases.case import Case, Shelf
from tests.cases.documents import compact, pretty

Content = dict[str, Any]
Change = Callable[[Content], object]
ZERO = "00" * 32
_MALFORMED = "invalid format malformed-receipt"
_ELSEWHERE = "invalid anchor wrong-transaction"


def receipts(shelf: Shelf) -> Iterator[Case]:
    """All of them."""
    yield from _paths(shelf)
    yield from _anchors(shelf)
    yield from _forms(shelf)
    yield from _malformed(shelf)
    yield from _not_even_json(shelf)


def _changed(shelf: Shelf, name: str, says: str, change: Change, contract: str | None) -> Case:
    content = shelf.content("badge")
    change(content)
    return Case(f"receipt: {name}", says, shelf.file("badge"), _text(content), contract)


def _text(content: Content) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _flipped(digits: str) -> str:
    """Hex digits with their last bit changed."""
    return f"{int(digits, 16) ^ 1:0{len(digits)}x}"


def _paths(shelf: Shelf) -> Iterator[Case]:
    other, length = "invalid inclusion seal-mismatch", "invalid inclusion wrong-path-length"
    neighbour = shelf.content("odd")
    rows: list[tuple[str, str, Change, str]] = [
        ("salt", other, lambda r: r.update(salt=_flipped(r["salt"])), "NotIncluded"),
        ("neighbour's salt", other, lambda r: r.update(salt=neighbour["salt"]), "NotIncluded"),
        ("index", other, lambda r: r.update(leafIndex=r["leafIndex"] ^ 1), "NotIncluded"),
        ("index of the last leaf", length, lambda r: r.update(leafIndex=4), "NotIncluded"),
        (
            "index is the size",
            "invalid inclusion index-out-of-range",
            lambda r: r.update(leafIndex=5),
            "NotIncluded",
        ),
        (
            "an index far beyond",
            "invalid inclusion index-out-of-range",
            lambda r: r.update(leafIndex=2**40 - 1),
            "NotIncluded",
        ),
        ("size one more", other, lambda r: r.update(treeSize=6), "NotIncluded"),
        ("size one less", length, lambda r: r.update(treeSize=4), "NotIncluded"),
        ("largest size", length, lambda r: r.update(treeSize=2**40), "NotIncluded"),
        ("a sibling less", length, lambda r: r["siblings"].pop(), "NotIncluded"),
        ("a sibling more", length, lambda r: r["siblings"].append(ZERO), "NotIncluded"),
        ("siblings in reverse", other, lambda r: r["siblings"].reverse(), "NotIncluded"),
        ("seal", other, lambda r: r.update(seal=_flipped(r["seal"])), "NotAnchored"),
        ("an anchored seal of others", other, _with_seal(shelf, "left"), "NotIncluded"),
    ]
    for name, says, change, contract in rows:
        yield _changed(shelf, name, says, change, contract)
    for level in range(len(shelf.content("badge")["siblings"])):
        yield _changed(shelf, f"sibling {level}", other, _with_sibling(level), "NotIncluded")
    hashed = "invalid integrity hash-mismatch"
    yield _changed(
        shelf,
        "credentialHash",
        hashed,
        lambda r: r.update(credentialHash=_flipped(r["credentialHash"])),
        "Valid",  # which is asked for the credential that was given
    )


def _with_seal(shelf: Shelf, name: str) -> Change:
    return lambda receipt: receipt.update(seal=shelf.content(name)["seal"])


def _with_sibling(level: int) -> Change:
    def change(receipt: Content) -> None:
        receipt["siblings"][level] = _flipped(receipt["siblings"][level])

    return change


def _with_anchor(**members: object) -> Change:
    return lambda receipt: receipt["anchors"][0].update(members)


def _anchors(shelf: Shelf) -> Iterator[Case]:
    (anchor,) = shelf.content("badge")["anchors"]
    (neighbours,) = shelf.content("left")["anchors"]
    (strangers,) = json.loads(shelf.text("badge", issuers=(STRANGER,)))["anchors"]
    nobody = format_address(b"\x11" * 20)
    behind = "undetermined anchor node-behind"
    ahead, low = anchor["blockNumber"] + 1, anchor["blockNumber"] - 1
    rows: list[tuple[str, str, dict[str, object], str | None]] = [
        ("chain", "undetermined anchor chain-not-configured", {"chain": "eip155:1"}, None),
        ("contract", "invalid anchor wrong-contract", {"contract": nobody}, "Valid"),
        ("issuer", "invalid anchor not-anchored", {"issuer": nobody}, "NotAnchored"),
        (
            "issuer who anchored it later",
            "invalid anchor wrong-time",
            {"issuer": strangers["issuer"]},
            "Valid",
        ),
        ("transaction", _ELSEWHERE, {"transaction": "0x" + ZERO}, "Valid"),
        (
            "transaction of another seal",
            _ELSEWHERE,
            {"transaction": neighbours["transaction"]},
            "Valid",
        ),
        (
            "transaction of another issuer",
            _ELSEWHERE,
            {"transaction": strangers["transaction"]},
            "Valid",
        ),
        ("block one more", _ELSEWHERE, {"blockNumber": ahead}, "Valid"),
        ("block one less", _ELSEWHERE, {"blockNumber": low}, "Valid"),
        ("block far ahead", behind, {"blockNumber": 2**53 - 1}, "Valid"),
        ("block hash", _ELSEWHERE, {"blockHash": "0x" + ZERO}, "Valid"),
        ("place in the log", _ELSEWHERE, {"logIndex": 1}, "Valid"),
        (
            "a second later",
            "invalid anchor wrong-time",
            {"anchoredAt": anchor["anchoredAt"].replace("05Z", "06Z")},
            "Valid",
        ),
    ]
    for name, says, members, contract in rows:
        yield _changed(shelf, f"anchor, {name}", says, _with_anchor(**members), contract)
    false, ahead_of_all = {**anchor, "logIndex": 7}, {**anchor, "blockNumber": 2**53 - 1}
    for what, anchors in (
        ("behind a true one", [anchor, false]),
        ("before a true one", [false, anchor]),
        ("behind one of the future", [ahead_of_all, false]),
        ("beside one that nobody asks", [{**anchor, "chain": "eip155:1"}, false]),
    ):
        change = _with_anchors(anchors)
        yield _changed(shelf, f"a false anchor {what}", _ELSEWHERE, change, "Valid")


def _with_anchors(anchors: list[Content]) -> Change:
    return lambda receipt: receipt.update(anchors=anchors)


def _forms(shelf: Shelf) -> Iterator[Case]:
    """How the credential becomes bytes is the receipt's word: bytes alone decide."""
    badge = parse_document(shelf.file("badge"))
    raw = {**shelf.content("badge"), "canonicalization": "raw"}
    name, says = "receipt: raw bytes", "invalid integrity hash-mismatch"
    yield Case(name, says, pretty(badge), _text(raw), "NotIncluded")
    yield Case("receipt: raw bytes that are canonical", "valid", compact(badge), _text(raw))
    jcs = {**shelf.content("pdf"), "canonicalization": "jcs"}
    says = "invalid integrity unreadable-credential"
    yield Case("receipt: JSON, of a PDF", says, shelf.file("pdf"), _text(jcs), None)


def _malformed(shelf: Shelf) -> Iterator[Case]:
    for name, change in _SPELLINGS.items():
        yield _changed(shelf, name, _MALFORMED, change, None)
    content = shelf.content("badge")
    for key in content:
        yield _changed(shelf, f"without {key}", _MALFORMED, _without(key), None)
    for key in content["anchors"][0]:
        yield _changed(shelf, f"anchor without {key}", _MALFORMED, _without_in_anchor(key), None)


def _without(key: str) -> Change:
    return lambda receipt: receipt.pop(key)


def _without_in_anchor(key: str) -> Change:
    return lambda receipt: receipt["anchors"][0].pop(key)


def _respelled(key: str, spell: Callable[[Any], object]) -> Change:
    return lambda receipt: receipt.update({key: spell(receipt[key])})


def _anchor_respelled(key: str, spell: Callable[[Any], object]) -> Change:
    return lambda receipt: receipt["anchors"][0].update({key: spell(receipt["anchors"][0][key])})


def _upper(text: str) -> str:
    return text[:2] + text[2:].upper()


_SPELLINGS: dict[str, Change] = {
    "another type": lambda r: r.update(type="rootseal/receipt@2"),
    "another canonicalization": lambda r: r.update(canonicalization="JCS"),
    "a key more": lambda r: r.update(note=""),
    "a key in other letters": lambda r: r.update(Salt=r["salt"]),
    "a key in snake case": lambda r: r.update(tree_size=r.pop("treeSize")),
    "a key more in the anchor": _with_anchor(note=None),
    "upper-case hash": _respelled("credentialHash", str.upper),
    "upper-case salt": _respelled("salt", str.upper),
    "upper-case seal": _respelled("seal", str.upper),
    "upper-case sibling": _respelled("siblings", lambda s: [s[0].upper(), *s[1:]]),
    "salt with 0x": _respelled("salt", lambda s: "0x" + s),
    "salt cut": _respelled("salt", lambda s: s[:-2]),
    "salt with a line end": _respelled("salt", lambda s: s + "\n"),
    "salt null": _respelled("salt", lambda _: None),
    "seal in wide digits": _respelled("seal", lambda s: "０" + s[1:]),
    "index as a float": _respelled("leafIndex", float),
    "index as a text": _respelled("leafIndex", str),
    "index as a truth": _respelled("leafIndex", bool),
    "index negative": _respelled("leafIndex", lambda _: -1),
    "index minus zero": _respelled("leafIndex", lambda _: -0.0),
    "size as a float": _respelled("treeSize", float),
    "size zero": _respelled("treeSize", lambda _: 0),
    "size beyond the largest": _respelled("treeSize", lambda _: 2**40 + 1),
    "siblings null": _respelled("siblings", lambda _: None),
    "siblings an object": _respelled("siblings", lambda s: dict(enumerate(s))),
    "41 siblings": _respelled("siblings", lambda _: [ZERO] * 41),
    "anchors null": _respelled("anchors", lambda _: None),
    "one anchor, in no list": _respelled("anchors", lambda a: a[0]),
    "17 anchors": _respelled("anchors", lambda a: a * 17),
    "chain as a number": _anchor_respelled("chain", lambda _: 31337),
    "chain with a leading zero": _anchor_respelled("chain", lambda _: "eip155:031337"),
    "chain in upper case": _anchor_respelled("chain", str.upper),
    "contract without checksum": _anchor_respelled("contract", str.lower),
    "contract in upper case": _anchor_respelled("contract", _upper),
    "issuer without checksum": _anchor_respelled("issuer", str.lower),
    "issuer without 0x": _anchor_respelled("issuer", lambda a: a[2:]),
    "upper-case transaction": _anchor_respelled("transaction", _upper),
    "upper-case block hash": _anchor_respelled("blockHash", _upper),
    "transaction without 0x": _anchor_respelled("transaction", lambda t: t[2:]),
    "block as hex": _anchor_respelled("blockNumber", hex),
    "block negative": _anchor_respelled("blockNumber", lambda _: -1),
    "log as a float": _anchor_respelled("logIndex", float),
    "time with an offset": _anchor_respelled("anchoredAt", lambda t: t[:-1] + "+00:00"),
    "time with a fraction": _anchor_respelled("anchoredAt", lambda t: t[:-1] + ".0Z"),
    "time with a small letter": _anchor_respelled("anchoredAt", str.lower),
    "no such time": _anchor_respelled("anchoredAt", lambda _: "2026-02-30T00:00:00Z"),
    "time as a number": _anchor_respelled("anchoredAt", lambda _: 1767405605),
}


def _not_even_json(shelf: Shelf) -> Iterator[Case]:
    good, badge = shelf.text("badge"), shelf.file("badge")
    texts = {
        "empty": "",
        "null": "null",
        "a list": f"[{good}]",
        "cut": good[:-1],
        "with something behind it": good + "x",
        "with a byte order mark": "\ufeff" + good,
        "a key twice": good[:-1] + ',"type":"rootseal/receipt@1"}',
        "the badge": badge.decode(),
    }
    for name, text in texts.items():
        yield Case(f"receipt: {name}", _MALFORMED, badge, text, None)
