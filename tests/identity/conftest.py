from collections.abc import Iterator

import pytest

from tests.identity.servers import Authority, NameServer, WebServer, https, name_server

HOST = "issuer.example"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(authority: Authority) -> Iterator[WebServer]:
    """The HTTPS server of `HOST`."""
    with https(authority.serving(HOST)) as server:
        yield server


@pytest.fixture
def names() -> Iterator[NameServer]:
    with name_server() as server:
        yield server
