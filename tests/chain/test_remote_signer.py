import threading
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account

from registry.chain import Devnet
from registry.chain.remote_signer import RemoteSigner
from registry.chain.transactions import CURVE_ORDER, decode_signed
from registry.core.address import format_address
from registry.errors import InvalidInputError, UnavailableError
from registry.services.ports import Fees
from tests.anvil import Anvil, wait_mined
from tests.chain.signing_service import Answer, SigningService
from tests.chain.test_transactions import KEY, SENDER, a_transaction

STRANGER = b"\x22" * 32
WANTED = a_transaction(nonce=7, chain_id=31337, data=b"\xaa" * 36, fees=Fees(3 * 10**9, 10**9))


@pytest.fixture
def service() -> Iterator[SigningService]:
    with SigningService(KEY.to_bytes()).running() as service:
        yield service


@pytest.fixture
def signer(service: SigningService) -> Iterator[RemoteSigner]:
    signer = RemoteSigner(service.url, SENDER, timeout=5)
    yield signer
    signer.close()


def test_the_service_signs_what_it_was_asked(service: SigningService, signer: RemoteSigner) -> None:
    signed = signer.sign(WANTED)
    assert signed.unsigned == decode_signed(signed.raw) == WANTED
    assert Account.recover_transaction(signed.raw) == format_address(SENDER)
    assert service.asked == [
        {
            "type": "0x2",
            "chainId": "0x7a69",
            "from": format_address(SENDER),
            "to": format_address(WANTED.to),
            "nonce": "0x7",
            "value": "0x0",
            "data": "0x" + "aa" * 36,
            "gas": hex(WANTED.gas),
            "maxFeePerGas": hex(3 * 10**9),
            "maxPriorityFeePerGas": hex(10**9),
        }
    ]


def test_the_signed_bytes_may_come_with_the_transaction(
    service: SigningService, signer: RemoteSigner
) -> None:
    service.answer = lambda wanted: {"result": {"raw": service.raw(wanted), "tx": wanted}}
    assert signer.sign(WANTED).unsigned == WANTED


def lying(**changes: object) -> Any:
    """Sign something else; a function of the service, to be made an answer."""
    return lambda service: lambda wanted: {"result": service.raw(wanted, **changes)}


def _by_a_stranger(service: SigningService) -> Answer:
    service.key = STRANGER
    return lambda wanted: {"result": service.raw(wanted)}


def _with_the_high_s(service: SigningService) -> Answer:
    def answer(wanted: dict[str, Any]) -> dict[str, Any]:
        raw = service.raw(wanted)
        s = CURVE_ORDER - int(raw[-64:], 16)
        odd = {"80": "01", "01": "80"}[raw[-134:-132]]  # before two numbers of 32 bytes
        return {"result": raw[:-134] + odd + raw[-132:-64] + f"{s:064x}"}

    return answer


def _with_more(service: SigningService) -> Answer:
    return lambda wanted: {"result": service.raw(wanted) + "00"}


