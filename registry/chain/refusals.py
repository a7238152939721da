"""What a node's error says of a transaction, in our words. Asks nothing.

Nodes agree on no codes for this, so their messages are matched, written together in lower case:
geth, reth and Anvil write "nonce too low", Nethermind "OldNonce".
"""

from registry.chain.contract import explain_revert, is_known_error
from registry.chain.rpc import JsonRpcError
from registry.errors import RootsealError, TransactionRefusedError

_KNOWN = ("alreadyknown", "alreadyimported", "knowntransaction", "existingtxwithsamehash")
_REASONS = (
    ("nonce-too-low", ("noncetoolow", "oldnonce", "nonceislow", "noncealreadyused")),
    (
        "underpriced",
        (
            "underpriced",
            "lessthanblockbasefee",
            "lessthanbasefee",
            "feetoolow",
            "gaspricebelow",
            "replacementnotallowed",
            "couldnotreplaceexistingtx",
        ),
    ),
    (
        "insufficient-funds",
        (
            "insufficientfunds",
            "insufficientbalance",
            "upfrontcostexceeds",
        ),
    ),
    ("reverted", ("executionreverted", "transactionreverted")),
    ("rejected", ("gasrequiredexceedsallowance", "exceedsblockgaslimit", "outofgas")),
)
# With these words a node says that it could not look, whatever the code beside them.
_BUSY = ("full", "timeout", "timedout", "ratelimit", "toomany", "busy", "overload", "internalerror")
_UNKNOWN_BLOCK = -39001  # execution API's code; asked by tag: there is none yet
_REVERT = 3  # JSON-RPC code of geth, and since then of most, for a revert
# Codes with which a node says no to what was asked, and not that it could not look:
# server error (geth's only one), transaction rejected, invalid parameters, revert.
_ANSWERS = frozenset({-32000, -32003, -32602, _REVERT})


def is_known_already(error: JsonRpcError) -> bool:
    """Whether the node has the transaction that it was sent."""
    return any(phrase in _compact(error.text) for phrase in _KNOWN)


def is_revert(error: JsonRpcError) -> bool:
    """Whether a simulated call reverted."""
    return _reason(error) == "reverted"


def refusal(error: JsonRpcError, *, label: str) -> TransactionRefusedError | None:
    """Return the refusal that an error means, or None if it says nothing of the transaction."""
    reason = _reason(error)
    if reason is None:
        return None
    if reason == "reverted":
        message = f"{label} would revert: {revert_sentence(error)}"
    else:
        message = f"{label} was refused: {error.text[:200]}"
    return TransactionRefusedError(message, reason=reason)


def rejection(error: JsonRpcError, transaction: bytes) -> RootsealError:
    """Return the error that broadcasting ended with: a refusal, or `error` if it is none."""
    label = f"transaction 0x{transaction.hex()}"
    known = refusal(error, label=label)
    if known is not None:
        return known
    busy = any(phrase in _compact(error.text) for phrase in _BUSY)
    if error.number in _ANSWERS and not busy:
        return TransactionRefusedError(
            f"{label} was refused: {error.text[:200]}", reason="rejected"
        )
    return error


def is_no_finalized_block(error: JsonRpcError) -> bool:
    """Whether the node says that no block of its chain is final yet."""
    text = _compact(error.text)
    return "finalizedblocknotfound" in text or error.number == _UNKNOWN_BLOCK


def revert_sentence(error: JsonRpcError) -> str:
    """Say which error a revert carries."""
    data = _revert_data(error.details)
    return explain_revert(data) if data else error.text[:200]


def _reason(error: JsonRpcError) -> str | None:
    data = _revert_data(error.details)
    if error.number == _REVERT or (data is not None and is_known_error(data)):
        return "reverted"
    text = _compact(error.text)
    for reason, phrases in _REASONS:
        if any(phrase in text for phrase in phrases):
            return reason
    return None


def _revert_data(details: object) -> bytes | None:
    """Find revert data: a hex string, the same after "Reverted ", or one level down."""
    if isinstance(details, dict):
        details = details.get("data")
    if not isinstance(details, str):
        return None
    text = details.removeprefix("Reverted ")
    if not text.startswith("0x"):
        return None
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        return None


def _compact(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
