"""How the verifier's page and its files are served, and what they let a browser do."""

import base64
import re
from hashlib import sha256

from registry.core.trust import TrustedIssuer
from registry.verifier import ChainToAsk, Configuration, served_page, single_file
from registry.verifier.modules import modules
from registry.wiring import load_settings
from registry.wiring.verifier_page import page_configuration
from tests.api.conftest import Site

HOSTILE = "</script><script>alert(1)</script><!--"


def configuration(*urls: str) -> Configuration:
    chain = ChainToAsk(1, bytes(20), "finalized", urls)
    return Configuration([chain], {bytes(20): TrustedIssuer(HOSTILE)}, timeout=5, version="1")


def test_the_page_is_kept_but_asked_for_anew(offline: Site) -> None:
    page = offline.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    again = offline.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = offline.client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-security-policy"] == page.headers["content-security-policy"]


def test_the_page_lets_nobody_in(offline: Site) -> None:
    page = offline.get("/")
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    [imports] = re.findall(r'<script type="importmap">(.*?)</script>', page.text)
    digest = base64.b64encode(sha256(imports.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{digest}'",
        "style-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self' https: http://127.0.0.1:* http://localhost:*"
        + "".join(re.findall(r" http://127.0.0.1:\d+", policy["connect-src"])),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "rootseal-svg",
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["cross-origin-resource-policy"] == "same-origin"


def test_every_module_is_served_as_a_script(offline: Site) -> None:
    assert modules()
    for module in modules():
        file = offline.get(f"/verifier/{module.path}")
        assert file.status_code == 200, module.path
        assert file.headers["content-type"] == "text/javascript; charset=utf-8"
        assert file.headers["etag"]


def test_the_style_sheet_is_served(offline: Site) -> None:
    assert offline.get("/verifier/style.css").headers["content-type"] == "text/css; charset=utf-8"


def test_nothing_else_is_served(offline: Site) -> None:
    for path in ("", "index.html", "__init__.py", "js/%2e%2e/modules.py", "vendor/VENDORED.json"):
        assert offline.get(f"/verifier/{path}").status_code == 404, path


def test_no_name_breaks_out_of_the_page() -> None:
    for page in (served_page(configuration()), single_file(configuration())):
        text = page.html.decode()
        assert HOSTILE not in text
        assert "alert(1)</script>" not in text
        assert "<!--" not in text.partition('id="config"')[2].partition("</script>")[0]


def test_the_single_file_loads_nothing() -> None:
    page = single_file(configuration("https://node.example/key"))
    text = page.html.decode()
    assert f'<meta http-equiv="Content-Security-Policy" content="{page.policy}">' in text
    assert re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="(?!data:)', text) == []
    assert "frame-ancestors" not in page.policy  # a meta element cannot say that
    assert "script-src data: 'sha256-" in page.policy
    assert "unsafe" not in page.policy


def test_nodes_on_an_intranet_may_be_asked_if_they_are_configured() -> None:
    nodes = ["http://node.campus:8545/x;script-src *", "http://[::1]:1/", "https://node.example/"]
    policy = served_page(configuration(*nodes)).policy
    assert "localhost:* http://node.campus:8545; base-uri" in policy


def test_only_what_is_public_is_told() -> None:
    settings = load_settings({}, rpc_url="http://secret.example/key", chain_id="1")
    told = page_configuration(settings, {})
    assert [chain.rpc_urls for chain in told.chains] == [[]]
    assert "secret" not in served_page(told).html.decode()
    development = page_configuration(load_settings({}), {})
    assert [chain.rpc_urls for chain in development.chains] == [["http://127.0.0.1:8545"]]
    public = load_settings({}, chain_id="1", public_rpc_url="https://node.example/")
    assert page_configuration(public, {}).chains[0].rpc_urls == ["https://node.example/"]
