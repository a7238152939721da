"""Nodes other than Anvil, by the words they use."""

import pytest

from registry.chain.contract import explain_revert
from registry.chain.refusals import (
    is_busy,
    is_known_already,
    is_no_finalized_block,
    refusal,
    rejection,
    revert_sentence,
)
from registry.chain.rpc import JsonRpcError
from registry.errors import TransactionRefusedError

TRANSACTION = bytes.fromhex("ab" * 32)


def error(text: str, number: int = -32000, details: object = None) -> JsonRpcError:
    return JsonRpcError(
        method="eth_sendRawTransaction",
        number=number,
        text=text,
        details=details,
        source="http://node",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonce too low: next nonce 5, tx nonce 4", "nonce-too-low"),
        ("Nonce too low", "nonce-too-low"),
        ("OldNonce", "nonce-too-low"),
        ("replacement transaction underpriced", "underpriced"),
        ("transaction underpriced: gas tip cap 0, minimum needed 1", "underpriced"),
        ("max fee per gas less than block base fee: address 0x…", "underpriced"),
        ("FeeTooLow, MaxFeePerGas too low", "underpriced"),
        ("ReplacementNotAllowed", "underpriced"),
        ("insufficient funds for gas * price + value: balance 0", "insufficient-funds"),
        ("InsufficientFunds, Account balance: 0", "insufficient-funds"),
        ("Upfront cost exceeds account balance", "insufficient-funds"),
        ("Transaction nonce is below sender account nonce", "nonce-too-low"),
        ("Gas price too low", "underpriced"),
        ("intrinsic gas too low: gas 20000, minimum needed 21000", "gas-too-low"),
        ("Intrinsic gas exceeds gas limit", "gas-too-low"),
        ("intrinsic gas too high -- CallGasCostMoreThanGasLimit", "gas-too-low"),
        ("gas limit below intrinsic gas", "gas-too-low"),
        (
            "insufficient gas for floor data gas cost: gas 21000, minimum 24000",
            "gas-too-low",
        ),
        ("exceeds block gas limit", "rejected"),
        ("transaction type not supported", "rejected"),
    ],
)
def test_the_words_of_nodes_have_one_meaning(text: str, reason: str) -> None:
    outcome = rejection(error(text), TRANSACTION)
    assert isinstance(outcome, TransactionRefusedError)
    assert outcome.reason == reason
    assert TRANSACTION.hex() in str(outcome)


@pytest.mark.parametrize(
    "text", ["already known", "AlreadyKnown", "Known transaction", "transaction already imported"]
)
def test_known_already_is_known(text: str) -> None:
    assert is_known_already(error(text))


@pytest.mark.parametrize(
    ("method", "text", "number", "busy"),
    [
        ("eth_call", "internal error", -32603, True),
        ("eth_call", "limit exceeded", -32005, True),
        ("eth_call", "Too Many Requests", -32000, True),
        ("eth_call", "execution reverted", -32603, False),
        ("eth_call", "header not found", -32000, False),
        ("eth_sendRawTransaction", "txpool is full", -32000, True),
        ("eth_sendRawTransaction", "nonce too low", -32000, False),
        ("eth_getLogs", "query returned more than 10000 results", -32005, False),
        ("eth_getLogs", "query timeout exceeded", -32005, False),
        ("eth_getLogs", "internal error", -32603, False),
        ("eth_getLogs", "daily request count exceeded, request rate limited", -32005, True),
        ("eth_getLogs", "compute units: 429 Too Many Requests", 429, True),
    ],
)
def test_busy_is_what_may_pass(method: str, text: str, number: int, *, busy: bool) -> None:
    failure = JsonRpcError(method=method, number=number, text=text, details=None, source="node")
    assert is_busy(failure) is busy


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("txpool is full", -32000),
        ("request timed out", -32000),
        ("internal error", -32603),
        ("limit exceeded", -32005),
        ("method not found", -32601),
        ("something new", -31999),
    ],
)
def test_a_node_that_could_not_look_refused_nothing(text: str, number: int) -> None:
    original = error(text, number)
    assert rejection(original, TRANSACTION) is original


@pytest.mark.parametrize(
    ("text", "number", "want"),
    [
        ("finalized block not found", -32000, True),
        ("Unknown block", -39001, True),
        ("header not found", -32000, False),
        ("internal error", -32603, False),
    ],
)
def test_only_the_nodes_word_means_no_final_block(text: str, number: int, *, want: bool) -> None:
    assert is_no_finalized_block(error(text, number)) is want


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param("", "no reason given", id="nothing"),
        pytest.param("01020304", "unknown error 0x01020304", id="an error of another contract"),
        pytest.param(
            "08c379a0" + "20".rjust(64, "0") + "02".rjust(64, "0") + "6e6f".ljust(64, "0"),
            "Error(message=no)",
            id="a text",
        ),
        pytest.param("4e487b71" + "11".rjust(64, "0"), "Panic(code=17)", id="a panic"),
        pytest.param("4e487b71", "Panic(undecodable)", id="a panic cut short"),
    ],
)
def test_a_revert_is_put_in_words(data: str, sentence: str) -> None:
    assert explain_revert(bytes.fromhex(data)) == sentence


@pytest.mark.parametrize(
    "details",
    [
        pytest.param("0x4e487b71" + "11".rjust(64, "0"), id="geth, reth, anvil"),
        pytest.param("Reverted 0x4e487b71" + "11".rjust(64, "0"), id="parity, nethermind"),
        pytest.param({"data": "0x4e487b71" + "11".rjust(64, "0")}, id="one level down"),
    ],
)
def test_revert_data_is_found_where_nodes_put_it(details: object) -> None:
    outcome = refusal(error("VM execution error", -32015, details), label="anchor")
    assert outcome is not None
    assert outcome.reason == "reverted"
    assert str(outcome) == "anchor would revert: Panic(code=17)"


@pytest.mark.parametrize("details", [None, 7, "0xnothex", "text", {}, []])
def test_a_revert_without_data_keeps_the_nodes_words(details: object) -> None:
    reverted = error("execution reverted", 3, details)
    assert revert_sentence(reverted) == "execution reverted"
