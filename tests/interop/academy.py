"""An academy that issued badges as issuers do, on a chain that Blockcerts have a name for."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.chain import Devnet
from registry.wiring import Registry, load_settings
from registry.wiring.tools import deploy_on_devnet
from tests.interop.others import Web, blockcerts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the test client asks for a successor of httpx
    from fastapi.testclient import TestClient

from api.app import create_app
from api.signed_lists import SignedLists

SEPOLIA: Final = 11155111
DID: Final = "did:web:academy.example"
URL: Final = "https://academy.example"
ISSUER: Final = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ACHIEVEMENT: Final = """
name = "Cloud Foundations"
description = "What a cloud is, and what it is not."
criteria = "Pass the exam."
type = "MicroCredential"
valid_for = "3 years"

[[skills]]
name = "use cloud computing"
url = "http://data.europa.eu/esco/skill/1"
framework = "ESCO"
"""
PROFILE: Final = f'id = "{DID}"\nname = "Example Academy"\nurl = "{URL}"\n'


@dataclass(frozen=True)
class Academy:
    """Its folder, its node, and its API."""

    folder: Path
    node: Devnet
    registry: Registry
    api: TestClient

    def run(self, *arguments: str, code: int | None = 0) -> str:
        """Run the command as the academy's operator does, to an exit code."""
        return run(self.folder, *arguments, code=code)

    def issue(
        self,
        out: str,
        *people: str,
        achievement: str = ACHIEVEMENT,
        proof: str = "both",
        **columns: str,
    ) -> list[Any]:
        """Issue badges; the finished ones in the roster's order, tokens as texts."""
        (self.folder / f"{out}.toml").write_text(achievement)
        header = ",".join(["email", *columns])
        rows = [",".join([f"{person}@x.example", *columns.values()]) for person in people]
        (self.folder / f"{out}.csv").write_text("\n".join([header, *rows]) + "\n")
        form = "--out", out, "--proof", proof
        self.run("issue", f"{out}.csv", "--achievement", f"{out}.toml", *form)
        listed = (self.folder / out / "issued.csv").read_text().splitlines()[1:]
        files = [(self.folder / out / line.split(",")[-1]).read_text() for line in listed]
        return files if proof == "jwt" else [json.loads(file) for file in files]

    def withdraw(self, how: str, badge: Any) -> None:
        """Revoke, suspend or reinstate a badge, and forget the list that was kept."""
        name = badge["id"].rpartition(":")[2]
        path = next(self.folder.glob(f"*/{name}.json"))
        self.run(how, str(path))
        self.api.app.state.backend.status_lists = SignedLists()  # type: ignore[attr-defined]

    def page(self, path: str) -> str | None:
        """What the academy's own server answers."""
        answer = self.api.get(path)
        return answer.text if answer.status_code == 200 else None

    def pages(self, badge: Any) -> dict[str, str]:
        """All that a verifier would find on the web."""
        return Web(DID, URL, ISSUER, self.page).pages(badge)

    def blockcerts(
        self, badge: Any, pages: Mapping[str, str] | None = None, now: str | None = None
    ) -> Any:
        """What the verifier of Blockcerts says."""
        return blockcerts(badge, {**self.pages(badge), **(pages or {})}, self.node.url, now)


def run(folder: Path, *arguments: str, code: int | None = 0) -> str:
    """Run the command in a folder, to an exit code."""
    command = [sys.executable, "-c", "from registry.cli import main; main()", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert code in {None, ran.returncode}, ran.stderr + ran.stdout
    return ran.stdout


@contextmanager
def academy(folder: Path) -> Iterator[Academy]:
    """Open one: chain, keys, settings, API."""
    with Devnet(block_time=1, chain_id=SEPOLIA) as node:
        deploy_on_devnet(node.url, SEPOLIA)
        settings = {
            "database": f"sqlite:///{folder}/registry.db",
            "rpc_url": node.url,
            "chain_id": SEPOLIA,
            "signer_url": node.url,
            "signer_address": ISSUER,
            "public_url": URL,
            "issuer_profile": f"{folder}/issuer.toml",
            "signing_key": f"{folder}/signing.pem",
            "signing_password_file": f"{folder}/password",
            "poll_seconds": 0.1,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        (folder / "rootseal.toml").write_text("\n".join(lines) + "\n")
        (folder / "issuer.toml").write_text(PROFILE)
        (folder / "password").write_text("correct horse\n")
        run(folder, "keys", "new-signing-key", "signing.pem", "--password-file", "password")
        registry = Registry(load_settings({}, **settings))
        with TestClient(create_app(registry), base_url=URL) as api:
            yield Academy(folder, node, registry, api)
