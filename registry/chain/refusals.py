"""What a node's error says, in our words: of a transaction, of a question, of itself. Asks nothing.

Nodes agree on no codes for this, so their messages are matched, written together in lower case:
geth, reth and Anvil write "nonce too low", older Nethermind "OldNonce", older Besu "Transaction
nonce is below sender account nonce".
"""

from registry.chain.contract import explain_revert, is_known_error
from registry.chain.rpc import JsonRpcError, NoAnswerError
from registry.errors import RootsealError, TransactionRefusedError, UnavailableError

_KNOWN = ("alreadyknown", "alreadyimported", "knowntransaction", "existingtxwithsamehash")
_REASONS = (
    (
        "nonce-too-low",
        (
            "noncetoolow",
            "oldnonce",
            "nonceislow",
            "noncealreadyused",
            "belowsenderaccountnonce",
        ),
    ),
    (
        "underpriced",
        (
            "underpriced",
            "lessthanblockbasefee",
            "lessthanbasefee",
            "feetoolow",
            "gaspricebelow",
            "gaspricetoolow",
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
    (
        "gas-too-low",
        (
            "intrinsicgastoolow",
            "intrinsicgasexceedsgaslimit",  # Besu: the gas needed exceeds the limit given
            "gascostmorethangaslimit",  # reth's and Anvil's engine, under "intrinsic gas too high"
            "gaslimitbelow",
            "gasistoolow",
            "floordata",  # EIP-7623: calldata has a price of its own
        ),
    ),
    ("reverted", ("executionreverted", "transactionreverted")),
    ("rejected", ("gasrequiredexceedsallowance", "exceedsblockgaslimit", "outofgas")),
)
# With these words a node says that it could not look, whatever the code beside them.
_BUSY = ("full", "timeout", "timedout", "ratelimit", "toomany", "busy", "overload", "internalerror")
_BUSY_CODES = frozenset({-32603, -32005})  # internal error; limit exceeded
# Of `eth_getLogs`, where "too many" and "timeout" speak of the range asked for.
_BUSY_LOGS = ("ratelimit", "toomanyrequests", "requestspersecond", "busy", "overload")
# A range that is too wide for a node may also end without an answer, at once or late.
_TOO_LARGE = frozenset({"too-large", "http-413"})
_TOO_SLOW = frozenset({"timeout", "http-408", "http-504"})
_UNKNOWN_BLOCK = -39001  # execution API's code; asked by tag: there is none yet
_REVERT = 3  # JSON-RPC code of geth, and since then of most, for a revert
# Codes with which a node says no to what was asked, and not that it could not look:
# server error (geth's only one), transaction rejected, invalid parameters, revert.
_ANSWERS = frozenset({-32000, -32003, -32602, _REVERT})


def is_known_already(error: JsonRpcError) -> bool:
    """Whether the node has the transaction that it was sent."""
    return any(phrase in _compact(error.text) for phrase in _KNOWN)


def is_answer(error: JsonRpcError) -> bool:
    """Whether an error says something of what was asked, so that no other node need be asked."""
    return answer_code(error) is not None


def answer_code(error: JsonRpcError) -> str | None:
    """Return what an error says of what was asked, the same for all makes of node, or None."""
    # Of a block by its hash, the same words mean only that this node lags.
    if error.method == "eth_getBlockByNumber" and is_no_finalized_block(error):
        return "no-finalized-block"
    reason = _reason(error)
    data = _revert_data(error.details)
    return f"reverted 0x{data.hex()}" if reason == "reverted" and data else reason


def is_busy(error: JsonRpcError) -> bool:
    """Whether a node says that it could not look just now, so that asking again may help."""
    text = _compact(error.text)
    if error.method == "eth_getLogs":
        return any(phrase in text for phrase in _BUSY_LOGS)
    if _reason(error) is not None:
        return False
    return error.number in _BUSY_CODES or any(phrase in text for phrase in _BUSY)


def is_range_refused(error: UnavailableError) -> bool:
    """Whether the answer to `eth_getLogs` was refused in a way that fewer blocks may cure."""
    if isinstance(error, JsonRpcError):
        return not is_busy(error)
    return isinstance(error, NoAnswerError) and error.kind in _TOO_LARGE | _TOO_SLOW


def is_too_slow(error: UnavailableError) -> bool:
    """Whether the node did not answer in time: it may be too busy with it, or dead."""
    return isinstance(error, NoAnswerError) and error.kind in _TOO_SLOW


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
    if error.number in _ANSWERS and not is_busy(error):
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
