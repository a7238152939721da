from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.interop.academy import Academy, academy


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
