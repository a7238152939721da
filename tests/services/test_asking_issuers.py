"""Whose an anchoring address is, by the word of the issuer's own domain."""

import json
from dataclasses import dataclass, replace

import dns.rcode
import pytest

from registry.core.address import format_address
from registry.core.report import Outcome, Report, Verdict
from registry.core.trust import TrustedIssuer
from registry.identity import OnlineDirectory
from registry.identity.names import Names
from registry.identity.web import Web
from registry.services.verification import Evidence, Verification
from tests.identity.conftest import HOST, authority, names, site
from tests.identity.servers import Authority, NameServer, WebServer
from tests.services.evidence import (
    PDF,
    anchored_badge,
    badge,
    check,
    evidence_of,
    fails,
    is_unknown,
)
from tests.services.office import Office, stranger

__all__ = ["authority", "names", "site"]

PATH = "/.well-known/did.json"
CHAIN = 31337


@dataclass
class Institute:
    """An issuer with a domain, which can be asked over HTTPS and DNS, and counts who asks."""

    office: Office
    site: WebServer
    names: NameServer
    verifier: Verification

    @property
    def did(self) -> str:
        return f"did:web:{HOST}%3A{self.site.port}"

    @property
    def address(self) -> str:
        return format_address(self.office.issuer)

    @property
    def was_asked(self) -> bool:
        return bool(self.site.connections or self.names.questions)

    def publish(self, address: str, chain: int = CHAIN) -> None:
        account = f"eip155:{chain}:{address}"
        method = {"type": "EcdsaSecp256k1RecoveryMethod2020", "blockchainAccountId": account}
        document = {"id": self.did, "verificationMethod": [method]}
        self.site.say(PATH, json.dumps(document).encode())

    def record(self, address: str, chain: int = CHAIN) -> None:
        self.names.know(HOST, "TXT", [f'"openatts net=ethereum netId={chain} addr={address}"'])

    def issued(self, issuer: object) -> Evidence:
        credential = badge(issuer=issuer)
        return evidence_of(credential, anchored_badge(self.office, credential))

    def verify(self, issuer: object) -> Report:
        return self.verifier.verify(self.issued(issuer))


@pytest.fixture
def institute(
    office: Office, site: WebServer, names: NameServer, authority: Authority
) -> Institute:
    names.know(HOST, "A", ["127.0.0.1"])
    resolving = Names(timeout=2, resolver=names.resolver)
    web = Web(
        resolving.addresses, timeout=2, tls=authority.trusting, may_connect=lambda _address: True
    )
    directory = OnlineDirectory(timeout=2, names=resolving, web=web)
    return Institute(office, site, names, replace(office.verification(), directory=directory))


def test_the_did_document_of_the_issuer_names_the_address(institute: Institute) -> None:
    institute.publish(institute.address)
    report = institute.verify({"id": institute.did, "name": "Institute"})
    found = check(report, "issuer")
    assert (report.verdict, found.outcome) == (Verdict.VALID, Outcome.PASS)
    assert (found.code, found.evidence) == (
        "did-web-issuer",
        {"issuer": institute.address, "did": institute.did},
    )
    assert institute.did in report.summary


@pytest.mark.parametrize(
    "issuer",
    [
        f"https://{HOST}/issuers/1",
        {"id": "urn:example:1", "identityProof": {"type": "DNS-TXT", "location": HOST}},
    ],
)
def test_the_dns_of_the_issuer_names_the_address(institute: Institute, issuer: object) -> None:
    institute.record(institute.address.lower())
    report = institute.verify(issuer)
    found = check(report, "issuer")
    assert (report.verdict, found.outcome) == (Verdict.VALID, Outcome.PASS)
    assert (found.code, found.evidence) == (
        "dns-issuer",
        {"issuer": institute.address, "domain": HOST},
    )


@pytest.mark.parametrize("answer", [b"HTTP/1.1 404 No\r\n\r\n", b"HTTP/1.1 500 No\r\n\r\n"])
def test_dns_counts_where_the_did_document_is_silent_or_cannot_be_had(
    institute: Institute, answer: bytes
) -> None:
    institute.record(institute.address)
    institute.site.paths[PATH] = answer
    assert check(institute.verify(institute.did), "issuer").code == "dns-issuer"


