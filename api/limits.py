"""How many requests are taken in a minute: from one address, and with one API key.

Each process counts by itself and in memory: behind a balancer the limits hold for each of them.
"""

import math
import time
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from fastapi.concurrency import run_in_threadpool
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import backend_of, put_key
from api.problems import problem_response
from api.shapes import OAUTH
from api.wallets.access import put_leave, require_wallets, was_guess
from registry.errors import NotAllowedError, NotFoundError, UnavailableError
from registry.services.api_keys import authenticate
from registry.services.wallets.refusals import TokenRefusedError
from registry.services.wallets.secret_texts import TOKEN_PREFIX
from registry.services.wallets.tokens import leave_of

MAX_COUNTERS: Final = 50_000  # some 20 MB; beyond it the oldest are forgotten
_REMEMBERED: Final = 4096  # addresses whose spelling is known
_IPV6_PREFIX: Final = 64  # what one household or one server has to itself
_IS_COUNTED: Final = "is_counted"  # noted in a request's state
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


class Counting:
    """Counts requests, by who they are of."""

    def __init__(self, *, per_address: int, per_key: int) -> None:
        self._per_address = RateLimitItemPerMinute(per_address)
        self._per_key = RateLimitItemPerMinute(per_key)
        self._limiter = SlidingWindowCounterRateLimiter(BoundedMemory())

    def has_left(self, kind: str, who: str) -> bool:
        """Whether another one would be taken."""
        return self._limiter.test(self.limit(kind), kind, who)

    def count(self, kind: str, who: str) -> bool:
        """Count one; False, and none is counted, if there is none left."""
        return self._limiter.hit(self.limit(kind), kind, who)

    def count_once(self, scope: Scope) -> dict[str, str] | None:
        """Count a request without a key before `RateLimit` comes to it, which then does not.

        What its caller is told; None, and it is not counted, if there is none left.
        """
        address = counted_address(scope["client"])
        if not self.count("address", address):
            return None
        scope.setdefault("state", {})[_IS_COUNTED] = True
        return self.headers("address", address)

    def headers(self, kind: str, who: str) -> dict[str, str]:
        """What is left, as draft-ietf-httpapi-ratelimit-headers writes it."""
        limit = self.limit(kind)
        found = self._limiter.get_window_stats(limit, kind, who)
        reset = _seconds_until(found.reset_time)
        return {
            "RateLimit-Policy": f'"{kind}";q={limit.amount};w={limit.get_expiry()}',
            "RateLimit": f'"{kind}";r={found.remaining};t={reset}',
        }

    def reset(self, kind: str, who: str) -> int:
        """In how many seconds there is more."""
        return _seconds_until(
            self._limiter.get_window_stats(self.limit(kind), kind, who).reset_time
        )

    def limit(self, kind: str) -> RateLimitItem:
        """How many are taken."""
        return self._per_key if kind in {"key", "wallet"} else self._per_address


class RateLimit:
    """Middleware that refuses what comes too fast, and tells every caller how much is left.

    A key is looked at before it is counted, so that nobody spends another's requests. Wrong keys
    count against their address twice: as its requests, and by themselves. An address that spent
    the latter has no key looked at, right or wrong, so that it cannot go on guessing. So are wrong
    codes and secrets counted, which holders and wallets send to `/oauth/`.
    """

    def __init__(self, app: ASGIApp, *, counting: Counting) -> None:
        self._app = app
        self._counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and pass it on or refuse it."""
        if scope["type"] != "http" or _is_free(scope["path"]):
            await self._app(scope, receive, send)
            return
        address = counted_address(scope["client"])
        scope.setdefault("state", {})  # the same for the endpoint, which may note something there
        text = _bearer(Headers(scope=scope))
        counted = ("address", address)
        is_tried = text is not None or _takes_guesses(scope)
        if is_tried and not self._counting.has_left("wrong-key", address):
            await self._refuse(scope, receive, send, "wrong-key", address)
            return
        if text is not None:
            counted = await self._bearer_counted(scope, text, address)
        if not scope["state"].get(_IS_COUNTED) and not self._counting.count(*counted):
            await self._refuse(scope, receive, send, *counted)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._counting.headers(*counted))
            await send(message)

        await self._app(scope, receive, told)
        if was_guess(scope):
            self._counting.count("wrong-key", address)

    async def _bearer_counted(self, scope: Scope, text: str, address: str) -> tuple[str, str]:
        """As whose the request counts; a wrong key is counted for itself, too."""
        try:
            return await run_in_threadpool(_look_up, scope, text)
        except NotAllowedError:
            self._counting.count("wrong-key", address)
        except (TokenRefusedError, NotFoundError, UnavailableError):
            pass  # said by the endpoint, if it needs one at all; tokens end every hour
        return "address", address

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, kind: str, who: str
    ) -> None:
        headers = self._counting.headers(kind, who)
        amount = self._counting.limit(kind).amount
        response = problem_response(
            429,
            "too-many-requests",
            f"{amount} requests a minute are taken {_WHOSE[kind]}",
            instance=scope["path"],
            headers=headers | {"Retry-After": str(self._counting.reset(kind, who))},
        )
        await response(scope, receive, send)


_WHOSE: Final = {
    "address": "from one address",
    "key": "with one API key",
    "wallet": "from one wallet",
    "wrong-key": "from one address with keys or codes that are none of this registry",
}


def counted_address(client: tuple[str, int] | None) -> str:
    """What is counted as one address: an IPv4 address, or 64 bits of an IPv6 address."""
    return _counted("" if client is None else client[0])


@lru_cache(_REMEMBERED)
def _counted(host: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return _NOWHERE
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _IPV6_PREFIX), strict=False).network_address)


def _seconds_until(moment: float) -> int:
    return max(0, math.floor(moment - time.time())) + 1


def _is_free(path: str) -> bool:
    return path in UNLIMITED or path.startswith(_UNLIMITED_FOLDER)


def _bearer(headers: Headers) -> str | None:
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _takes_guesses(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith(f"{OAUTH}/")


def _look_up(scope: Scope, text: str) -> tuple[str, str]:
    """Whose key or token it is; which is kept for the endpoint."""
    backend = backend_of(scope)
    if not text.startswith(TOKEN_PREFIX):
        key = authenticate(backend.store, text, now=datetime.now(UTC))
        put_key(scope, key)
        return "key", key.id
    require_wallets(backend)
    leave = leave_of(backend.store, text)
    put_leave(scope, leave)
    return "wallet", leave.grant.client_id
