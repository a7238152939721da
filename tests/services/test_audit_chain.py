"""The chain against itself: rights, statuses, code, and what is unusual."""

from datetime import timedelta

import pytest
from eth_utils.crypto import keccak

from registry.chain import ChainRecord, parse_record, print_record
from registry.chain.contract import encode_call
from registry.chain.records import ProvedWords
from registry.chain.storage import issuer_slots, operator_slot, seal_slot, status_slot
from registry.errors import InvalidInputError
from registry.services.findings import FindingCode
from registry.services.ports import MAX_STATUS_WORDS, Call, CredentialStatus, Role, Signer
from tests.anvil import send
from tests.services.auditing import Shown, audited, codes, record, settle, wait
from tests.services.office import Office, stranger
from tests.services.planting import change_status
from tests.services.test_anchoring import seal_of

FOR_EVER = 2**64 - 1


def contract(office: Office) -> str:
    return "0x" + office.chain.contract.hex()


def store_word(office: Office, slot: bytes, word: int) -> None:
    """Change the contract's state, which no transaction of a stranger can."""
    value = "0x" + word.to_bytes(32, "big").hex()
    office.anvil.ask("anvil_setStorageAt", contract(office), "0x" + slot.hex(), value)


def word_at(office: Office, slot: bytes) -> int:
    answer = office.anvil.ask("eth_getStorageAt", contract(office), "0x" + slot.hex(), "latest")
    return answer.quantity()


def appoint(office: Office, roles: Role, valid_until: int = FOR_EVER) -> None:
    assert office.signer is not None
    operator = stranger().address
    call = office.chain.operator_call(office.issuer, operator, roles, valid_until)
    send(office.chain, office.signer, call)


def with_stolen_right(office: Office, call: Call, signer: Signer, role: Role) -> None:
    """Let somebody act whose right is over, as a contract that does not look would."""
    slot = operator_slot(office.issuer, signer.address)
    before = word_at(office, slot)
    store_word(office, slot, int(role) | FOR_EVER << 8)
    send(office.chain, signer, call)
    store_word(office, slot, before)


def test_an_operator_with_the_right_is_no_finding(office: Office) -> None:
    appoint(office, Role.ANCHOR | Role.STATUS)
    batch = office.sealed("diploma")
    send(office.chain, stranger(), office.chain.anchor_call(office.issuer, seal_of(batch)))
    office.finish(batch)
    settle(office)
    report = audited(office)
    assert codes(report) == []
    [chain] = report.chains
    assert chain.anchors[0].actor == stranger().address
    assert [each.roles for each in chain.operators] == [("anchor", "status")]


@pytest.mark.parametrize("after", ["removal", "expiry", "nothing"])
def test_an_anchor_by_somebody_without_the_right_is_found(office: Office, after: str) -> None:
    batch = office.sealed("diploma")
    if after == "removal":
        appoint(office, Role.ANCHOR)
        appoint(office, Role(0))
    if after == "expiry":
        head = office.chain.head()
        appoint(office, Role.ANCHOR, int(head.time.timestamp()) + 60)
        wait(office, timedelta(minutes=2))
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    with_stolen_right(office, call, stranger(), Role.ANCHOR)
    office.finish(batch)
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.ANCHORED_WITHOUT_RIGHT]
    assert report.findings[0].evidence["seal"] == seal_of(batch).hex()


def test_an_operator_on_the_last_second_has_the_right(office: Office) -> None:
    batch = office.sealed("diploma")
    until = int(office.chain.head().time.timestamp()) + 60
    appoint(office, Role.ANCHOR, until)
    office.anvil.ask("evm_setNextBlockTimestamp", hex(until))
    send(office.chain, stranger(), office.chain.anchor_call(office.issuer, seal_of(batch)))
    office.finish(batch)
    settle(office)
    assert codes(audited(office)) == []


def test_a_status_by_somebody_without_the_right_is_found(office: Office) -> None:
    office.final("diploma")
    appoint(office, Role.ANCHOR)
    (change,) = office.statuses.request(
        office.issuer,
        [office.receipt("diploma").credential_hash],
        CredentialStatus.REVOKED,
        reason=0,
        now=office.chain.head().time,
    )
    with_stolen_right(office, office.chain.status_call(change), stranger(), Role.STATUS)
    settle(office)
    assert codes(audited(office)) == [FindingCode.CHANGED_WITHOUT_RIGHT]