def test_an_issuer_that_names_others_disowns_the_address(institute: Institute) -> None:
    other = format_address(stranger().address)
    institute.publish(other)
    institute.record(other)
    report = institute.verify(institute.did)
    fails(report, "issuer", "issuer-not-named")
    assert check(report, "issuer").evidence == {
        "issuer": institute.address,
        "did": institute.did,
        "domain": HOST,
    }


def test_an_issuer_that_names_nobody_names_not_this_one(institute: Institute) -> None:
    fails(institute.verify(institute.did), "issuer", "issuer-not-named")
    fails(institute.verify(f"https://{HOST}"), "issuer", "issuer-not-named")
    fails(institute.verify("https://no.example"), "issuer", "issuer-not-named")


def test_the_same_address_on_another_chain_is_another_account(institute: Institute) -> None:
    institute.publish(institute.address, chain=1)
    institute.record(institute.address, chain=1)
    fails(institute.verify(institute.did), "issuer", "issuer-not-named")


def test_one_domain_does_not_vouch_for_another(institute: Institute) -> None:
    institute.record(institute.address)
    institute.names.know("famous.example", "A", ["127.0.0.1"])
    issuer = {"id": "https://famous.example", "identityProof": {"location": HOST}}
    fails(institute.verify(issuer), "issuer", "issuer-not-named")
    assert {name for name, _ in institute.names.questions} == {"famous.example"}


@pytest.mark.parametrize("answer", [b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>"])
def test_a_document_that_cannot_be_had_is_held_against_nobody(
    institute: Institute, answer: bytes
) -> None:
    institute.site.paths[PATH] = answer
    is_unknown(institute.verify(institute.did), "issuer", "issuer-unreachable")


def test_dns_that_fails_is_held_against_nobody(institute: Institute) -> None:
    institute.publish(format_address(stranger().address))
    institute.names.codes[HOST] = dns.rcode.SERVFAIL
    report = institute.verify(institute.did)
    is_unknown(report, "issuer", "issuer-unreachable")
    assert "127.0.0.1" not in report.summary


def test_nobody_is_asked_unless_it_is_wanted_and_needed(institute: Institute) -> None:
    institute.publish(institute.address)
    evidence = institute.issued(institute.did)
    issuer, verifier = institute.office.issuer, institute.verifier
    replace(verifier, directory=None).verify(evidence)
    verifier.verify(evidence, expected_issuer=issuer)
    verifier.verify(evidence, expected_issuer=stranger().address)
    for trusted in (issuer, stranger().address):
        replace(verifier, trusted={trusted: TrustedIssuer("Known")}).verify(evidence)
    assert not institute.was_asked
    verifier.verify(evidence)
    assert institute.was_asked


def test_a_credential_that_is_not_the_sealed_one_makes_nobody_ask(institute: Institute) -> None:
    evidence = institute.issued("https://honest.example")
    forged = replace(evidence, credential=badge(issuer=institute.did))
    report = institute.verifier.verify(forged)
    fails(report, "integrity", "hash-mismatch")
    assert check(report, "issuer").code == "no-trust-list"
    elsewhere = replace(institute.verifier, chains={})
    assert check(elsewhere.verify(evidence), "issuer").code == "no-anchor"
    assert not institute.was_asked


def test_a_credential_that_names_nobody_who_can_be_asked_is_as_without(
    institute: Institute,
) -> None:
    assert check(institute.verify("did:key:z6Mk"), "issuer").code == "no-trust-list"
    institute.office.add([PDF])
    batch = institute.office.store.seal_open_batch(
        institute.office.issuer, now=institute.office.chain.head().time
    )
    assert batch is not None
    institute.office.finish(batch)
    report = institute.verifier.verify(evidence_of(PDF, institute.office.receipt_of(PDF)))
    assert check(report, "issuer").code == "no-trust-list"
    assert not institute.was_asked
