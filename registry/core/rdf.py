"""The RDF form of a JSON-LD credential: canonical N-Quads (W3C RDFC-1.0, with SHA-256).

What is hashed or signed is the dataset that the JSON stands for, not the JSON; `require_exact`
holds the one to the other. Contexts are bundled, none is fetched.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, Final

from cachetools import LRUCache
from openvc.errors import OpenvcError
from openvc.proof.data_integrity import DataIntegrityProofSuite
from pyld import jsonld
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver

from registry.core.documents import Json, printable
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.standards import CONTEXT_FILES, DATA_INTEGRITY, VC_1, VC_2, context

# Calls of the algorithm that compares blank nodes which look alike. Its cost grows with the
# factorial of their number; a badge needs none, a CLR of a hundred equal parts a hundred.
MAX_COMPARISONS: Final = 2_000
# Each item of a list is compared with all before it.
MAX_ITEMS: Final = 500
MAX_OBJECTS: Final = 5_000  # a badge has some 10, a CLR of a hundred badges 1,000
_MAX_KNOWN: Final = 1_000  # contexts upon contexts; a badge needs some 20
_UNDEFINED: Final = "urn:undefined:"
_NOWHERE: Final = "http://example.org/base/"
_SHOWN_TERMS: Final = 5
_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CATCH: Final[dict[str, Json]] = {"@vocab": _UNDEFINED}


def rdfc_bytes(document: Mapping[str, Json]) -> bytes:
    """Canonical N-Quads of a document without its top-level `proof`, in UTF-8.

    Raises `InvalidInputError` for what no bundled context defines, and for names that are no
    IRIs: they would be left out of what is signed, and could be changed; for contexts that are
    not bundled, or that stand in the document itself; `TooLargeError` past `MAX_QUADS`, and for
    blank nodes that would take too long to tell apart.
    """
    return canonical_quads({key: value for key, value in document.items() if key != "proof"})


def canonical_quads(document: Mapping[str, Json]) -> bytes:
    """As `rdfc_bytes`, of the document as it is."""
    require_known_contexts(document)
    _require_small(document)
    caught = {**document, "@context": _with_catch(document.get("@context"))}
    try:
        with _lock:
            dataset = _processor.to_rdf(caught, _options())
    except jsonld.JsonLdError as exc:
        raise InvalidInputError(f"not JSON-LD: {_reason(exc)}") from exc
    quads: str = _Canonical().main(dataset, {"format": "application/n-quads"})
    _require_defined(quads)
    try:
        return quads.encode()
    except UnicodeEncodeError as exc:
        raise InvalidInputError("lone surrogate in a string") from exc


def _require_small(document: Mapping[str, Json]) -> None:
    waiting: list[Json] = [dict(document)]
    objects = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            objects += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            if len(value) > MAX_ITEMS:
                raise TooLargeError(f"a list of {len(value)} items; the limit is {MAX_ITEMS}")
            waiting.extend(value)
    if objects > MAX_OBJECTS:
        raise TooLargeError(f"{objects} objects in the document; the limit is {MAX_OBJECTS}")


def require_exact(document: Mapping[str, Json]) -> None:
    """Refuse JSON that says anything else to its readers than its statements say.

    The same statements can be spelt so that a reader of the JSON misses an expiry date, or the
    status: by full IRIs as keys, other contexts, nodes described elsewhere (VC Data Integrity 1.0
    §2.4.1). Raises `InvalidInputError`. Ten times slower than `rdfc_bytes`, which goes before it
    for the limits.
    """
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    require_plain_names(unsigned)
    contexts = unsigned.get("@context")
    if isinstance(contexts, list) and VC_1 in contexts and DATA_INTEGRITY not in contexts:
        # VC 1.1 knows no words for a proof of today, with which the check is made.
        unsigned["@context"] = [*contexts, DATA_INTEGRITY]
    try:
        # It never signs what the signature would not cover: so the signing is asked, with no key.
        DataIntegrityProofSuite().add_proof(
            unsigned,
            signing_key=_NoKey(),
            verification_method="did:example:nobody",
            created=_ANY_TIME,
            extra_contexts=bundled_for_openvc(),
        )
    except OpenvcError as exc:
        raise InvalidInputError(f"not exactly what its statements say: {_reason(exc)}") from exc


def require_plain_names(value: Json) -> None:
    """Refuse names that are IRIs or keywords, which a reader of the JSON would not look for."""
    if isinstance(value, list):
        for item in value:
            require_plain_names(item)
    elif isinstance(value, dict):
        is_text = "@value" in value
        for key, item in value.items():
            is_keyword = key.startswith("@") and key != "@context" and not is_text
            if ":" in key or is_keyword:
                raise InvalidInputError(
                    f"not exactly what its statements say: a member {printable(key)[:200]!r}"
                )
            if key != "@context":
                require_plain_names(item)


class _NoKey:
    alg = "EdDSA"
    kid = "nobody"

    @staticmethod
    def sign(_data: bytes) -> bytes:
        return bytes(64)


@cache
def bundled_for_openvc() -> dict[str, Any]:
    """The bundled contexts, but for the one that the library brings itself."""
    return {url: context(url) for url in CONTEXT_FILES if url != VC_2}


def require_known_contexts(document: Mapping[str, Json]) -> None:
    """Refuse contexts that are not bundled, and any that is written out in the document.

    The contexts are no part of what is signed: whoever wrote their own could make other names
    of the same statements. Raises `InvalidInputError`.
    """
    for value in _contexts(dict(document)):
        for url in value if isinstance(value, list) else [value]:
            if not isinstance(url, str):
                raise InvalidInputError("a context that is no URL is not read", place="/@context")
            if url not in CONTEXT_FILES:
                raise InvalidInputError(
                    f"the context {printable(url)[:200]} is not known here, and none is fetched",
                    place="/@context",
                )


def _contexts(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "@context":
                yield item
            else:
                yield from _contexts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _contexts(item)


def _with_catch(contexts: Json) -> list[Json]:
    """Before the document's own, so that a context which gives undefined terms a home may."""
    own = contexts if isinstance(contexts, list) else [contexts]
    return [_CATCH, *(each for each in own if each is not None)]


