"""How many requests are taken in a minute: from one address, and with one API key.

Each process counts by itself and in memory: behind a balancer the limits hold for each of them.
"""

import math
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from fastapi.concurrency import run_in_threadpool
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Backend, backend_of, put_key
from api.problems import problem_response
from registry.errors import NotAllowedError, UnavailableError
from registry.services.api_keys import authenticate
from registry.services.ports import ApiKey

MAX_COUNTERS: Final = 50_000  # some 20 MB; beyond it the oldest are forgotten
_IPV6_PREFIX: Final = 64  # what one household or one server has to itself
_NOWHERE: Final = "unknown"  # a proxy's header held no address

# Asked by machines that must not be refused, and the page that promises to work without us.
UNLIMITED: Final = frozenset({"/healthz", "/readyz", "/metrics", "/"})
_UNLIMITED_FOLDER: Final = "/verifier/"


class BoundedMemory(MemoryStorage):
    """Counters that forget the oldest of them when there are too many.

    All live equally long, so they end in the order in which they began.
    """

    STORAGE_SCHEME = ["rootseal-memory"]  # noqa: RUF012 - as its base class has it

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; as the library's own, which sweeps all counters in a thread of its own."""
        count = self.get(key) + amount
        self.storage[key] = count
        now = time.time()
        self.expirations.setdefault(key, now + expiry)
        while (oldest := next(iter(self.expirations))) != key and (
            len(self.expirations) > MAX_COUNTERS or self.expirations[oldest] <= now
        ):
            self.clear(oldest)
        return count


class RateLimit:
    """Middleware that refuses what comes too fast, and tells every caller how much is left.

    A key is looked at before it is counted, so that nobody spends another's requests. Wrong keys
    count against their address twice: as its requests, and by themselves. An address that spent
    the latter has no key looked at, right or wrong, so that it cannot go on guessing.
    """

    def __init__(self, app: ASGIApp, *, per_address: int, per_key: int) -> None:
        self._app = app
        self._per_address = RateLimitItemPerMinute(per_address)
        self._per_key = RateLimitItemPerMinute(per_key)
        self._limiter = SlidingWindowCounterRateLimiter(BoundedMemory())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and pass it on or refuse it."""
        if scope["type"] != "http" or _is_free(scope["path"]):
            await self._app(scope, receive, send)
            return
        address = counted_address(scope["client"])
        text = _bearer(Headers(scope=scope))
        key = None
        if text is not None:
            if not self._limiter.test(self._per_address, "wrong-key", address):
                await self._refuse(scope, receive, send, "wrong-key", address)
                return
            key = await self._authenticated(scope, text, address)
        counted = ("address", address) if key is None else ("key", key.id)
        if not self._limiter.hit(self._limit(counted[0]), *counted):
            await self._refuse(scope, receive, send, *counted)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers(*counted))
            await send(message)

        await self._app(scope, receive, told)

    async def _authenticated(self, scope: Scope, text: str, address: str) -> ApiKey | None:
        """The caller's key, kept for the endpoint; None for a wrong one, which is counted."""
        try:
            key = await run_in_threadpool(_look_up, backend_of(scope), text)
        except NotAllowedError:
            self._limiter.hit(self._per_address, "wrong-key", address)
            return None
        except UnavailableError:
            return None  # said by the endpoint, if it needs the key at all
        put_key(scope, key)
        return key

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, kind: str, who: str
    ) -> None:
        headers = self._headers(kind, who)
        amount = self._limit(kind).amount
        response = problem_response(
            429,
            "too-many-requests",
            f"{amount} requests a minute are taken {_WHOSE[kind]}",
            instance=scope["path"],
            headers=headers | {"Retry-After": str(self._reset(kind, who))},
        )
        await response(scope, receive, send)

    def _headers(self, kind: str, who: str) -> dict[str, str]:
        """What is left, as draft-ietf-httpapi-ratelimit-headers writes it."""
        limit = self._limit(kind)
        left = self._limiter.get_window_stats(limit, kind, who).remaining
        return {
            "RateLimit-Policy": f'"{kind}";q={limit.amount};w={limit.get_expiry()}',
            "RateLimit": f'"{kind}";r={left};t={self._reset(kind, who)}',
        }

    def _reset(self, kind: str, who: str) -> int:
        reset = self._limiter.get_window_stats(self._limit(kind), kind, who).reset_time
        return max(0, math.floor(reset - time.time())) + 1

    def _limit(self, kind: str) -> RateLimitItem:
        return self._per_key if kind == "key" else self._per_address


_WHOSE: Final = {
    "address": "from one address",
    "key": "with one API key",
    "wrong-key": "from one address with keys that are none of this registry",
}


def counted_address(client: tuple[str, int] | None) -> str:
    """What is counted as one address: an IPv4 address, or 64 bits of an IPv6 address."""
    try:
        address: IPv4Address | IPv6Address = ip_address("" if client is None else client[0])
    except ValueError:
        return _NOWHERE
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _IPV6_PREFIX), strict=False).network_address)


def _is_free(path: str) -> bool:
    return path in UNLIMITED or path.startswith(_UNLIMITED_FOLDER)


def _bearer(headers: Headers) -> str | None:
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _look_up(backend: Backend, text: str) -> ApiKey:
    return authenticate(backend.store, text, now=datetime.now(UTC))
