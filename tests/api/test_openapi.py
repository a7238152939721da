import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # OpenAPI is JSON of any shape

import jsonschema_rs
import pytest

from api.documentation import _BY_HAND
from api.examples import EXAMPLES
from api.shapes import schema_at
from api.wallets.schemas import WALLET_EXAMPLES, WALLET_SCHEMAS
from registry.client import models
from registry.core import receipt, report
from registry.core.wire import FROM_JSON, WireModel
from tests.api.conftest import Site

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def document(offline: Site) -> dict[str, Any]:
    found: dict[str, Any] = offline.get("/openapi.json").json()
    return found


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a body is described, and the name of its schema."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"].items()
            places = [(status, answer) for status, answer in answers if "content" in answer]
            if "requestBody" in operation:
                places.append(("body", operation["requestBody"]))
            for status, place in places:
                for content in place["content"].values():
                    name = content["schema"]["$ref"].rpartition("/")[2]
                    yield f"{method} {path} {status}", name


def test_every_body_has_a_schema_with_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    found = list(bodies(document))
    assert len(found) > 40
    assert [place for place, name in found if "examples" not in schemas[name]] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    references = {
        part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]
    }
    assert references <= set(schemas)


def test_every_failure_is_a_problem_or_what_its_standard_wants(document: dict[str, Any]) -> None:
    for place, name in bodies(document):
        _, path, status = place.split()
        if status.startswith(("4", "5", "default")):
            assert name == schema_at(path)[0] or (status, name) in {
                ("503", "Report"),
                ("503", "Readiness"),
            }, place


def test_what_needs_a_key_says_so(document: dict[str, Any]) -> None:
    secured = {
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    }
    assert secured == {
        ("post", "/v1/credentials"),
        ("post", "/v1/batches"),
        ("post", "/v1/status-changes"),
        ("get", "/v1/status-changes/{id}"),
        ("get", "/ims/ob/v3p0/credentials"),
        ("get", "/ims/ob/v3p0/profile"),
    }


@pytest.mark.parametrize("name", sorted(WALLET_SCHEMAS))
def test_every_example_of_wallets_keeps_to_its_schema(name: str) -> None:
    assert set(WALLET_EXAMPLES) == set(WALLET_SCHEMAS)
    jsonschema_rs.validate(WALLET_SCHEMAS[name], WALLET_EXAMPLES[name])


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_one(name: str) -> None:
    model = next(
        (getattr(module, name) for module in (models, receipt, report) if hasattr(module, name)),
        None,
    )
    if model is None:
        assert name in _BY_HAND
        return
    assert issubclass(model, WireModel)
    if name == "Report":  # sent and never read, so its enumerations are strict
        assert report.Verdict(EXAMPLES[name]["verdict"])
        return
    model.model_validate_json(json.dumps(EXAMPLES[name]), context=FROM_JSON)


def test_the_document_in_docs_is_the_one_served(document: dict[str, Any]) -> None:
    written = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert written == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
