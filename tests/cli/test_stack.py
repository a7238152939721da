"""`rootseal stack`: badges of two issuers that earn a third's, and what becomes of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openvc.did.base import multikey_to_jwk
from openvc.proof.di_jcs import EddsaJcsProofSuite

from registry.badges.open_badge import identity_hash
from registry.badges.pathways import read_pathway
from registry.core.report import Outcome
from registry.services.stacking import Offered, standing
from tests.anvil import Anvil
from tests.cli.conftest import Ran, rootseal

ADDRESSES = {
    "academy": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "vendor": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "council": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
}
ACCOUNTS = {"academy": "1", "vendor": "2", "council": "0"}
ADA, BOB = "ada@x.example", "bob@x.example"


def achievement(name: str) -> str:
    return f'name = "{name}"\ndescription = "It."\ncriteria = "Do it."\nvalid_for = "3 years"\n'


class Offices:
    """Three issuers in one folder, each with keys, a store and a profile of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.dids: dict[str, str] = {}
        (folder / "password").write_text("correct horse\n")
        monkeypatch.delenv("ROOTSEAL_ISSUER")
        monkeypatch.setenv("ROOTSEAL_SIGNING_PASSWORD_FILE", str(folder / "password"))
        monkeypatch.setenv("ROOTSEAL_PUBLIC_URL", "https://badges.example")
        for name in ACCOUNTS:
            key = f"{name}.pem"
            made = rootseal("keys", "new-signing-key", key, "--password-file", "password", "--json")
            self.dids[name] = made.json["did"]
            profile = f'id = "{self.dids[name]}"\nname = "{name.title()}"\n'
            (folder / f"{name}.toml").write_text(profile)

    def run(self, office: str, *arguments: object) -> Ran:
        for name, value in {
            "DEVELOPMENT_ACCOUNT": ACCOUNTS[office],
            "DATABASE": f"sqlite:///{self.folder}/{office}.db",
            "ISSUER_PROFILE": str(self.folder / f"{office}.toml"),
            "SIGNING_KEY": str(self.folder / f"{office}.pem"),
        }.items():
            self.monkeypatch.setenv(f"ROOTSEAL_{name}", value)
        return rootseal(*arguments)

    def issue(self, office: str, name: str, *people: str, **columns: str) -> list[Path]:
        """Badges of an issuer for people, in order."""
        out = f"{office}-{name}-{len(people)}-{people[0]}".replace(" ", "-")
        (self.folder / "achievement.toml").write_text(achievement(name))
        head = ",".join(["email", *columns])
        rows = [",".join([person, *columns.values()]) for person in people]
        (self.folder / "roster.csv").write_text("\n".join([head, *rows]) + "\n")
        ran = self.run(
            office, "issue", "roster.csv", "--achievement", "achievement.toml", "--out", out,
            "--proof", "rdfc", "--baked",
        )  # fmt: skip
        assert ran.code == 0, ran.err
        listed = (self.folder / out / "issued.csv").read_text().splitlines()[1:]
        return [self.folder / out / line.split(",")[-1] for line in listed]

    def pathway(self, requires: str, *issuers: str) -> None:
        names = issuers or ("academy", "vendor")
        tables = "".join(
            f'[issuers.{name}]\nid = "{self.dids[name]}"\naddress = "{ADDRESSES[name]}"\n'
            for name in names
        )
        (self.folder / "practitioner.toml").write_text(achievement("Cloud Practitioner"))
        text = f'achievement = "practitioner.toml"\n{tables}[requires]\n{requires}\n'
        (self.folder / "pathway.toml").write_text(text)

    def check(self, *badges: Path, whose: str = ADA) -> Any:
        ran = self.run(
            "council", "stack", "check", "pathway.toml", *badges, "--recipient", whose, "--json"
        )
        assert ran.code == {True: 0, False: 1, None: 3}[ran.json["met"]]
        return ran.json

    def award(self, *badges: Path, whose: str = ADA) -> Ran:
        return self.run(
            "council", "stack", "award", "pathway.toml", *badges, "--recipient", whose,
            "--proof", "rdfc", "--out", "awarded", "--json",
        )  # fmt: skip


def openvc_verifies(record: Any) -> None:
    """The record's signature, by openvc-core's reading of did:key."""
    jwk = multikey_to_jwk(record["issuer"]["id"].removeprefix("did:key:"))
    EddsaJcsProofSuite().verify({**record, "proof": record["proof"][0]}, public_key_jwk=jwk)


