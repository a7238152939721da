"""The JavaScript engine hashes statements exactly as the Python engine does, or refuses alike."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import parse_document
from registry.errors import InvalidInputError
from registry.standards import CONTEXT_FILES, OPEN_BADGES, VC_2
from registry.vc.status_list import status_list_credential
from tests.browser.engine import Engine, b64
from tests.core.test_rdf import poisoned
from tests.vc.badge import badge
from tests.vc.test_data_integrity import places

CORPUS = sorted((Path(__file__).parents[1] / "corpus").rglob("*.json"))
IRI = "https://www.w3.org/2018/credentials#validUntil"
TIME = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": "2036-01-01T00:00:00Z"}


def in_python(data: bytes) -> str | None:
    try:
        return document_hash(parse_document(data), Canonicalization.RDFC).hex()
    except InvalidInputError:
        return None


def agree(engine: Engine, documents: list[Any]) -> int:
    """Assert that both engines hash or refuse each document alike; how many they refuse."""
    data = [json.dumps(each).encode() for each in documents]
    found = engine.each(
        '(data) => canonical.credentialHash(bytes(data), "rdfc")', [b64(each) for each in data]
    )
    wanted = [in_python(each) for each in data]
    differing = [
        (document, want, answer)
        for document, want, answer in zip(documents, wanted, found, strict=True)
        if answer.get("value") != want
    ]
    assert [(str(d)[-150:], w, a) for d, w, a in differing] == []
    return wanted.count(None)


def with_achievement(**changes: Any) -> dict[str, Any]:
    document = badge()
    document["credentialSubject"]["achievement"] |= changes
    return document


SAME = {"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example/1"}
GOOD = [
    badge(),
    dict(reversed(badge().items())),
    badge(proof={"type": "DataIntegrityProof"}),
    badge(name='Zażółć \u2028 \U0001f600 \\ " \t'),
    badge(awardedDate="2026-01-01T00:00:00Z", evidence=[{"id": "urn:x:1", "type": ["Evidence"]}]),
    with_achievement(tag=["a", "b", "a"], creditsAvailable=2.5),
    with_achievement(creditsAvailable=5),
    with_achievement(alignment=[dict(SAME) for _ in range(9)]),
    with_achievement(name=""),
    badge(credentialSubject=[badge()["credentialSubject"], {"id": "did:web:a.example"}]),
    status_list_credential(
        "https://a.example/0",
        "did:web:a.example",
        [7],
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2026, 1, 2, tzinfo=UTC),
        is_plain=False,
    ),
]


def respelt(**changes: Any) -> dict[str, Any]:
    document = badge(**changes)
    del document["validUntil"]
    return document


BAD = [
    {},
    {"@context": []},
    badge(**{"@context": [VC_2]}),
    badge(**{"@context": [VC_2, OPEN_BADGES, "https://own.example"]}),
    badge(**{"@context": [VC_2, OPEN_BADGES, {"name": "https://schema.org/x"}]}),
    badge(**{"@context": [VC_2, OPEN_BADGES, {"@vocab": None}]}),
    badge(issuer={"@context": {"name": "x:y"}, "id": "did:web:a.example", "type": ["Profile"]}),
    badge(favourite="blue"),
    badge(type=["VerifiableCredential", "Medal"]),
    badge(id="relative"),
    badge(id="urn:undefined:x"),
    respelt(**{IRI: TIME}),
    respelt(**{IRI: "2036-01-01T00:00:00Z"}),
    badge(**{"@id": "urn:x:1"}),
    badge(**{"@included": [{"id": "urn:x:1", "type": ["Evidence"]}]}),
    badge(validUntil={"@value": "2036-01-01T00:00:00Z"}),
    badge(evidence=[[{"id": "urn:x:1", "type": ["Evidence"]}]]),
    badge(evidence=[{"id": f"urn:x:{n}"} for n in range(501)]),
    poisoned(12),
]


def test_the_same_statements_have_the_same_hash(engine: Engine) -> None:
    assert agree(engine, GOOD) == 0


def test_what_says_something_else_is_refused_by_both(engine: Engine) -> None:
    assert agree(engine, BAD) == len(BAD)


def test_credentials_of_others_are_hashed_or_refused_alike(engine: Engine) -> None:
    agree(engine, [json.loads(path.read_bytes()) for path in CORPUS])


def test_every_changed_value_changes_the_hash_alike(engine: Engine) -> None:
    changed = []
    for path in places(badge()):
        values: tuple[Any, ...] = ("", "https://x.example/1", 7, True, None, [], {})
        for value in values:
            document = deepcopy(badge())
            inner: Any = document
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = value
            changed.append(document)
    agree(engine, changed)


def test_the_contexts_are_the_same(engine: Engine) -> None:
    known = engine.run('async () => Object.keys((await import("rootseal/contexts.js")).CONTEXTS)')
    assert set(known) == set(CONTEXT_FILES)
