"""The OpenAPI document: what FastAPI derives, with the bodies that we read ourselves."""

from collections.abc import Mapping
from typing import Any, Final  # OpenAPI is JSON of any shape

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.examples import EXAMPLES
from api.limits import UNLIMITED
from api.shapes import schema_at
from api.wallets.schemas import WALLET_EXAMPLES, WALLET_SCHEMAS
from registry.client.models import (
    CredentialIntake,
    Problem,
    Readiness,
    ReceiptLine,
    ReceiptsRequest,
    StatusRequest,
    VerifyRequest,
)
from registry.core.receipt import Receipt
from registry.core.report import Report
from registry.core.wire import WireModel

DESCRIPTION: Final = """\
Issuers anchor the hashes of a night's credentials with one transaction; anyone verifies a
credential with its receipt against the chain, through this API or without it.

Hashes are lower-case hex without 0x; addresses and transactions are printed as Ethereum tools
print them. Every error is a problem (RFC 9457) with a stable `code`; under `/ims/` and `/oauth/` it
is what the standards of wallets want. A verdict is 200; 503 means that something could not be
asked, which never means no.

Every GET may be a HEAD; what may be kept has an ETag. Every answer has an X-Request-Id, the
caller's if it gave one, which finds the request in the log. RateLimit and RateLimit-Policy say how
many requests are left. Pages of any origin may read and verify (CORS), but not use a key.
"""
_REF: Final = "#/components/schemas/{model}"
_READ_BY_HAND: Final[tuple[type[WireModel], ...]] = (
    CredentialIntake,
    VerifyRequest,
    StatusRequest,
    ReceiptsRequest,
)
_SENT_BY_HAND: Final[tuple[type[WireModel], ...]] = (
    Problem,
    Receipt,
    ReceiptLine,
    Report,
    Readiness,
)

_MEANINGS: Final = {
    400: "The request is malformed.",
    401: "No key, token or secret, or one that is unknown, revoked or expired.",
    403: "The key or token lacks the scope.",
    408: "The body did not come, or too slowly. The connection closes.",
    404: "Nothing of that name is here.",
    409: "Sound, but not in this state.",
    413: "A limit on size, depth or count was passed.",
    415: "The body is of a type that is not read here.",
    422: "Something in the request cannot be used; `place` and `errors` say where.",
    429: "Too many requests from this address or with this API key in a minute.",
    503: "Chain or store could not be asked, or not now; try again after Retry-After.",
}
_UNCHANGED: Final = "Unchanged since the ETag given in If-None-Match."
_RETRY_AFTER: Final = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
}
_FILE: Final = {"type": "string", "contentMediaType": "application/octet-stream"}
# Of these members one is given; what else that needs or excludes.
_CHOICES: Final[dict[str, list[dict[str, str]]]] = {
    "CredentialIntake": [
        {"credential": "object"},
        {"credentials": "array"},
        {"hash": "string", "canonicalization": "string"},
        {"hashes": "array", "canonicalization": "string"},
    ],
    "VerifyRequest": [
        {"credential": "object"},
        {"hash": "string"},
        {"credential": "object", "receipt": "object"},
        {"hash": "string", "receipt": "object"},
        {"receipt": "object"},
    ],
    "StatusRequest": [{"hashes": "array"}, {"seal": "string"}],
}
_BY_HAND: Final[dict[str, dict[str, Any]]] = {
    "Credential": {
        "title": "Credential",
        "type": "object",
        "description": "A credential, one to a line: any JSON object, say an Open Badge.",
    },
    "DidDocument": {
        "title": "DidDocument",
        "type": "object",
        "description": "DID Core 1.0: who the issuer is, and its keys.",
        "required": ["id", "verificationMethod", "assertionMethod"],
    },
    "IssuerProfile": {
        "title": "IssuerProfile",
        "type": "object",
        "description": "A profile of Open Badges with the address that anchors, as Blockcerts.",
        "required": ["id", "type", "name", "publicKey"],
    },
    "StatusList": {
        "title": "StatusList",
        "type": "object",
        "description": "Bitstring Status List 1.0: a signed credential.",
        "required": ["id", "type", "issuer", "validUntil", "credentialSubject", "proof"],
    },
    "StatusListToken": {
        "title": "StatusListToken",
        "type": "string",
        "description": "The list as a compact JWS, whose payload is the credential.",
    },
    "Checkpoint": {
        "title": "Checkpoint",
        "type": "string",
        "description": "A C2SP tlog-checkpoint: origin, size, root, and signatures below a blank "
        "line. Without a key to sign with it is the three lines alone.",
    },
    "Leaves": {
        "title": "Leaves",
        "type": "string",
        "description": "64 hex digits and a line feed for each leaf, ascending.",
    },
    "Metrics": {
        "title": "Metrics",
        "type": "string",
        "description": "Prometheus' text format, version 0.0.4.",
    },
    "VerifyUpload": {
        "title": "VerifyUpload",
        "type": "object",
        "properties": {
            "credential": {**_FILE, "description": "Any file: JSON, PDF, …"},
            "receipt": {**_FILE, "description": "The receipt beside it."},
            "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "issuer": {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"},
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["credential"]}, {"required": ["hash"]}, {"required": ["receipt"]}],
        "not": {"required": ["credential", "hash"]},
    },
}


