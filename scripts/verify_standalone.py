"""Verify a credential with Python alone: verify_standalone.py RPC_URL CREDENTIAL [RECEIPT].

The algorithm of docs/verify.md: no package, no server of ours, only a node that you trust. Exit
code 0: valid; 1: invalid; 2: wrong use; 3: could not be decided. It asks whether the seal stands in
the contract, not in which transaction it came there, nor whether the receipt is in good form; whose
the issuer's address is it leaves to you.
"""

import json
import sys
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any  # JSON of any shape

CONTRACT = "0x66AACb610e13aa5d24A81D5C0592A1e2f5E1816d"  # the same on every chain
CRYPTOSUITE = "rootseal-receipt-2026"
ANCHOR_OF, STATUS_OF = "0xecbe7ca5", "0x7baccc1b"


class InvalidError(Exception):
    """The evidence is false; whatever else is raised means that it could not be decided."""


def need(holds: object, otherwise: str) -> None:
    if not holds:
        raise InvalidError(otherwise)


def number(text: str) -> float:
    value = int(text) if text.lstrip("-").isdigit() and len(text) < 18 else float(text)
    is_counted = abs(value) < 2**53 or abs(value) >= 1e21  # between, doubles print as integers
    need(Decimal(text) == Decimal(repr(value)) and is_counted, f"{text[:40]}: not exact")
    return value + 0  # minus zero is zero


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "a key stands twice in one object")
    return dict(pairs)


def read(data: bytes) -> Any:
    hooks: Any = {"parse_int": number, "parse_float": number, "parse_constant": number}
    try:
        return json.loads(data.decode(), object_pairs_hook=members, **hooks)
    except (ValueError, ArithmeticError, RecursionError) as exc:
        raise InvalidError(f"JSON that cannot be read exactly ({exc})") from exc


def jcs(value: Any) -> str:  # RFC 8785, but for doubles that it prints with an exponent
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(key)}:{jcs(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    if isinstance(value, float) and abs(value) < 1e-4:
        raise ValueError(f"this script cannot print {value} as RFC 8785 does: ask a full verifier")
    return json.dumps(value, ensure_ascii=False).removesuffix(".0" * isinstance(value, float))


def hash_of(credential: bytes, canonicalization: str) -> bytes:
    if canonicalization == "rdfc":
        raise ValueError("this script cannot read JSON-LD: ask a full verifier")
    if canonicalization == "jcs":
        document = {key: value for key, value in read(credential).items() if key != "proof"}
        credential = jcs(document).encode()
    return sha256(credential).digest()


def seal_of(receipt: Any, credential_hash: bytes) -> str:
    index, last = receipt["leafIndex"], receipt["treeSize"] - 1
    need(0 <= index <= last < 2**40, "no tree has that position")
    siblings = [bytes.fromhex(sibling) for sibling in receipt["siblings"]]
    node = sha256(bytes.fromhex(receipt["salt"]) + credential_hash).digest()
    while last > 0:
        if index % 2 or index < last:
            pair = siblings.pop(0), node
            node = sha256(b"".join(pair if index % 2 else pair[::-1])).digest()
        index, last = index // 2, last // 2
    need(not siblings, "the path is too long")
    return sha256(node + receipt["treeSize"].to_bytes(32, "big")).hexdigest()


def ask(url: str, method: str, *params: object) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the user's node
        return json.load(answer)["result"]


def call(url: str, block: str, function: str, *words: str) -> list[int]:
    data = function + "".join(word.removeprefix("0x").rjust(64, "0") for word in words)
    result = ask(url, "eth_call", {"to": CONTRACT, "data": data}, block)[2:]
    return [int(result[start : start + 64], 16) for start in range(0, len(result), 64)]


def status_on_chain(url: str, receipt: Any, anchor: Any) -> int:
    """Compare the anchor with the final state of the contract; raises where they differ."""
    need(anchor["contract"] == CONTRACT, "the receipt names another contract")
    issuer, seal, index = anchor["issuer"], receipt["seal"], hex(receipt["leafIndex"])
    time = call(url, "finalized", ANCHOR_OF, issuer, seal)[0]
    if not time and call(url, "latest", ANCHOR_OF, issuer, seal)[0]:
        raise OSError("the anchor is not final yet")
    need(time, "the issuer never anchored this seal")
    anchored_at = f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"
    need(anchored_at == anchor["anchoredAt"], f"it was anchored at {anchored_at}")
    return call(url, "latest", STATUS_OF, issuer, seal, index)[0]


def in_time(credential: bytes, anchored_at: str) -> None:
    if credential.startswith(b"eyJ") and credential.count(b".") == 2:
        raise OSError("a token (JWT), whose dates and signature are not read here")
    try:
        document = read(credential) if credential.lstrip()[:1] == b"{" else {}
    except InvalidError:  # of raw bytes that are no JSON after all
        document = {}
    names = "validFrom", "issuanceDate", "validUntil", "expirationDate", "awardedDate"
    dates = {name: datetime.fromisoformat(document[name]) for name in names if name in document}
    now = datetime.now(UTC)
    need(all(dates.get(name, now) <= now for name in names[:2]), "not valid yet")
    need(all(dates.get(name, now) >= now for name in names[2:4]), "it has expired")
    anchored = datetime.fromisoformat(anchored_at or f"{now}")
    need(dates.get("awardedDate", anchored) <= anchored, "it was anchored before it was awarded")


def verify(url: str, credential: bytes, receipt: Any) -> str:
    found = hash_of(credential, receipt["canonicalization"])
    need(found.hex() == receipt["credentialHash"], "the receipt is of another credential")
    need(seal_of(receipt, found) == receipt["seal"], "the path does not lead to the seal")
    in_time(credential, min([anchor["anchoredAt"] for anchor in receipt["anchors"]], default=""))
    chain = "eip155:" + str(int(ask(url, "eth_chainId"), 16))
    anchors = [anchor for anchor in receipt["anchors"] if anchor["chain"] == chain]
    if not anchors:
        raise OSError(f"the receipt has no anchor on {chain}, the node's chain")
    for anchor in anchors:
        status = status_on_chain(url, receipt, anchor)
        need(status == 0, f"the issuer has {['', 'suspended', 'revoked'][status]} it")
    return f"anchored by {anchors[0]['issuer']} on {chain} on {anchors[0]['anchoredAt']}"


def inside(credential: bytes) -> Any:
    proofs = read(credential)["proof"] if credential.lstrip()[:1] == b"{" else []
    found = [each["receipt"] for each in proofs if each.get("cryptosuite") == CRYPTOSUITE]
    if not found:
        raise OSError("no receipt is inside: name its file, too")
    need(len(found) == 1, "two receipts are inside")
    return found[0]


def main(url: str, credential_file: str, *receipt_file: str) -> int:
    credential = Path(credential_file).read_bytes()
    try:
        receipt = read(Path(receipt_file[0]).read_bytes()) if receipt_file else inside(credential)
        print("VALID:", verify(url, credential, receipt))
    except InvalidError as exc:
        print("INVALID:", exc)
        return 1
    except Exception as exc:  # noqa: BLE001 - a node's nonsense, too, is no answer
        print(f"UNDETERMINED: {exc!r}")
        return 3
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
