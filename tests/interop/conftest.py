from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.browser.chromium import browser
from tests.browser.conftest import engine
from tests.interop.academy import Academy, academy

__all__ = ["browser", "engine"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Academy]:
    with academy(tmp_path_factory.mktemp("academy")) as found:
        yield found


@pytest.fixture(scope="module")
def badges(place: Academy) -> list[Any]:
    return place.issue("cloud", "ada", "bob", "eve", "kim", name="Somebody")


@pytest.fixture
def badge(badges: list[Any]) -> Any:
    return deepcopy(badges[0])
