from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.anvil import anvil, anvil_process, chain, signer
from tests.browser.chromium import browser, context, page
from tests.browser.engine import Engine, open_engine
from tests.browser.visitor import verifier, visitor
from tests.services.conftest import office, proxy
from tests.worlds import case_world

__all__ = [
    "anvil",
    "anvil_process",
    "browser",
    "case_world",
    "chain",
    "context",
    "office",
    "page",
    "proxy",
    "signer",
    "verifier",
    "visitor",
]


@pytest.fixture(scope="session")
def engine(browser: Browser) -> Iterator[Engine]:
    """The JavaScript engine in one page, for all tests: it keeps nothing between calls."""
    with open_engine(browser) as engine:
        yield engine
