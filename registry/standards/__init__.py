"""Contexts and schemas as others published them, byte for byte (ORIGIN.md, SHA256SUMS).

They are constants of this version: read from the package, never fetched.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import orjson

from registry.errors import NotFoundError

VC_2: Final = "https://www.w3.org/ns/credentials/v2"
VC_1: Final = "https://www.w3.org/2018/credentials/v1"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_1: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
STATUS_1: Final = "https://www.w3.org/ns/credentials/status/v1"
CLR: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v2"

CONTEXT_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        VC_1: "credentials-v1.json",
        VC_2: "credentials-v2.json",
        OPEN_BADGES: "ob-v3p0-context-3.0.3.json",
        CLR: "clr_context_2.0.1.json",
        DATA_INTEGRITY: "data-integrity-v2.json",
        "https://www.w3.org/ns/credentials/undefined-terms/v2": (
            "credentials-undefined-terms-v2.json"
        ),
        OPEN_BADGES_1: "ob-v3p0-context-3.0.1.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "ob-v3p0-context-3.0.2.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": "ob-v3p0-extensions.json",
        "https://w3id.org/blockcerts/v3": "blockcerts-v3.json",
        "https://w3id.org/blockcerts/v3.1": "blockcerts-v3.1.json",
        "https://w3id.org/blockcerts/v3.2": "blockcerts-v3.2.json",
        "https://w3id.org/security/multikey/v1": "multikey-v1.json",
        "https://w3id.org/security/suites/chained-2021/v1": "chained-2021-v1.json",
        "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020-v1.json",
        "https://w3id.org/security/suites/merkle-2019/v1": "merkle-2019-v1.json",
        "https://w3id.org/vc/status-list/2021/v1": "status-list-2021-v1.json",
        STATUS_1: "vc-bitstring-status-list-v1.json",
    }
)


@cache
def context(url: str) -> Any:  # Any: a JSON-LD document
    """The JSON-LD context published at `url`; not to be changed.

    Raises `NotFoundError` for one that is not bundled: nothing is fetched.
    """
    name = CONTEXT_FILES.get(url)
    if name is None:
        raise NotFoundError(f"the context {url} is not known here, and none is fetched")
    return orjson.loads((files(__name__) / "contexts" / name).read_bytes())


@cache
def schema(name: str) -> Any:  # Any: a JSON Schema
    """A published JSON Schema by the name of its file; not to be changed."""
    return orjson.loads((files(__name__) / "schemas" / name).read_bytes())
