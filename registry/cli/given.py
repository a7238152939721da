"""Credentials that an auditor was given: files, with receipts beside or inside them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from registry.cli.inputs import (
    RECEIPT_SUFFIX,
    is_receipt,
    read_whole,
    receipt_path,
    shown,
    walk,
)
from registry.core.receipt import MAX_RECEIPT_BYTES
from registry.errors import InvalidInputError
from registry.services.audit import Given
from registry.services.verification import Evidence


def given_credentials(folder: Path) -> Iterator[Given]:
    """Every credential in a folder, and every receipt without one, by its name there.

    They are read when they are checked. Raises `InvalidInputError` if there is none.
    """
    found = False
    for path in walk(folder, 0):
        if is_receipt(path) and path.with_name(path.name.removesuffix(RECEIPT_SUFFIX)).is_file():
            continue  # it is read with its credential
        found = True
        yield Given(shown(path.relative_to(folder)), partial(_evidence, path))
    if not found:
        raise InvalidInputError(f"there is no credential in {shown(folder)}")


def _evidence(path: Path) -> Evidence:
    if is_receipt(path):
        return Evidence(receipt=read_whole(path, MAX_RECEIPT_BYTES + 1))
    beside = receipt_path(path)
    receipt = read_whole(beside, MAX_RECEIPT_BYTES + 1) if beside.is_file() else None
    return Evidence(credential=read_whole(path), receipt=receipt)
