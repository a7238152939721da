"""What an endpoint may use: the registry behind the app, the time, and the caller's key."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Annotated, Any, Final  # Any: JSON Schema has any shape

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope as ASGIScope

from api.checkpoints import Checkpoints
from api.gathering import Gathering
from api.pages.chain_facts import ChainFacts
from api.signed_lists import SignedLists
from registry.core.address import parse_address
from registry.core.wire import parse_hash
from registry.errors import NotAllowedError
from registry.services.api_keys import authenticate, require_scope
from registry.services.issuer_documents import IssuerDocuments
from registry.services.ports import ApiKey, Chain, Scope, Store
from registry.services.receipts import Absence, Issued, issued_receipts
from registry.vc.notes import NoteSigner
from registry.wiring import Registry
from registry.wiring.metrics import Metrics

# Documented, and checked by what reads them: that says which place is wrong, as everywhere.
HASH_PATTERN: Final[dict[str, Any]] = {"pattern": "^[0-9a-f]{64}$"}
ADDRESS_PATTERN: Final[dict[str, Any]] = {"pattern": "^0x[0-9a-fA-F]{40}$"}
Asked = tuple[bytes, bytes | None]  # a credential's hash, and its issuer if one is named
_KEY: Final = "api_key"
_STREAMS: Final = 4  # that take credentials in; each holds a connection to the store
_LARGE_AT_ONCE: Final = 2  # bodies that are parsed; the largest take some 200 MB meanwhile

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="rootseal_<id>_<secret>",
    description="API key of an issuer, made with `rootseal keys`. Scopes: "
    + ", ".join(f"`{scope.value}`" for scope in Scope),
)


class Backend:
    """The registry of an app. Opens store and chain once, whichever thread asks first."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._lock = Lock()
        self.chain_facts = ChainFacts()
        self.status_lists = SignedLists()
        self.checkpoints = Checkpoints()
        self.metrics = Metrics(registry, lambda: self.store)
        # Threads of their own, so that neither slow streams nor large bodies take all others'.
        self.streams = CapacityLimiter(_STREAMS)
        self.large = CapacityLimiter(_LARGE_AT_ONCE)
        self.receipts = Gathering(self._issued)

    @property
    def store(self) -> Store:
        """The store. Raises `UnavailableError` if it cannot be opened."""
        with self._lock:
            return self.registry.store

    @property
    def issuer_documents(self) -> IssuerDocuments | None:
        """What the issuer of badges publishes; None unless this registry signs for one."""
        with self._lock:
            return self.registry.issuer_documents if self.registry.signs_badges else None

    @property
    def note_signer(self) -> NoteSigner | None:
        """What signs checkpoints; None unless a signing key is set."""
        with self._lock:
            return self.registry.note_signer

    @property
    def chain(self) -> Chain:
        """The chain."""
        with self._lock:
            return self.registry.chain

    @property
    def chains(self) -> Mapping[int, Chain]:
        """All configured chains, the first one first."""
        with self._lock:
            return self.registry.chains

    def _issued(self, asked: Sequence[Asked]) -> list[Issued | Absence]:
        """What each asks for: a credential, under an issuer or the only one that has it."""
        store = self.store
        found: dict[Asked, Issued | Absence] = {}
        for issuer in {issuer for _, issuer in asked}:
            hashes = [digest for digest, named in asked if named == issuer]
            answers = issued_receipts(store, hashes, issuer=issuer)
            found |= {(digest, issuer): each for digest, each in zip(hashes, answers, strict=True)}
        return [found[each] for each in asked]


def put_backend(app: FastAPI, registry: Registry) -> None:
    """Give an app its registry."""
    app.state.backend = Backend(registry)


def backend_of(scope: ASGIScope) -> Backend:
    """The registry of the app that a request came to."""
    backend = scope["app"].state.backend
    if not isinstance(backend, Backend):
        raise TypeError("the app has no registry")
    return backend


def put_key(scope: ASGIScope, key: ApiKey) -> None:
    """Keep a caller's key, which was found good, for the endpoint."""
    scope.setdefault("state", {})[_KEY] = key


async def _backend(request: Request) -> Backend:
    return backend_of(request.scope)


async def current_time() -> datetime:
    """The time; tests override it."""
    return datetime.now(UTC)


def allowed(scope: Scope) -> Callable[..., ApiKey]:
    """A dependency: the caller's API key, good for `scope` now. Raises `NotAllowedError`."""

    def dependency(
        request: Request,
        backend: BackendDep,
        now: NowDep,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> ApiKey:
        if bearer is None:
            raise NotAllowedError("this needs an API key: Authorization: Bearer rootseal_…")
        key = request.scope.get("state", {}).get(_KEY)
        if not isinstance(key, ApiKey):  # wrong, or the store did not answer when it was counted
            key = authenticate(backend.store, bearer.credentials, now=now)
        require_scope(key, scope)
        return key

    return dependency


async def _issuer(
    issuer: Annotated[
        str | None,
        Query(
            description="Address of the issuer.",
            examples=["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
            json_schema_extra=ADDRESS_PATTERN,
        ),
    ] = None,
) -> bytes | None:
    return None if issuer is None else parse_address(issuer, place="/query/issuer")


def hash_in_path(text: str, name: str) -> bytes:
    """A hash out of the path. Raises `InvalidInputError` with its place."""
    return parse_hash(text, place=f"/path/{name}")


BackendDep = Annotated[Backend, Depends(_backend)]
NowDep = Annotated[datetime, Depends(current_time)]
IssuerDep = Annotated[bytes | None, Depends(_issuer)]
