"""Settings: read once, from the environment and one TOML file, and printed with secrets hidden.

`ROOTSEAL_<NAME>` in the environment wins over `<name>` in the file, which is `rootseal.toml` in
the working directory or what `ROOTSEAL_CONFIG` names.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from registry.core.address import format_address, parse_address
from registry.errors import InvalidInputError

PREFIX: Final = "ROOTSEAL_"
CONFIG: Final = "ROOTSEAL_CONFIG"
DEFAULT_FILE: Final = "rootseal.toml"
_PUBLIC_PAGE: Final = r"^https://[^\s\"'<>]+$"
_SAFE_URL: Final = r"https://|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/|$)"  # or on this machine
DEVELOPMENT_CHAIN: Final = 31337  # Anvil's; the only one on which its public keys may sign


def _address(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_address(value)
    except InvalidInputError as exc:
        raise ValueError(str(exc)) from exc


AddressSetting = Annotated[bytes, BeforeValidator(_address)]
Finality = Literal["finalized"] | Annotated[int, Field(ge=1)]


class ChainSettings(BaseModel):
    """A chain: the first one's settings stand by themselves, those of others in `[[chains]]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    chain_id: int = Field(DEVELOPMENT_CHAIN, ge=1, description="EIP-155 id of the chain.")
    rpc_url: SecretStr = Field(
        SecretStr("http://127.0.0.1:8545"),
        description="JSON-RPC endpoint of a node of the chain; several, with commas between "
        "them, are asked in turn.",
    )
    rpc_quorum: int = Field(
        1, ge=1, description="How many of the endpoints must say the same before it counts."
    )
    contract: AddressSetting | None = Field(
        None, description="Address of the contract, if not the one that is the same everywhere."
    )
    finality: Finality = Field(
        "finalized", description="`finalized`, or the depth in blocks that counts as final."
    )
    fee_cap_gwei: Decimal = Field(
        Decimal(100),
        ge=Decimal("1e-9"),
        description="Never offer more than this for a unit of gas.",
    )
    public_rpc_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s\"'<>]+$",
        description="JSON-RPC endpoint that the page offers its visitors; everybody sees it.",
    )

    @property
    def rpc_urls(self) -> list[str]:
        """The endpoints, in the order in which they are asked."""
        return [url for url in re.split(r"[,\s]+", self.rpc_url.get_secret_value()) if url]

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if self.rpc_quorum > len(self.rpc_urls):
            raise ValueError(
                f"rpc_quorum is {self.rpc_quorum}, but rpc_url names {len(self.rpc_urls)}"
            )
        return self


