"""The verifier's page and its files. It is not told, here or anywhere, what visitors check."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from fastapi import APIRouter, Response

from api.access import BackendDep
from api.pages.rendering import PageRoute
from registry.errors import NotFoundError
from registry.verifier import STYLE, served_page, style_sheet
from registry.verifier.modules import modules

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_SCRIPT: Final = "text/javascript"
# Kept by browsers, but asked for anew each time: a page never runs modules of two versions.
_HEADERS: Final = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "same-origin"}


@router.get("/")
def verifier_page(backend: BackendDep) -> Response:
    """The page on which anybody verifies, in the browser itself."""
    page = served_page(backend.registry.page_configuration)
    headers = {
        **_HEADERS,
        "Content-Security-Policy": page.policy,
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return Response(page.html, media_type="text/html", headers=headers)


@router.get("/verifier/{path:path}")
def verifier_file(path: str) -> Response:
    """A module or the style sheet."""
    if path not in _files():
        raise NotFoundError("the verifier has no such file")
    media_type, content = _files()[path]
    return Response(content, media_type=media_type, headers=_HEADERS)


@cache
def _files() -> Mapping[str, tuple[str, bytes]]:
    """Every file that is served, by its path: nothing is looked up on the disk by name."""
    scripts = {module.path: (_SCRIPT, module.content) for module in modules()}
    return {STYLE: ("text/css", style_sheet()), **scripts}