BOTH = 'all_of = [{badge = "Cloud Foundations"}, {badge = "Networking"}]'


@pytest.fixture
def offices(folder: Path, mining: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offices]:
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")
    yield Offices(folder, monkeypatch)
    assert mining.url


def reasons(found: Any) -> list[str]:
    return [badge["reason"] for badge in found["badges"] if badge["outcome"] != "pass"]


def test_badges_of_two_issuers_earn_a_third(offices: Offices) -> None:
    [cloud, others] = offices.issue("academy", "Cloud Foundations", ADA, BOB)
    [network] = offices.issue("vendor", "Networking", ADA)
    offices.pathway(BOTH)
    assert offices.check(cloud)["missing"] == ["Networking"]
    met = offices.check(cloud, network, others)
    assert [part["badge"] for part in met["used"]] == ["Cloud Foundations", "Networking"]
    assert reasons(met) == ["it is not shown to be this learner's"]
    assert offices.check(cloud.with_suffix(".svg"), network)["met"] is True

    assert offices.award(cloud, network).code == 0
    files = [path for path in (offices.folder / "awarded").rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    assert offices.award(cloud, network).code == 0
    assert {path: path.read_bytes() for path in files} == before
    [badge, record] = (
        next(path for path in (offices.folder / "awarded" / part).glob("*-*.json"))
        for part in ("badge", "record")
    )
    for file in (badge, record):
        assert rootseal("verify", file, "--no-store", "--json").json["verdict"] == "valid"
    stacked, clr = json.loads(badge.read_bytes()), json.loads(record.read_bytes())
    ids = [json.loads(path.read_bytes())["id"] for path in (cloud, network)]
    assert [each["id"] for each in stacked["evidence"]] == ids
    subject = clr["credentialSubject"]
    assert [part["id"] for part in subject["verifiableCredential"]] == ids
    assert subject["identifier"] == stacked["credentialSubject"]["identifier"]
    assert {each["associationType"] for each in subject["association"]} == {"isParentOf"}
    assert rootseal("badge", "validate", badge).code == 0
    openvc_verifies(clr)
    for number, part in enumerate(subject["verifiableCredential"]):  # each verifies by itself
        (offices.folder / f"{number}.json").write_text(json.dumps(part))
        assert rootseal("verify", f"{number}.json", "--no-store").code == 0

    review = ("stack", "review", "awarded", "--json")
    assert offices.run("council", *review).code == 0
    assert offices.run("vendor", "revoke", network).code == 0
    found = offices.run("council", *review)
    statuses = [part["status"] for part in found.json["awards"][0]["parts"]]
    assert (found.code, statuses) == (1, ["active", "revoked"])
    assert rootseal("verify", badge, "--no-store").code == 0  # only told, so far
    assert offices.run("council", *review, "--apply").code == 0
    for file in (badge, record):
        report = rootseal("verify", file, "--no-store", "--json").json
        assert (report["verdict"], "suspended" in report["summary"]) == ("invalid", True)
    marked = offices.run("council", *review, "--apply")
    assert (marked.code, marked.json["toSuspend"]) == (0, 0)
    assert offices.check(cloud, network)["missing"] == ["Networking"]


def test_what_does_not_count_says_why(offices: Offices) -> None:
    cloud, second = offices.issue("academy", "Cloud Foundations", ADA, BOB)
    [ended] = offices.issue("academy", "Networking", ADA, valid_until="2099-01-01")
    offices.pathway(BOTH, "academy")
    changed = json.loads(cloud.read_bytes())
    changed["name"] = "Networking"
    (offices.folder / "changed.json").write_text(json.dumps(changed))
    [strange] = offices.issue("vendor", "Networking", ADA)
    found = offices.check(second, offices.folder / "changed.json", strange)
    assert found["met"] is False
    told = reasons(found)
    assert told[0] == "it is not shown to be this learner's"
    assert told[1].startswith("Not valid: The receipt is for another credential")
    assert "none that the pathway trusts" in told[2]
    assert offices.check(cloud, ended)["met"] is True
    offices.run("academy", "suspend", ended)
    suspended = offices.check(cloud, ended)
    assert suspended["met"] is False
    assert "suspended" in reasons(suspended)[0]
    ran = offices.award(cloud, ended)
    assert (ran.code, ran.json["error"]["code"]) == (1, "conflict")
    assert not (offices.folder / "awarded").exists()


def test_an_issuer_is_its_address_and_not_what_a_badge_says(offices: Offices) -> None:
    """The vendor takes the academy's name, and its key even; but not what anchors."""
    for suffix in ("toml", "pem"):
        theirs = (offices.folder / f"academy.{suffix}").read_bytes()
        (offices.folder / f"vendor.{suffix}").write_bytes(theirs)
    [forged] = offices.issue("vendor", "Cloud Foundations", ADA)
    offices.pathway('badge = "Cloud Foundations"')
    found = offices.check(forged)
    assert found["met"] is False
    assert reasons(found) == [
        f"Not valid: Anchored by {ADDRESSES['vendor']}, not by {ADDRESSES['academy']}."
    ]


def test_two_copies_of_a_badge_are_one(offices: Offices) -> None:
    [cloud] = offices.issue("academy", "Cloud Foundations", ADA)
    (offices.folder / "copy.json").write_bytes(cloud.read_bytes())
    offices.pathway('all_of = [{badge = "Cloud Foundations"}, {badge = "Cloud Foundations"}]')
    assert offices.check(cloud, offices.folder / "copy.json", cloud.with_suffix(".svg"))["met"] is (
        False
    )


def test_age_is_counted_from_the_award(offices: Offices) -> None:
    [old] = offices.issue("academy", "Cloud Foundations", ADA, awarded="2025-01-01")
    [new] = offices.issue("vendor", "Cloud Foundations", ADA)
    offices.pathway('badge = "Cloud Foundations"\nmin_age = "90 days"')
    assert (offices.check(old)["met"], offices.check(new)["met"]) == (True, False)
    offices.pathway('badge = "Cloud Foundations"\nmax_age = "90 days"')
    assert (offices.check(old)["met"], offices.check(new)["met"]) == (False, True)
    offices.pathway('badge = "Cloud Foundations"\nissuers = ["vendor"]')
    assert (offices.check(old)["met"], offices.check(new)["met"]) == (False, True)


def test_without_the_chain_nothing_is_decided_and_nothing_awarded(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    [cloud] = offices.issue("academy", "Cloud Foundations", ADA)
    offices.pathway('badge = "Cloud Foundations"')
    monkeypatch.setenv("ROOTSEAL_RPC_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ROOTSEAL_RPC_ATTEMPTS", "1")
    assert offices.check(cloud)["met"] is None
    assert offices.award(cloud).code == 3
    assert not (offices.folder / "awarded").exists()


def test_what_is_no_badge_is_told(offices: Offices) -> None:
    offices.pathway('badge = "Cloud Foundations"')
    (offices.folder / "none.json").write_text("[]")
    found = offices.check(offices.folder / "none.json")
    assert (found["met"], len(reasons(found))) == (False, 1)
    assert offices.run("council", "stack", "review", "nowhere").code == 2


def with_receipt_beside(offices: Offices, *, anchored: bool) -> Path:
    """A badge's bare document with its receipt beside it, which may be pending."""
    [cloud] = offices.issue("academy", "Cloud Foundations", ADA)
    document = json.loads(cloud.read_bytes())
    receipt = next(p for p in document["proof"] if "receipt" in p)["receipt"]
    document["proof"] = [p for p in document["proof"] if "receipt" not in p]
    bare = offices.folder / "bare.json"
    bare.write_text(json.dumps(document))
    shown = receipt if anchored else {**receipt, "anchors": []}
    (offices.folder / "bare.json.receipt.json").write_text(json.dumps(shown))
    return bare


@pytest.mark.parametrize("anchored", [True, False])
def test_a_pending_receipt_is_no_answer(offices: Offices, *, anchored: bool) -> None:
    bare = with_receipt_beside(offices, anchored=anchored)
    offices.pathway('badge = "Cloud Foundations"')
    assert offices.check(bare)["met"] is (True if anchored else None)


def test_a_badge_without_an_id_is_one_in_however_many_files() -> None:
    badge: dict[str, Any] = {
        "issuer": "did:web:x",
        "credentialSubject": {"achievement": {"name": "A"}},
    }
    pathway = read_pathway(
        b'achievement = "a"\n[issuers.x]\nid = "did:web:x"\n'
        b'address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"\n'
        b'[requires]\nall_of = [{badge = "A"}, {badge = "A"}]\n'
    )
    issuers = tuple(pathway.issuers.values())
    some = [Offered(name, Outcome.PASS, "", badge, issuers) for name in ("one", "two")]
    assert standing(pathway, some, now=datetime.now(UTC)).met is False
    assert standing(pathway, [some[0], replace(some[1], document={**badge, "name": "B"})],
                    now=datetime.now(UTC)).met is True  # fmt: skip


def test_one_name_with_two_addresses_is_two_issuers(offices: Offices) -> None:
    [old] = offices.issue("academy", "Cloud Foundations", ADA)
    for suffix in ("toml", "pem"):  # the academy anchors with another key from now on
        theirs = (offices.folder / f"academy.{suffix}").read_bytes()
        (offices.folder / f"vendor.{suffix}").write_bytes(theirs)
    offices.dids["vendor"] = offices.dids["academy"]
    [new] = offices.issue("vendor", "Cloud Foundations", ADA)
    for issuer, met in (("academy", (True, False)), ("vendor", (False, True))):
        offices.pathway(f'badge = "Cloud Foundations"\nissuers = ["{issuer}"]')
        assert (offices.check(old)["met"], offices.check(new)["met"]) == met


def test_an_address_of_mail_may_have_been_hashed_as_it_was_written(offices: Offices) -> None:
    (offices.folder / "achievement.toml").write_text(achievement("Cloud Foundations"))
    hashed = identity_hash("Ada@X.example", "salt")
    row = f"identity_hash,identity_salt\n{hashed},salt\n"
    (offices.folder / "roster.csv").write_text(row)
    ran = offices.run(
        "academy", "issue", "roster.csv", "--achievement", "achievement.toml", "--out", "old",
        "--proof", "rdfc",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    [badge] = (offices.folder / "old").glob("*-*.json")
    offices.pathway('badge = "Cloud Foundations"')
    assert offices.check(badge, whose="Ada@X.example")["met"] is True
    assert offices.check(badge, whose="ada@x.example")["met"] is False


def test_a_review_decides_nothing_without_the_chain_and_undoes_no_decision(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    [cloud] = offices.issue("academy", "Cloud Foundations", ADA)
    offices.pathway('badge = "Cloud Foundations"')
    assert offices.award(cloud).code == 0
    (offices.folder / "unfinished" / "record").mkdir(parents=True)
    review = ("stack", "review", "unfinished", "awarded", "--apply", "--json")
    with monkeypatch.context() as away:
        away.setenv("ROOTSEAL_RPC_URL", "http://127.0.0.1:9")
        away.setenv("ROOTSEAL_RPC_ATTEMPTS", "1")
        found = offices.run("council", *review)
        assert (found.code, [each["holds"] for each in found.json["awards"]]) == (3, [None, None])
    assert offices.run("academy", "suspend", cloud).code == 0
    found = offices.run("council", *review)
    assert (found.code, found.json["toSuspend"]) == (3, 2)  # the unfinished one stays open
    [badge] = (offices.folder / "awarded" / "badge").glob("*-*.json")
    assert rootseal("verify", badge, "--no-store").code == 1
    assert offices.run("council", "reinstate", badge).code == 0  # somebody decided
    found = offices.run("council", "stack", "review", "awarded", "--apply", "--json")
    assert (found.code, found.json["toSuspend"]) == (0, 0)
    assert rootseal("verify", badge, "--no-store").code == 0


def test_who_may_not_change_a_status_suspends_nothing(offices: Offices) -> None:
    [cloud] = offices.issue("academy", "Cloud Foundations", ADA)
    offices.pathway('badge = "Cloud Foundations"')
    assert offices.award(cloud).code == 0
    assert offices.run("academy", "revoke", cloud).code == 0
    offices.monkeypatch.setenv("ROOTSEAL_ISSUER", ADDRESSES["council"])
    ACCOUNTS["council"], kept = "5", ACCOUNTS["council"]
    try:
        ran = offices.run("council", "stack", "review", "awarded", "--apply", "--json")
    finally:
        ACCOUNTS["council"] = kept
    assert (ran.code, "error" in ran.json) == (2, True)
    offices.monkeypatch.delenv("ROOTSEAL_ISSUER")
    assert offices.run("council", "stack", "review", "awarded", "--json").json["toSuspend"] == 2
