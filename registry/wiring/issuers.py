"""Who issues badges here, and the key they are signed with: files that the settings name."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from openvc.keys import Ed25519SigningKey

from registry.badges.achievements import IssuerProfile, read_issuer_profile
from registry.errors import ConflictError, InvalidInputError
from registry.vc.notes import NoteSigner
from registry.vc.signing_keys import did_key, key_from_pem, key_from_seed, pem_of_seed
from registry.wiring.settings import Settings

_PRIVATE: Final = 0o600


def issuer_profile(settings: Settings) -> IssuerProfile:
    """The issuer's profile. Raises `InvalidInputError` if none is set, or it is none."""
    path = settings.issuer_profile
    if path is None:
        raise InvalidInputError("issuer_profile (ROOTSEAL_ISSUER_PROFILE) is not set")
    return read_issuer_profile(_read(path, "issuer_profile"))


def signing_key(settings: Settings) -> Ed25519SigningKey:
    """The key for badges. Raises `InvalidInputError` if none is set, or it cannot be used."""
    if settings.signing_key is None:
        raise InvalidInputError(
            "signing_key (ROOTSEAL_SIGNING_KEY) is not set: make one with "
            "`rootseal keys new-signing-key`"
        )
    pem = _read(settings.signing_key, "signing_key")
    password = settings.signing_password_file
    secret = None if password is None else _read(password, "signing_password_file")
    try:
        text = None if secret is None else secret.decode().rstrip("\r\n")
    except UnicodeDecodeError as exc:
        raise InvalidInputError("signing_password_file is not UTF-8") from exc
    return key_from_pem(pem, text)


def note_signer(settings: Settings) -> NoteSigner:
    """What signs notes: the key for badges, under the name of whoever has it.

    That is the issuer's DID, else the host of the public URL, else what the key is by itself.
    Raises as `signing_key`, and `InvalidInputError` for a name that notes cannot carry.
    """
    key = signing_key(settings)
    if settings.issuer_profile is not None:
        name = issuer_profile(settings).id
    else:
        host = None if settings.public_url is None else urlsplit(settings.public_url).hostname
        name = did_key(key.public_key_raw()) if host is None else host
    signer = NoteSigner(name, key)
    _ = signer.verifier_key
    return signer


def make_signing_key(path: Path, password: str, seed: bytes) -> bytes:
    """Write a new key, encrypted, where no file is yet; returns the public key."""
    pem = pem_of_seed(seed, password)
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
    except FileExistsError as exc:
        raise ConflictError(f"{path} is there already: a key is never written over") from exc
    except OSError as exc:
        raise InvalidInputError(f"cannot write {path}: {exc.strerror}") from exc
    with os.fdopen(file, "wb") as opened:
        opened.write(pem)
    return key_from_seed(seed).public_key_raw()


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InvalidInputError(f"{setting} {path} cannot be read: {exc.strerror}") from exc