def move(office: Office, new: Signer) -> None:
    """Give the issuer another owner."""
    assert office.signer is not None
    arguments = [office.issuer, new.address]
    transfer = selector("transferIssuer(address,address)") + words(*arguments)
    accept = selector("acceptIssuer(address)") + words(office.issuer)
    send(office.chain, office.signer, Call(office.chain.contract, transfer, "transfer"))
    send(office.chain, new, Call(office.chain.contract, accept, "accept"))


def test_an_issuer_that_somebody_took_over_is_found(office: Office) -> None:
    office.final("diploma")
    move(office, stranger())
    settle(office)

    def as_if_the_issuer_accepted(record: ChainRecord) -> ChainRecord:
        acceptance = record.transactions[-1]
        forged = acceptance.model_copy(update={"raw": None, "sender": office.issuer})
        return record.model_copy(update={"transactions": (*record.transactions[:-1], forged)})

    report = audited(office, change=as_if_the_issuer_accepted)
    assert codes(report) == [FindingCode.CHANGED_WITHOUT_RIGHT, FindingCode.OWNER_CHANGED]


def test_another_owner_is_a_notice(office: Office) -> None:
    office.final("diploma")
    new = stranger()
    move(office, new)
    batch = office.sealed("badge")
    send(office.chain, new, office.chain.anchor_call(office.issuer, seal_of(batch)))
    office.finish(batch)
    settle(office)
    report = audited(office)
    assert (report.verdict, codes(report)) == ("clean", [FindingCode.OWNER_CHANGED])
    assert report.chains[0].owner == new.address


def selector(signature: str) -> bytes:
    return bytes(keccak(text=signature)[:4])


def words(*values: bytes) -> bytes:
    return b"".join(value.rjust(32, b"\0") for value in values)


def test_a_right_that_no_event_gave_is_found(office: Office) -> None:
    office.final("diploma")
    appoint(office, Role.ANCHOR)
    slot = operator_slot(office.issuer, stranger().address)
    store_word(office, slot, int(Role.ANCHOR | Role.STATUS) | FOR_EVER << 8)
    settle(office)
    assert codes(audited(office)) == [FindingCode.STATE_UNEXPLAINED]


@pytest.mark.parametrize("status", [CredentialStatus.SUSPENDED, CredentialStatus.REVOKED])
def test_a_status_that_no_event_set_is_found(office: Office, status: CredentialStatus) -> None:
    seal = seal_of(office.final("diploma", "certificate"))
    store_word(office, status_slot(office.issuer, seal, 1), int(status) << 2)
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.STATUS_UNEXPLAINED]
    assert report.findings[0].evidence["leafIndex"] == 1


def test_a_seal_status_that_no_event_set_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    slot = seal_slot(office.issuer, seal)
    store_word(office, slot, word_at(office, slot) | int(CredentialStatus.REVOKED) << 128)
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.STATUS_UNEXPLAINED]
    assert report.findings[0].evidence["leafIndex"] is None


def test_what_was_quietly_unrevoked_is_found(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    change_status(office, CredentialStatus.REVOKED, "diploma")
    store_word(office, status_slot(office.issuer, seal, 0), 0)
    settle(office)
    assert codes(audited(office)) == [FindingCode.REVOCATION_UNDONE]


def test_a_contract_of_other_code_is_found_and_not_asked(office: Office) -> None:
    office.final("diploma")
    code = str(office.anvil.ask("eth_getCode", contract(office), "latest").value)
    office.anvil.ask("anvil_setCode", contract(office), code + "00")
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.CONTRACT_NOT_OURS]
    assert report.chains[0].owner is None


def test_our_code_with_the_immutables_of_another_chain_is_not_ours(office: Office) -> None:
    office.final("diploma")
    code = str(office.anvil.ask("eth_getCode", contract(office), "latest").value)
    chain_id, other = (number.to_bytes(32, "big").hex() for number in (31337, 1))
    office.anvil.ask("anvil_setCode", contract(office), code.replace(chain_id, other))
    settle(office)
    assert codes(audited(office)) == [FindingCode.CONTRACT_NOT_OURS]


