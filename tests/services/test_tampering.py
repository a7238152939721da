"""One byte changed anywhere, and nothing is valid any more.

By default every position meets a few substitutes; ROOTSEAL_LONG_TESTS=1 tries all of them.
"""

import os
from collections.abc import Iterator

import pytest

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, deterministic_address
from registry.chain.reply import Reply
from registry.core.documents import parse_document
from registry.core.receipt import embed_receipt, print_receipt
from registry.core.report import Verdict
from registry.services.verification import Evidence, Verification
from tests.services.evidence import PDF, anchored_badge, badge, check, codes, compact, damaged
from tests.services.office import Office, verification

ALL = os.environ.get("ROOTSEAL_LONG_TESTS") == "1"


class StandstillChain(EvmChain):
    """A real node that is asked each question once: its chain stands still in these tests."""

    def _ask(self, method: str, *params: object) -> Reply:
        question = f"{method} {params}"
        if question not in self._heard:
            self._heard[question] = super()._ask(method, *params)
        return self._heard[question]

    def __init__(self, url: str) -> None:
        super().__init__(
            chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=url, contract=deterministic_address()
        )
        self._heard: dict[str, Reply] = {}


@pytest.fixture
def standstill(office: Office) -> Iterator[Verification]:
    chain = StandstillChain(office.anvil.url)
    yield verification(chain)
    chain.close()


def test_one_byte_changed_anywhere_in_a_receipt_never_gives_valid(
    office: Office, standstill: Verification
) -> None:
    credential = badge()
    receipt = print_receipt(anchored_badge(office, credential))
    assert standstill.verify(Evidence(credential, receipt=receipt)).verdict is Verdict.VALID
    verdicts = {
        changed: standstill.verify(Evidence(credential, receipt=changed)).verdict
        for changed in damaged(receipt, every_substitute=ALL)
    }
    assert len(verdicts) > 5 * len(receipt) > 3500
    assert [changed for changed, verdict in verdicts.items() if verdict is Verdict.VALID] == []


def test_one_byte_changed_anywhere_in_a_credential_never_gives_valid(
    office: Office, standstill: Verification
) -> None:
    credential = badge()
    receipt = print_receipt(anchored_badge(office, credential))
    survivors = []
    for changed in damaged(credential, every_substitute=ALL):
        report = standstill.verify(Evidence(changed, receipt=receipt))
        assert report.verdict is Verdict.INVALID
        if check(report, "integrity").code not in {"hash-mismatch", "unreadable-credential"}:
            survivors.append(changed)
    assert survivors == []


def test_one_byte_changed_anywhere_in_a_credential_with_its_receipt_inside_never_gives_valid(
    office: Office, standstill: Verification
) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    whole = compact(embed_receipt(parse_document(credential), receipt))
    assert standstill.verify(Evidence(whole)).verdict is Verdict.VALID
    survivors = [
        changed
        for changed in damaged(whole, every_substitute=ALL)
        if standstill.verify(Evidence(changed)).verdict is Verdict.VALID
    ]
    assert survivors == []


def test_one_byte_changed_anywhere_in_a_pdf_is_another_file(
    office: Office, standstill: Verification
) -> None:
    office.add([PDF, b"another"])
    batch = office.store.seal_open_batch(office.issuer, now=office.chain.head().time)
    assert batch is not None
    office.finish(batch)
    receipt = print_receipt(office.receipt_of(PDF))
    assert standstill.verify(Evidence(PDF, receipt=receipt)).verdict is Verdict.VALID
    for changed in damaged(PDF, every_substitute=ALL):
        report = standstill.verify(Evidence(changed, receipt=receipt))
        assert (report.verdict, codes(report)["integrity"]) == (Verdict.INVALID, "hash-mismatch")
