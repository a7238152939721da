"""The RDF form of credentials, against the reference implementation and hostile documents."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from registry.core import rdf
from registry.core.canonical import (
    Canonicalization,
    credential_hash,
    document_hash,
    hashes_of,
)
from registry.core.documents import Json
from registry.core.rdf import canonical_quads, rdfc_bytes, require_exact
from registry.errors import InvalidInputError, TooLargeError
from registry.standards import OPEN_BADGES, VC_2, context
from tests.vc.badge import badge

RDFC = Canonicalization.RDFC


def reference(document: dict[str, Any]) -> bytes:
    def load(url: str, _options: object) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": context(url)}

    unsigned = {key: value for key, value in document.items() if key != "proof"}
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": load,
    }
    quads: str = jsonld.normalize(unsigned, options)
    return quads.encode()


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(name=texts, narrative=texts, number=st.integers(0, 99), tags=st.lists(texts, max_size=3))
def test_gives_what_the_reference_gives(
    name: str, narrative: str, number: int, tags: list[str]
) -> None:
    document = badge(name=name, id=f"urn:example:{number}")
    achievement = document["credentialSubject"]["achievement"]
    achievement["criteria"]["narrative"] = narrative
    achievement["tag"] = tags
    assert rdfc_bytes(document) == reference(document)


def test_nodes_that_look_alike_are_told_apart_as_the_reference_does() -> None:
    same = {"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example/1"}
    document = badge()
    achievement = document["credentialSubject"]["achievement"]
    achievement["alignment"] = [dict(same) for _ in range(12)]
    assert rdfc_bytes(document) == reference(document)


def test_the_order_of_members_and_the_proof_say_nothing() -> None:
    turned = dict(reversed(badge(proof={"type": "DataIntegrityProof"}).items()))
    assert rdfc_bytes(turned) == rdfc_bytes(badge())


def test_the_hash_of_a_credential_is_that_of_its_statements() -> None:
    data = json.dumps(badge()).encode()
    assert credential_hash(data, RDFC) == sha256(rdfc_bytes(badge())).digest()
    assert document_hash(badge(), RDFC) == credential_hash(data, RDFC)


def test_memory_of_contexts_does_not_grow_with_documents() -> None:
    rdfc_bytes(badge())
    known = len(rdf._processor._known)
    for number in range(20):
        rdfc_bytes(badge(id=f"urn:example:{number}"))
    assert len(rdf._processor._known) == known


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (badge(favourite="blue"), ["favourite"]),
        (badge(type=["VerifiableCredential", "Medal"]), ["Medal"]),
        (badge(id="not-an-iri"), ["not-an-iri"]),
        (badge(evidence=[{"type": ["Evidence"], "colour": 1, "shape": 2}]), ["colour", "shape"]),
        (badge(**{"@context": [VC_2]}), ["Achievement", "AchievementSubject", "more"]),
    ],
)
def test_what_no_context_defines_is_refused_by_name(
    document: dict[str, Any], names: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rdfc_bytes(document)
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize(
    "contexts",
    [
        [VC_2, OPEN_BADGES, "https://academy.example/own.json"],
        [VC_2, OPEN_BADGES, {"name": "https://schema.org/description"}],
        [VC_2, OPEN_BADGES, {"@vocab": None}],
        [{"@import": VC_2}],
        "https://academy.example/own.json",
        7,
    ],
)
def test_contexts_that_are_not_bundled_are_refused(contexts: Json) -> None:
    with pytest.raises(InvalidInputError, match="context"):
        rdfc_bytes(badge(**{"@context": contexts}))


def test_a_context_inside_is_held_to_the_same_rule() -> None:
    inside = {"@context": {"name": "https://schema.org/x"}, "id": "did:web:a.example", "name": "B"}
    with pytest.raises(InvalidInputError, match="no URL"):
        rdfc_bytes(badge(issuer=inside))


def hidden_expiry(document: dict[str, Any]) -> None:
    value = document.pop("validUntil")
    document["https://www.w3.org/2018/credentials#validUntil"] = {
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        "@value": value,
    }


def keyword_for_id(document: dict[str, Any]) -> None:
    document["@id"] = document.pop("id")


def status_elsewhere(document: dict[str, Any]) -> None:
    entry = document["credentialStatus"]
    assert isinstance(entry, dict)
    document["@included"] = [dict(entry)]
    document["credentialStatus"] = {"id": entry["id"]}


@pytest.mark.parametrize("change", [hidden_expiry, keyword_for_id, status_elsewhere])
def test_the_same_statements_in_other_words_are_refused(
    change: Callable[[dict[str, Any]], None],
) -> None:
    document = badge()
    change(document)
    assert rdfc_bytes(document) == rdfc_bytes(badge())
    with pytest.raises(InvalidInputError, match="not exactly"):
        document_hash(document, RDFC)


def test_one_value_or_a_list_of_it_are_the_same_words() -> None:
    require_exact(badge(type=["OpenBadgeCredential", "VerifiableCredential"]))


def poisoned(nodes: int) -> dict[str, Any]:
    """Nodes without names, each of which knows all others: they all look alike."""
    members: list[Any] = []
    for number in range(nodes):
        others: list[Any] = [{"id": f"_:n{other}"} for other in range(nodes) if other != number]
        members.append({"id": f"_:n{number}", "type": ["VerifiableCredential"], "evidence": others})
    return badge(evidence=members)


def test_a_document_made_to_take_years_is_refused_in_seconds() -> None:
    document = poisoned(12)
    began = time.monotonic()
    with pytest.raises(TooLargeError, match="look alike"):
        rdfc_bytes(document)
    assert time.monotonic() - began < 60  # years, otherwise


def test_lists_and_objects_are_bounded() -> None:
    many: list[Any] = [{"id": f"urn:example:{n}"} for n in range(501)]
    with pytest.raises(TooLargeError, match="a list of 501 items"):
        rdfc_bytes(badge(evidence=many))
    nested: list[Any] = [{"id": f"urn:example:{n}", "evidence": many[:100]} for n in range(50)]
    with pytest.raises(TooLargeError, match="objects"):
        rdfc_bytes(badge(evidence=nested))


@pytest.mark.parametrize("value", [7, "text", [], [1]])
def test_what_is_no_object_is_no_credential(value: Json) -> None:
    with pytest.raises(InvalidInputError):
        credential_hash(json.dumps(value).encode(), RDFC)


@pytest.mark.parametrize(
    "document", [{}, {"@context": None}, {"@context": []}, {"@context": [VC_2], "type": 7}]
)
def test_documents_without_meaning_make_no_quads_or_an_error(document: dict[str, Any]) -> None:
    with suppress(InvalidInputError):
        assert canonical_quads(document) == b""


def test_words_of_an_undefined_name_may_stand_in_a_text() -> None:
    document = badge(name=f"not {rdf._UNDEFINED} and not {rdf._NOWHERE}")
    assert rdfc_bytes(document) == reference(document)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="lone surrogate"):
        rdfc_bytes(badge(name="\ud800"))


def test_a_credential_may_go_by_two_hashes() -> None:
    document = badge()
    assert list(hashes_of(document)) == [
        document_hash(document),
        document_hash(document, Canonicalization.RDFC),
    ]
    assert list(hashes_of({"name": "x"})) == [document_hash({"name": "x"})]


def test_a_credential_of_version_1_1_says_what_its_statements_say() -> None:
    path = Path(__file__).parents[1] / "corpus" / "blockcerts-3" / "ethereum-sepolia-v3.json"
    require_exact(json.loads(path.read_bytes()))