def test_other_metadata_is_a_notice(office: Office) -> None:
    office.final("diploma")
    code = str(office.anvil.ask("eth_getCode", contract(office), "latest").value)
    metadata = bytes.fromhex("a164736f6c634300081e")  # {"solc": 0.8.30} as compilers write it
    tail = b"\xfe" + metadata + len(metadata).to_bytes(2, "big")
    office.anvil.ask("anvil_setCode", contract(office), code + tail.hex())
    settle(office)
    report = audited(office)
    assert (report.verdict, codes(report)) == ("clean", [FindingCode.CODE_METADATA_DIFFERS])


def nights(office: Office, shown: Shown, count: int, gap: timedelta) -> None:
    for number in range(count):
        batch = office.final(f"night {number}")
        shown.changes[seal_of(batch)] = {"opened_at": office.chain.head().time}
        wait(office, gap)


def test_long_silence_is_a_notice(office: Office) -> None:
    shown = Shown.by(office)
    nights(office, shown, 5, timedelta(days=1))
    wait(office, timedelta(days=9))
    office.anvil.mine(3)
    batch = office.final("after long silence")
    shown.changes[seal_of(batch)] = {"opened_at": office.chain.head().time}
    settle(office)
    report = audited(office, shown)
    assert (report.verdict, codes(report)) == ("clean", [FindingCode.CADENCE_ANOMALY])


def test_an_anchor_that_took_far_more_gas_is_a_notice(office: Office) -> None:
    assert office.signer is not None
    for number in range(5):
        office.final(f"night {number}")
    batch = office.sealed("dear")
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    padded = Call(call.to, call.data + b"\x01" * 5_000, call.label)
    send(office.chain, office.signer, padded)
    office.finish(batch)
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.GAS_ANOMALY]
    assert report.findings[0].evidence["seal"] == seal_of(batch).hex()


def test_a_profile_that_is_no_text_blinds_nobody(office: Office) -> None:
    office.final("diploma")
    assert office.signer is not None
    text = b"\xff\xfe"
    arguments = office.issuer.rjust(32, b"\0") + (64).to_bytes(32, "big")
    data = selector("setProfile(address,string)") + arguments
    data += len(text).to_bytes(32, "big") + text.ljust(32, b"\0")
    send(office.chain, office.signer, Call(office.chain.contract, data, "profile"))
    settle(office)
    report = audited(office)
    assert (report.verdict, codes(report)) == ("clean", [])
    assert report.chains[0].events == 2


@pytest.mark.parametrize("leaf", [2**60, 2**64 - 1])
def test_a_status_of_a_leaf_that_no_tree_has_blinds_nobody(office: Office, leaf: int) -> None:
    """The contract knows no sizes: whoever has the STATUS right may name any leaf."""
    seal = seal_of(office.final("diploma"))
    assert office.signer is not None
    revoked = CredentialStatus.REVOKED
    data = encode_call("setCredentialStatus", "0x" + office.issuer.hex(), seal, [leaf], revoked, 0)
    send(office.chain, office.signer, Call(office.chain.contract, data, "far away"))
    settle(office)
    report = audited(office)
    assert (report.verdict, codes(report)) == ("clean", [])
    assert [change.credentials for change in report.chains[0].changes] == [1]


def test_a_count_of_anchors_beyond_all_memory_is_only_a_count(office: Office) -> None:
    """As the state of a chain of the issuer's own may have it."""
    office.final("diploma")
    slot, _ = issuer_slots(office.issuer)
    store_word(office, slot, word_at(office, slot) & (2**160 - 1) | 2**53 << 160)
    settle(office)
    report = audited(office)
    assert codes(report) == [FindingCode.EVENT_WITHHELD]
    assert report.findings[0].evidence["missing"] == 2**53 - 1
    assert report.findings[0].evidence["first"] == 2


def test_a_record_cannot_name_more_words_than_can_be_looked_at(office: Office) -> None:
    seal = seal_of(office.final("diploma"))
    settle(office)
    sound = record(office)
    assert parse_record(print_record(sound)) == sound
    some = ProvedWords(seal=seal, first=MAX_STATUS_WORDS, others=())
    other = ProvedWords(seal=b"\x07" * 32, first=1, others=())
    for words in ((some, other), (some.model_copy(update={"first": 2**53 - 1}),)):
        with pytest.raises(InvalidInputError):
            parse_record(print_record(sound.model_copy(update={"words": words})))