def content(
    description: str, schema: str, *, media_type: str = "application/json"
) -> dict[str, Any]:
    """A documented answer."""
    return {
        "description": description,
        "content": {media_type: {"schema": {"$ref": _REF.format(model=schema)}}},
    }


def problems(*statuses: int, at: str = "/") -> dict[int | str, dict[str, Any]]:
    """Documented problems, in the shape of a path; 500 goes without saying."""
    schema, media_type = schema_at(at)
    return {
        status: content(_MEANINGS[status], schema, media_type=media_type) for status in statuses
    }


def request_body(schemas: Mapping[str, str]) -> dict[str, Any]:
    """A documented body, by media type."""
    bodies = {
        media_type: {"schema": {"$ref": _REF.format(model=schema)}}
        for media_type, schema in schemas.items()
    }
    return {"requestBody": {"required": True, "content": bodies}}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document with every component and its example."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary="Credentials that can be proven for decades.",
            description=DESCRIPTION,
            routes=app.routes,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in {**_own_schemas(), **_BY_HAND, **WALLET_SCHEMAS}.items():
            schemas.setdefault(name, schema)
        for name, choices in _CHOICES.items():
            schemas[name]["anyOf"] = _alternatives(choices)
        for name, example in {**EXAMPLES, **WALLET_EXAMPLES}.items():
            schemas[name]["examples"] = [example]
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _add_common_answers(path, method, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _add_common_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    """What may come in front of an endpoint: limits, timeouts, and answers already known."""
    answers: dict[str, dict[str, Any]] = operation["responses"]
    if method == "get" and path.startswith("/v1/"):
        answers.setdefault("304", {"description": _UNCHANGED})
    statuses = [503] if path in UNLIMITED else [429, 503]
    if "requestBody" in operation:
        statuses += [400, 408, 413, 415]
    for status in statuses:
        answer = problems(status, at=path)[status]
        known = answers.setdefault(str(status), answer)
        known["content"] |= answer["content"]
        if status in {429, 503}:
            known["headers"] = _RETRY_AFTER
    operation["responses"] = dict(sorted(answers.items()))


def _alternatives(choices: list[dict[str, str]]) -> list[dict[str, Any]]:
    """JSON Schema for: one of these sets of members, and none of the others'."""
    names = {name for choice in choices for name in choice}
    return [
        {
            "required": list(choice),
            "properties": {name: {"type": choice.get(name, "null")} for name in sorted(names)},
        }
        for choice in choices
    ]


def _own_schemas() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for models, mode in ((_READ_BY_HAND, "validation"), (_SENT_BY_HAND, "serialization")):
        inputs: Any = [(model, mode) for model in models]
        _, definitions = models_json_schema(inputs, by_alias=True, ref_template=_REF)
        found |= definitions["$defs"]
    return found
