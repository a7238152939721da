"""The main job, shown on a local chain. Exits 1 if anything it claims is not so.

Uses the product as its users do: the `rootseal` command, the HTTP API, and the contract itself.
Everything it writes is in demo-output/, made anew on each run.
"""

import csv
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from demo_roster import write_roster
from demo_tools import Issuer, Process, cli, free_port, must, say, shown, verdict_of

from registry.chain import artifact, deterministic_address
from registry.core.address import format_address
from registry.core.canonical import hashes_of
from registry.core.documents import parse_document
from registry.core.receipt import Receipt, parse_receipt
from registry.core.tree import generic_path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the verifiers of others are in the tests

from tests.interop import others  # noqa: E402

OUT = ROOT / "demo-output"
EXAMPLES = ROOT / "examples"
ROSTER_SIZE = 1000
PDF = EXAMPLES / "diploma-supplement.pdf"
CHAIN_ID = 11155111  # Sepolia's: verifiers of Blockcerts have no name for a local chain
DID, URL = "did:web:academy.example", "https://academy.example"


def main() -> None:
    """Run the demo from an empty folder to the last check."""
    began = time.monotonic()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with ExitStack() as stack:
        demo = Demo(stack)
        demo.start_chain()
        demo.add()
        demo.anchor()
        demo.write_receipts()
        demo.verify_by_api()
        demo.verify_by_others()
        demo.verify_alone()
        demo.verify_by_contract()
        demo.tell_apart()
        demo.withdraw()
        demo.audit()
        demo.lose_the_chain()
    say(f"All of it held, in {time.monotonic() - began:.0f} s.")
    shown("roster, badges and receipts", "demo-output/")
    shown("the same commands for your own files", "README.md, rootseal --help")
    shown("what the bytes mean", "docs/formats.md")


