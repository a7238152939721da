"""The verifier that runs in a browser: its files, and the page put together from them.

Knows no settings: what the page shall ask and trust comes in as `Configuration`.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from registry.core.address import format_address, format_chain
from registry.core.trust import TrustList
from registry.verifier.modules import import_map, modules

PREFIX: Final = "/verifier"  # where the page finds its modules on our server
STYLE: Final = "style.css"
_ENTRY: Final = "rootseal/page/main.js"
_POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; "
    "connect-src 'self' https: http://127.0.0.1:* http://localhost:*{nodes}; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
    "trusted-types rootseal-svg"  # the policy of rootseal/baked.js
)
_HOST: Final = re.compile(r"[a-z0-9.-]+")  # what a policy can name: no IPv6 address


@dataclass(frozen=True, slots=True)
class ChainToAsk:
    """A chain that the page asks, and its endpoints; none if the visitor must name one."""

    chain_id: int
    contract: bytes
    finality: str | int
    rpc_urls: Sequence[str]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a page begins with; the visitor may change it. Everybody can read it."""

    chains: Sequence[ChainToAsk]
    trusted: TrustList
    timeout: float  # seconds, of one answer of a node
    version: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the Content-Security-Policy that it needs."""

    html: bytes
    policy: str


def served_page(configuration: Configuration) -> Page:
    """The page as our server gives it, with its modules under `PREFIX`."""
    imports = _json({"imports": import_map(PREFIX)})
    scripts = f"'self' {_hash(imports)}"
    policy = _POLICY.format(scripts=scripts, styles="'self'", nodes=_nodes(configuration))
    html = _fill(
        policy="",
        style=f'<link rel="stylesheet" href="{PREFIX}/{STYLE}">',
        imports=imports,
        config=_config(configuration, is_single=False),
        entry=f'<script type="module" src="{import_map(PREFIX)[_ENTRY]}"></script>',
    )
    return Page(html, f"{policy}; frame-ancestors 'none'")


def single_file(configuration: Configuration) -> Page:
    """The page with everything in it: it asks nobody but the chain's nodes."""
    imports = _json({"imports": {m.specifier: _data_url(m.content) for m in modules()}})
    style = f"\n{style_sheet().decode()}"
    start = f'import "{_ENTRY}";'
    scripts = f"data: {_hash(imports)} {_hash(start)}"
    policy = _POLICY.format(scripts=scripts, styles=_hash(style), nodes=_nodes(configuration))
    html = _fill(
        policy=f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        style=f"<style>{style}</style>",
        imports=imports,
        config=_config(configuration, is_single=True),
        entry=f'<script type="module">{start}</script>',
    )
    return Page(html, policy)


def style_sheet() -> bytes:
    """The style sheet that every page of ours builds on."""
    return files("registry.verifier").joinpath(STYLE).read_bytes()


def _nodes(configuration: Configuration) -> str:
    """Nodes that were configured although they answer without TLS, as on an intranet."""
    urls = [urlsplit(url) for chain in configuration.chains for url in chain.rpc_urls]
    named = [url for url in urls if url.scheme == "http" and _HOST.fullmatch(url.hostname or "")]
    return "".join(f" http://{url.hostname}:{url.port or 80}" for url in named)


def _fill(**parts: str) -> bytes:
    text = files("registry.verifier").joinpath("index.html").read_text("utf-8")
    head, *rest = text.split("@@")  # not one after the other: a part may hold another's name
    for name, following in zip(rest[::2], rest[1::2], strict=True):
        head += parts[name.lower()] + following
    return head.encode()


def _config(configuration: Configuration, *, is_single: bool) -> str:
    chains = [
        {
            "chain": format_chain(chain.chain_id),
            "contract": format_address(chain.contract),
            "finality": chain.finality,
            "rpcUrls": list(chain.rpc_urls),
        }
        for chain in configuration.chains
    ]
    trusted = {
        format_address(address): {"name": issuer.name, "accreditation": issuer.accreditation}
        for address, issuer in configuration.trusted.items()
    }
    return _json(
        {
            "chains": chains,
            "trusted": trusted,
            "timeout": round(configuration.timeout * 1000),
            "version": configuration.version,
            "isSingle": is_single,
        }
    )


def _json(value: Mapping[str, object]) -> str:
    # A script element ends at `</script`, whatever its type, and `<!--` opens a comment in it.
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")


def _data_url(content: bytes) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(content).decode()}"


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'"