class Settings(ChainSettings):
    """Every setting, with what it means, in docs order."""

    database: SecretStr = Field(
        SecretStr("sqlite:///rootseal-data/registry.db"),
        description="SQLAlchemy URL of the store: sqlite:///… or postgresql+psycopg://…",
    )
    database_connections: int = Field(
        15,
        ge=2,
        le=1000,
        description="How many connections a process opens to the store at most; each worker of "
        "`serve` is a process.",
    )
    chains: tuple[ChainSettings, ...] = Field(
        (),
        description="Further chains to anchor on and to ask: tables `[[chains]]` with the seven "
        "settings above, in the file only.",
    )
    rpc_timeout: float = Field(10, gt=0, le=300, description="Seconds to wait for an answer.")
    rpc_attempts: int = Field(
        3, ge=1, le=10, description="How often an endpoint that does not answer is asked."
    )
    replace_after: int = Field(
        180, ge=1, description="Seconds until a transaction that is not mined is replaced."
    )
    lease_seconds: int = Field(
        60, ge=15, le=3600, description="How long a run that died keeps others from anchoring."
    )
    poll_seconds: float = Field(1, gt=0, le=600, description="Seconds between looks at the chain.")
    nightly_at: str = Field(
        "02:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="When `watch` seals the night's batch.",
    )
    time_zone: str = Field("UTC", description="Time zone of `nightly_at`, as Europe/Berlin.")
    alarm_hours: float = Field(
        26,
        gt=0,
        description="Raise the alarm when a credential or a status change waits longer than this.",
    )
    monitor_position: Path | None = Field(
        None,
        description="Where `monitor` keeps its place; `monitor-position.json` beside the store "
        "if not set.",
    )
    webhook_url: SecretStr | None = Field(
        None, description="Where `monitor` posts its alarms: http://… or https://…"
    )
    webhook_secret_file: Path | None = Field(
        None, description="File with the secret that signs them: whsec_<base64>."
    )
    issuer: AddressSetting | None = Field(
        None, description="Issuer to act for, if not the key's own address."
    )
    keystore: Path | None = Field(None, description="Encrypted key (Web3 Secret Storage, JSON).")
    password_file: Path | None = Field(None, description="File that holds the key's password.")
    kms_key: str | None = Field(
        None, description="Sign with this key of AWS KMS: its id, ARN or alias."
    )
    signer_url: SecretStr | None = Field(
        None, description="Sign with a Web3Signer at this address (`eth_signTransaction`)."
    )
    signer_address: AddressSetting | None = Field(
        None, description="Address of the key behind `signer_url`."
    )
    issuer_profile: Path | None = Field(
        None, description="TOML file that says who issues badges: DID, name, address of the web."
    )
    signing_key: Path | None = Field(
        None, description="Ed25519 key to sign badges and status lists with (PEM, PKCS#8)."
    )
    signing_password_file: Path | None = Field(
        None, description="File that holds the password of `signing_key`."
    )
    development_account: int | None = Field(
        None, ge=0, le=9, description="Sign with this Anvil account; development chain only."
    )
    api_key: SecretStr | None = Field(
        None, description="API key for commands with `--api`: rootseal_<id>_<secret>."
    )
    trust: dict[str, AddressSetting] = Field(
        default_factory=dict,
        description="Trusted issuers, name = address; a table, so in the file only.",
    )
    trust_list: Path | None = Field(
        None, description="TOML file of trusted issuers: names, addresses, accreditation."
    )
    resolve_issuers: bool = Field(
        default=False,
        description="Ask the issuer's did:web document and DNS whose the anchoring address is.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s\"'<>?#]+$",
        description="Where the API is reached from outside: for links, QR codes and pictures.",
    )
    vc_api: bool = Field(
        default=False,
        description="Answer to the VC-API of the W3C's community, for interoperability suites.",
    )
    wallets: bool = Field(
        default=False,
        description="Let holders' wallets fetch the badges that they are offered.",
    )
    terms_url: str | None = Field(
        None, pattern=_PUBLIC_PAGE, description="Your terms of service; for `wallets`."
    )
    privacy_url: str | None = Field(
        None, pattern=_PUBLIC_PAGE, description="Your privacy policy; for `wallets`."
    )
    requests_per_minute: int = Field(
        300, ge=1, description="Requests that the API takes from one address in a minute."
    )
    key_requests_per_minute: int = Field(
        6000, ge=1, description="The same for requests with an API key, counted for each key."
    )
    request_timeout: float = Field(
        30,
        gt=0,
        le=3600,
        description="Seconds without progress after which the API gives a request up.",
    )

    @model_validator(mode="after")
    def _chains_differ(self) -> Self:
        ids = [chain.chain_id for chain in self.all_chains]
        if len(set(ids)) < len(ids):
            raise ValueError("chains: two of them have the same chain_id")
        return self

    @model_validator(mode="after")
    def _wallets_have_what_they_need(self) -> Self:
        if not self.wallets:
            return self
        needed = ("issuer_profile", "public_url", "terms_url", "privacy_url")
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"wallets needs {', '.join(missing)}")
        if not re.match(_SAFE_URL, self.public_url or ""):
            raise ValueError("wallets needs a public_url with https: tokens go over it")
        return self

    @model_validator(mode="after")
    def _webhook_is_signed(self) -> Self:
        if (self.webhook_url is None) is not (self.webhook_secret_file is None):
            raise ValueError("webhook_url and webhook_secret_file need each other")
        return self

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError(f"there is no time zone {name[:60]!r}") from exc
        return name

    @property
    def all_chains(self) -> tuple[ChainSettings, ...]:
        """The first chain, then the others."""
        return (self, *self.chains)

    def shown(self) -> dict[str, str]:
        """Every setting as text, without secrets: of URLs only scheme and host are shown."""
        return {name: _shown(getattr(self, name)) for name in type(self).model_fields}

    @property
    def database_file(self) -> Path | None:
        """The store's file; None if it is on a server, in memory, or no URL at all."""
        scheme, _, rest = self.database.get_secret_value().partition(":///")
        file = rest.partition("?")[0]
        if scheme.partition("+")[0] != "sqlite" or file in {"", ":memory:"}:
            return None
        return Path(file)


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings; `overrides` that are not None win over both sources.

    Raises `InvalidInputError` naming the variable or the file's key for any that is unknown or
    has a value out of range.
    """
    env = os.environ if environ is None else environ
    values = {**_from_file(env), **_from_environment(env)}
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise InvalidInputError(f"unknown setting {name} in the settings file") from exc
        if not name:  # of several settings together, which the message names
            raise InvalidInputError(f"settings: {_message(first)}") from exc
        raise InvalidInputError(
            f"setting {name} ({PREFIX}{name.split('.')[0].upper()}): {_message(first)}"
        ) from exc


def _message(error: ErrorDetails) -> str:
    """What pydantic says, without its own preface."""
    return error["msg"].removeprefix("Value error, ")


# Any: what tomllib reads is checked by Settings right after.
def _from_file(env: Mapping[str, str]) -> dict[str, Any]:
    named = env.get(CONFIG)
    path = Path(named if named is not None else DEFAULT_FILE)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        if named is None:
            return {}
        raise InvalidInputError(f"{CONFIG} names {path}, which does not exist") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise InvalidInputError(f"settings file {path} cannot be read: {exc}") from exc


def _from_environment(env: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, value in env.items():
        if not variable.startswith(PREFIX) or variable == CONFIG:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.model_fields:
            raise InvalidInputError(f"unknown setting {variable}")
        values[name] = value
    return values


def _shown(value: object) -> str:
    match value:
        case SecretStr():
            return ", ".join(map(_shown_url, value.get_secret_value().split(",")))
        case tuple():
            return "; ".join(f"eip155:{chain.chain_id}" for chain in value)
        case bytes():
            return format_address(value)
        case dict():
            return ", ".join(f"{name}={_shown(item)}" for name, item in value.items())
        case None:
            return ""
    return str(value)


def _shown_url(text: str) -> str:
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        return "(hidden)"
    if host is None:  # a file has no secrets in its name; anything else might
        return text if url.scheme.partition("+")[0] == "sqlite" else "(hidden)"
    return f"{url.scheme}://{host}{'' if port is None else f':{port}'}/…"
