"""The application: endpoints, limits, problems and the registry's life, put together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic.alias_generators import to_camel

from api.access import put_backend
from api.bodies import BodyLimit
from api.delivery import Compression, Conditional, HeadAsGet
from api.documentation import openapi_of
from api.headers import BrowserHeaders
from api.limits import Counting, RateLimit
from api.patience import Patience
from api.problems import LastResort, add_problem_handlers
from api.protocol import PATIENCE
from api.receipt_lane import ReceiptLane
from api.requests import RequestLog
from api.routes import ROUTERS
from registry.errors import UnavailableError
from registry.wiring import Registry, Settings, load_settings

_log = logging.getLogger(__name__)

_MIB: Final = 2**20
_BODY_LIMIT: Final = _MIB  # where nothing else is said
_BODY_LIMITS: Final = {
    "/v1/verify": 32 * _MIB,  # a scanned diploma
    "/v1/credentials": 256 * _MIB,  # a night of NDJSON, some 200,000 badges
}


def create_app(registry: Registry) -> FastAPI:
    """The API of a registry, which it closes at its end."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, float]]:
        yield {PATIENCE: registry.settings.request_timeout}
        await run_in_threadpool(registry.close)

    app = FastAPI(
        title="Rootseal",
        version=version("rootseal"),
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts of third parties
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: to_camel(route.name),
    )
    put_backend(app, registry)
    for router in ROUTERS:
        app.include_router(router)
    add_problem_handlers(app)
    _add_middleware(app, registry.settings)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign] # FastAPI's documented way
    return app


def from_environment() -> FastAPI:
    """The API of the registry that the environment configures: a factory for uvicorn.

    Everything is open before requests come; what is down now is asked again later. Raises
    `RootsealError` for what is configured wrongly.
    """
    registry = Registry(load_settings())
    try:
        _ = registry.chain, registry.trusted, registry.note_signer
        _ = registry.store
    except UnavailableError as exc:
        _log.warning("starting without the store: %s", exc)
    except BaseException:
        registry.close()
        raise
    return create_app(registry)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """From the inside to the outside: the last added sees a request first."""
    app.add_middleware(BodyLimit, default=_BODY_LIMIT, limits=_BODY_LIMITS)
    counting = Counting(
        per_address=settings.requests_per_minute, per_key=settings.key_requests_per_minute
    )
    app.add_middleware(RateLimit, counting=counting)
    app.add_middleware(Patience, seconds=settings.request_timeout)
    app.add_middleware(Conditional)
    app.add_middleware(Compression)
    app.add_middleware(HeadAsGet)
    app.add_middleware(LastResort)
    app.add_middleware(BrowserHeaders)
    app.add_middleware(RequestLog)
    app.add_middleware(ReceiptLane, counting=counting)