def _require_defined(quads: str) -> None:
    if _UNDEFINED not in quads and _NOWHERE not in quads:
        return
    names = {
        part.partition(">")[0]
        for mark in (_UNDEFINED, _NOWHERE)
        for part in quads.split(f"<{mark}")[1:]
    }
    if not names:
        return  # the words alone, inside a text
    shown = ", ".join(printable(name)[:100] for name in sorted(names)[:_SHOWN_TERMS])
    more = "" if len(names) <= _SHOWN_TERMS else f" and {len(names) - _SHOWN_TERMS} more"
    raise InvalidInputError(f"no context of the document defines: {shown}{more}")


def _reason(exc: Exception) -> str:
    cause: BaseException = exc
    while isinstance(cause.__cause__, jsonld.JsonLdError | NotFoundError):
        cause = cause.__cause__
    text = cause.args[0] if cause.args else type(cause).__name__
    return printable(str(text))[:300].rstrip(".")


class _Canonical(URDNA2015):  # type: ignore[misc]  # pyld has no types
    """The algorithm, with an end: hostile graphs are made to take years."""

    def __init__(self) -> None:
        super().__init__()
        self._comparisons = 0

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:  # Any: pyld's own
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise TooLargeError("the document has too many nodes without names that look alike")
        return super().hash_n_degree_quads(id_, issuer)


# -- contexts, processed once in the life of the process


def _load(url: str, _options: object = None) -> dict[str, Any]:
    return {
        "contextUrl": None,
        "documentUrl": url,
        "document": context(url),
        "contentType": "application/ld+json",
        "tag": "static",
    }


def _options() -> dict[str, Any]:
    return {
        "documentLoader": _load,
        "contextResolver": ContextResolver({}, _load),
        "base": _NOWHERE,
    }


class _Processor(jsonld.JsonLdProcessor):  # type: ignore[misc]  # pyld has no types
    """Remembers what a context makes of another, which pyld does not of the contexts of types.

    Sound, because all contexts are bundled: always the same documents. Four times faster.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: LRUCache[Any, Any] = LRUCache(maxsize=_MAX_KNOWN)

    def _process_context(
        self,
        active_ctx: Any,
        local_ctx: Any,
        options: Any,
        override_protected: bool = False,  # noqa: FBT001, FBT002
        propagate: bool = True,  # noqa: FBT001, FBT002
        validate_scoped: bool = True,  # noqa: FBT001, FBT002
        cycles: Any = None,
    ) -> Any:
        flags = (override_protected, propagate, validate_scoped)
        is_list = isinstance(local_ctx, list)
        parts = local_ctx if is_list else [local_ctx]
        # pyld copies the document, and so the first of its contexts.
        name = tuple(id(_CATCH) if part == _CATCH else _identity(part) for part in parts)
        key = (id(active_ctx), is_list, name, flags)
        known = self._known.get(key)
        if known is None:
            made = super()._process_context(active_ctx, local_ctx, options, *flags, cycles)
            # With what the identities in the key belong to, so that nothing else gets them.
            known = self._known[key] = (made, active_ctx, local_ctx)
        return known[0]


def _identity(part: object) -> object:
    return part if isinstance(part, str) else id(part)


_processor: Final = _Processor()
_lock: Final = Lock()