def _legacy(service: SigningService) -> Answer:
    def answer(wanted: dict[str, Any]) -> dict[str, Any]:
        fields = {
            "nonce": 7,
            "to": wanted["to"],
            "value": 0,
            "gas": WANTED.gas,
            "gasPrice": 3 * 10**9,
            "data": wanted["data"],
            "chainId": 31337,
        }
        signed = Account.from_key(service.key).sign_transaction(fields)
        return {"result": "0x" + bytes(signed.raw_transaction).hex()}

    return answer


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(lying(nonce=8), id="other nonce"),
        pytest.param(lying(chainId=1), id="other chain"),
        pytest.param(lying(maxFeePerGas=4 * 10**9), id="other fee"),
        pytest.param(lying(maxPriorityFeePerGas=1), id="other priority fee"),
        pytest.param(lying(gas=50_001), id="other gas limit"),
        pytest.param(lying(value=1), id="a value"),
        pytest.param(lying(to="0x" + "08" * 20), id="other recipient"),
        pytest.param(lying(data="0x"), id="other data"),
        pytest.param(
            lying(accessList=[{"address": "0x" + "07" * 20, "storageKeys": []}]),
            id="an access list",
        ),
        pytest.param(_by_a_stranger, id="other signer"),
        pytest.param(_with_the_high_s, id="the twin that nodes refuse"),
        pytest.param(_with_more, id="a byte more"),
        pytest.param(_legacy, id="a legacy transaction"),
        pytest.param(lambda _: lambda _: {"result": "0x"}, id="no bytes"),
        pytest.param(lambda _: lambda _: {"result": "0x02"}, id="only a type"),
        pytest.param(lambda _: lambda _: {"result": "0x02" + "c1" * 50_000}, id="lists for ever"),
        pytest.param(lambda _: lambda _: {"result": {"raw": "0x02c0"}}, id="no fields"),
    ],
)
def test_what_was_not_asked_is_not_used(
    service: SigningService, signer: RemoteSigner, lie: Any
) -> None:
    service.answer = lie(service)
    with pytest.raises(UnavailableError, match="signed something else") as caught:
        signer.sign(WANTED)
    assert caught.value.source == service.url
    assert len(str(caught.value)) < 200  # signed bytes are a secret


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="hangs up"),
        pytest.param(b"", id="blank"),
        pytest.param(b"{", id="malformed JSON"),
        pytest.param(b"[]", id="an array"),
        pytest.param({}, id="neither result nor error"),
        pytest.param({"result": None}, id="null"),
        pytest.param({"result": True}, id="true"),
        pytest.param({"result": "02c0"}, id="no 0x"),
        pytest.param({"result": "0x2"}, id="half a byte"),
        pytest.param({"result": {}}, id="an object without raw"),
        pytest.param({"result": {"raw": {"raw": "0x02c0"}}}, id="an object in an object"),
        pytest.param({"error": {"code": -32000, "message": "locked"}}, id="an error"),
        pytest.param({"error": "locked"}, id="an odd error"),
    ],
)
def test_no_answer_is_could_not_ask(
    service: SigningService, signer: RemoteSigner, answer: Any
) -> None:
    service.answer = lambda _: answer
    with pytest.raises(UnavailableError, match="eth_signTransaction"):
        signer.sign(WANTED)


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_a_status_is_could_not_ask(
    service: SigningService, signer: RemoteSigner, status: int
) -> None:
    service.status = status
    with pytest.raises(UnavailableError, match=f"HTTP {status}"):
        signer.sign(WANTED)


def test_silence_is_could_not_ask(service: SigningService) -> None:
    ended = threading.Event()

    def wait(_: dict[str, Any]) -> None:
        ended.wait()

    service.answer = wait
    signer = RemoteSigner(service.url, SENDER, timeout=0.2)
    with pytest.raises(UnavailableError, match="Timeout"):
        signer.sign(WANTED)
    signer.close()
    ended.set()


def test_after_a_fault_the_same_signer_signs(service: SigningService, signer: RemoteSigner) -> None:
    honest, service.answer = service.answer, lambda _: None
    with pytest.raises(UnavailableError):
        signer.sign(WANTED)
    service.answer = honest
    assert signer.sign(WANTED).unsigned == WANTED


def test_nobody_is_asked_to_sign_for_another_sender(
    service: SigningService, signer: RemoteSigner
) -> None:
    with pytest.raises(ValueError, match="cannot sign for"):
        signer.sign(a_transaction(sender=b"\7" * 20))
    assert service.asked == []


def test_shows_its_kind_and_address_only(service: SigningService) -> None:
    signer = RemoteSigner(f"{service.url}/token-in-the-path", SENDER)
    assert repr(signer) == str(signer) == f"RemoteSigner({format_address(SENDER)})"
    signer.close()


def test_the_services_words_are_shown_without_the_addresses_secrets(
    service: SigningService,
) -> None:
    service.answer = lambda _: {"error": {"code": -1, "message": "no such path: token-in-the-path"}}
    signer = RemoteSigner(f"{service.url}/token-in-the-path", SENDER)
    with pytest.raises(UnavailableError, match="no such path") as caught:
        signer.sign(WANTED)
    assert "token-in-the-path" not in str(caught.value)
    signer.close()


def test_an_address_that_is_none_is_the_callers_fault() -> None:
    with pytest.raises(InvalidInputError):
        RemoteSigner("signer.example", SENDER)


def test_an_unlocked_account_of_a_node_signs_for_its_chain(
    anvil: Anvil, anvil_process: Devnet
) -> None:
    account = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    signer, chain = RemoteSigner(anvil_process.url, account), anvil.chain()
    unsigned = a_transaction(
        chain_id=31337,
        sender=account,
        nonce=chain.next_nonce(account),
        fees=chain.suggest_fees(),
    )
    signed = signer.sign(unsigned)
    chain.broadcast(signed.raw)
    assert wait_mined(chain, signed.transaction).succeeded
    signer.close()
    chain.close()