class Demo:
    """One run: two issuers, one chain, one store."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.rpc_url = f"http://127.0.0.1:{free_port()}"
        self.api_url = f"http://127.0.0.1:{free_port()}"
        self.academy = Issuer("Example Course Academy", 1)
        self.university = Issuer("Example University", 2)
        self.receipts: dict[str, Path] = {}
        self.write_settings()

    def write_settings(self) -> None:
        """One settings file for everybody; the key is chosen for each command."""
        trust = "\n".join(
            f'"{issuer.name}" = "{issuer.address}"' for issuer in (self.academy, self.university)
        )
        config = OUT / "rootseal.toml"
        config.write_text(
            f'database = "sqlite:///{OUT}/registry.db"\nrpc_url = "{self.rpc_url}"\n'
            f'chain_id = {CHAIN_ID}\nsigner_url = "{self.rpc_url}"\n'
            f'poll_seconds = 0.25\npublic_url = "{URL}"\n'
            f'issuer_profile = "{OUT}/issuer.toml"\nsigning_key = "{OUT}/signing-key.pem"\n'
            f'signing_password_file = "{OUT}/password"\n\n[trust]\n{trust}\n',
            encoding="utf-8",
        )
        os.environ["ROOTSEAL_CONFIG"] = str(config)

    def start_chain(self) -> None:
        """Start Anvil and deploy."""
        say("A local chain, and the contract on it")
        port = self.rpc_url.rsplit(":", 1)[1]
        place = "--port", port, "--state", str(OUT / "devnet"), "--chain-id", str(CHAIN_ID)
        self.devnet = self.stack.enter_context(Process(["devnet", *place], log=OUT / "devnet.log"))
        self.devnet.wait_until(self.has_contract, "the contract to be deployed")
        shown("contract", format_address(deterministic_address()))

    def has_contract(self) -> bool:
        """Whether the node answers with code at the contract's address."""
        try:
            return (
                self.rpc("eth_getCode", format_address(deterministic_address()), "latest") != "0x"
            )
        except httpx.HTTPError:
            return False

    def rpc(self, method: str, *params: object) -> str:
        """Ask the node directly, past our own code."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.rpc_url, json=request, timeout=10).json()
        if "result" not in answer:
            raise SystemExit(f"{method} failed: {answer.get('error')}")
        result = answer["result"]
        return result if isinstance(result, str) else json.dumps(result)

    def add(self) -> None:
        """One issuer makes badges of a roster, another hands in what it has."""
        say(f"A night's credentials: {ROSTER_SIZE} badges of a roster, three more, and a PDF")
        (OUT / "password").write_text(secrets.token_urlsafe(16), encoding="utf-8")
        password = ("--password-file", str(OUT / "password"))
        cli("keys", "new-signing-key", str(OUT / "signing-key.pem"), *password)
        profile = f'id = "{DID}"\nname = {json.dumps(self.academy.name)}\nurl = "{URL}"\n'
        (OUT / "issuer.toml").write_text(profile, encoding="utf-8")
        write_roster(OUT / "roster.csv", ROSTER_SIZE)
        waiting = self.issue("--no-anchor")
        must(waiting["badges"] == ROSTER_SIZE, f"{waiting['badges']} Open Badges 3.0 made")
        again = self.issue("--no-anchor")
        must(again == waiting, "the same roster a second time makes no others")
        added = cli("add", *map(str, self.university_files()), issuer=self.university)
        must(added["new"] == 4, f"{added['new']} credentials added for {self.university.name}")

    # Any: as `cli`.
    def issue(self, *options: str) -> Any:  # noqa: ANN401
        """Make, or finish, the badges of the roster."""
        files = str(OUT / "roster.csv"), "--achievement", str(EXAMPLES / "container-basics.toml")
        form = "--proof", "both", "--baked", "--out", str(OUT / "badges")
        return cli("issue", *files, *form, *options, issuer=self.academy)

    def university_files(self) -> list[Path]:
        """The credentials of the second issuer."""
        return [*sorted(EXAMPLES.glob("*.json")), PDF]

    def anchor(self) -> None:
        """Seal and anchor: one transaction for each issuer."""
        say("Sealed, anchored, and waited for until final")
        for issuer in (self.academy, self.university):
            night = cli("nightly", issuer=issuer)
            batch = night["batches"][0]
            transaction = batch["anchors"][0]["transaction"]
            mined = json.loads(self.rpc("eth_getTransactionReceipt", transaction))
            gas, size = int(mined["gasUsed"], 16), int(batch["treeSize"])
            sent = int(self.rpc("eth_getTransactionCount", issuer.address, "latest"), 16)
            must(sent == 1, f"{issuer.name}: {size} credentials in one transaction")
            issuer.seal = str(batch["seal"])
            shown("seal", issuer.seal)
            shown("gas", f"{gas:,} for the batch, {gas / size:,.1f} for a credential")
            for gwei, dollars in ((1, 3000), (20, 3000)):
                price = gas * gwei * 1e-9 * dollars
                shown(
                    f"at {gwei} gwei and {dollars:,} $/ETH",
                    f"{price:.4f} $ for the batch, {price / size:.6f} $ for a credential",
                )

    def write_receipts(self) -> None:
        """Write every receipt and have a library of others walk each path."""
        say("A receipt for each, and merkletools' opinion of every path")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a hash that is not used here
            from merkletools import MerkleTools  # noqa: PLC0415 - after the warning is silenced

        tools, count = MerkleTools(), 0
        for issuer in (self.academy, self.university):
            folder = OUT / "receipts" / str(issuer.account)
            cli("export", "receipts", str(folder), "--seal", issuer.seal, issuer=issuer)
            for path in folder.iterdir():
                receipt = parse_receipt(path.read_bytes())
                steps = generic_path(salt=receipt.salt, proof=receipt.proof)
                hashes = receipt.credential_hash.hex(), receipt.seal.hex()
                if not tools.validate_proof(steps, *hashes):
                    must(False, f"merkletools accepts {path}")  # noqa: FBT003
                self.receipts[hashes[0]] = path
                count += 1
        must(count == ROSTER_SIZE + 4, f"merkletools accepts the path of all {count} receipts")
        finished = self.issue()["finished"]
        must(
            finished == ROSTER_SIZE, f"{finished} badges signed, for Open Badges and for Blockcerts"
        )
        with (OUT / "badges" / "issued.csv").open(encoding="utf-8") as file:
            badge = OUT / "badges" / next(csv.DictReader(file))["file"]
        self.picture = badge.with_suffix(".svg")
        self.samples = {"a badge of the roster": badge}
        self.samples |= {f"{path.name}": path for path in self.university_files()}

    def receipt_of(self, credential: Path) -> Path:
        """The receipt file of a credential file."""
        data = credential.read_bytes()
        if credential == PDF:
            return self.receipts[sha256(data).hexdigest()]
        found = (self.receipts.get(each.hex()) for each in hashes_of(parse_document(data)))
        return next(path for path in found if path is not None)

    def verify_by_api(self) -> None:
        """Ask the API, which finds the receipts itself."""
        say("Verified through the API")
        with self.serving():
            for name, path in self.samples.items():
                answer = httpx.post(
                    f"{self.api_url}/v1/verify",
                    files={"credential": (path.name, path.read_bytes())},
                    timeout=30,
                )
                must(
                    answer.status_code == 200 and answer.json()["verdict"] == "valid",
                    f"{name}: {answer.json()['summary']}",
                )

    def verify_by_others(self) -> None:
        """Show a badge to the verifiers of others, unchanged."""
        say("The badge of the roster, by verifiers that know nothing of us")
        for name, refusal in self.opinions().items():
            must(refusal is None, f"{name}: {refusal or 'accepted'}")

    def opinions(self) -> dict[str, str | None]:
        """Why each of them refuses the badge; None where it does not."""
        badge = json.loads(self.samples["a badge of the roster"].read_bytes())
        with self.serving():
            web = others.Web(DID, URL, self.academy.address, self.page)
            pages = web.pages(badge)
        return others.refusals(badge, pages, web, self.rpc_url)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The academy's API, as long as it is needed."""
        port = self.api_url.rsplit(":", 1)[1]
        api = Process(["serve", "--port", port], log=OUT / "api.log", issuer=self.academy)
        with api:
            api.wait_until(self.api_is_ready, "the API to be ready")
            yield

    def page(self, path: str) -> str | None:
        """What the academy's server answers, under its public name."""
        answer = httpx.get(self.api_url + path, timeout=30)
        return answer.text if answer.is_success else None

    def api_is_ready(self) -> bool:
        """Whether the API answers that it can work."""
        try:
            return httpx.get(f"{self.api_url}/readyz", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def verify_alone(self) -> None:
        """No API and no store: credential, receipt and chain are enough."""
        say("Verified with the receipt alone: the API is down and the store is out of reach")
        for file in OUT.glob("registry.db*"):
            file.rename(OUT / f"away-{file.name}")
        for name, path in self.samples.items():
            must(self.verify(path, self.receipt_of(path)) == ("valid", 0), f"{name}: valid")
        alone = verdict_of("verify", str(self.picture))
        must(alone == ("valid", 0), "the badge as a picture, without its receipt: valid")

    def verify(self, credential: Path, receipt: Path) -> tuple[str, int]:
        """Verdict and exit code of the command."""
        return verdict_of("verify", str(credential), "--receipt", str(receipt))

    def verify_by_contract(self) -> None:
        """Ask the contract's own `verify`, as another contract would."""
        say("Verified by the contract's own verify()")
        for name, path in self.samples.items():
            receipt = parse_receipt(self.receipt_of(path).read_bytes())
            must(self.contract_verdict(receipt) == "Valid", f"{name}: Valid")

    def contract_verdict(self, receipt: Receipt) -> str:
        """What the contract's `verify` returns for a receipt."""
        from web3 import Web3  # noqa: PLC0415 - slow to import, and used here alone

        contract = Web3().eth.contract(abi=artifact().abi)
        data = contract.encode_abi(
            "verify",
            args=[
                format_address(receipt.anchors[0].issuer),
                receipt.seal,
                receipt.credential_hash,
                receipt.salt,
                receipt.leaf_index,
                receipt.tree_size,
                list(receipt.siblings),
            ],
        )
        call = {"to": format_address(receipt.anchors[0].contract), "data": data}
        names = ("NotAnchored", "NotIncluded", "Revoked", "Suspended", "Valid")
        return names[int(self.rpc("eth_call", call, "latest"), 16)]

    def tell_apart(self) -> None:
        """A changed credential and a neighbour's receipt."""
        say("What is not so")
        badge = self.samples["a badge of the roster"]
        receipt = self.receipt_of(badge)
        changed = OUT / "changed.json"
        changed.write_bytes(badge.read_bytes().replace(b"70 of 100", b"10 of 100"))
        must(self.verify(changed, receipt) == ("invalid", 1), "a changed credential is invalid")
        neighbour = next(path for path in receipt.parent.iterdir() if path != receipt)
        must(self.verify(badge, neighbour) == ("invalid", 1), "a neighbour's receipt is invalid")
        forged = parse_receipt(neighbour.read_bytes()).model_copy(
            update={"credential_hash": parse_receipt(receipt.read_bytes()).credential_hash}
        )
        must(self.contract_verdict(forged) == "NotIncluded", "… and the contract says NotIncluded")

    def withdraw(self) -> None:
        """Revoke one, suspend another and reinstate it."""
        say("Revoked, suspended, reinstated: on the chain, so every verifier sees it")
        for file in OUT.glob("away-registry.db*"):
            file.rename(OUT / file.name.removeprefix("away-"))
        cloud, nursing = (
            self.samples["cloud-certificate.json"],
            self.samples["nursing-micro-credential.json"],
        )
        steps: list[tuple[str, Path, tuple[str, int], str]] = [
            ("revoke", cloud, ("invalid", 1), "Revoked"),
            ("suspend", nursing, ("invalid", 1), "Suspended"),
            ("reinstate", nursing, ("valid", 0), "Valid"),
        ]
        for command, path, verdict, word in steps:
            cli(command, str(path), issuer=self.university)
            receipt = self.receipt_of(path)
            must(
                self.verify(path, receipt) == verdict, f"after {command}: {path.name}: {verdict[0]}"
            )
            found = self.contract_verdict(parse_receipt(receipt.read_bytes()))
            must(found == word, f"… and the contract says {found}")
        refused = verdict_of("reinstate", str(cloud), issuer=self.university)
        must(refused[1] == 1, "what is revoked cannot be reinstated")
        cli("revoke", str(self.samples["a badge of the roster"]), issuer=self.academy)
        for name, refusal in self.opinions().items():
            if "schema" not in name:  # which cannot know
                must(refusal is not None, f"the badge of the roster, revoked: {name} refuses it")

    def audit(self) -> None:
        """Audit an issuer from one folder, and find what its maker changed in it."""
        say("Audited from a bundle: no store, no API and no node is asked")
        bundle = OUT / "academy-bundle"
        cli("export", "bundle", str(bundle), issuer=self.academy)
        report = verdict_of("audit", str(bundle), "--output", str(OUT / "audit"))
        must(report == ("clean", 0), "every anchor, leaf, right and status: nothing found")
        leaves = next((bundle / "leaves").iterdir())
        leaves.write_bytes(leaves.read_bytes()[:-32])
        must(verdict_of("audit", str(bundle)) == ("findings", 1), "a leaf was dropped: found")
        shown("the report for people", "demo-output/audit/report.html")

    def lose_the_chain(self) -> None:
        """Without the chain nothing is valid and nothing is invalid."""
        say("The chain is switched off")
        badge = self.samples["a badge of the roster"]
        receipt = self.receipt_of(badge)
        self.devnet.stop()
        must(self.verify(badge, receipt) == ("undetermined", 3), "undetermined, exit 3: not a no")


if __name__ == "__main__":
    try:
        main()
    except subprocess.TimeoutExpired as exc:
        sys.exit(f"the demo hung: {exc}")
