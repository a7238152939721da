"""The log's tree against Certificate Transparency's own values, and RFC 9162 taken literally."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.merkle_log import EMPTY_ROOT, consistency_proof, log_root, verify_consistency
from registry.errors import VerificationError

# Inputs, roots and proofs of the reference implementation of Certificate Transparency.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PROOFS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
OTHER = b"\xee" * 32
MOST = 40  # entries: every shape of a right edge up to five levels


def entries(size: int) -> list[bytes]:
    return [sha256(b"%d" % place).digest() for place in range(size)]


def half(size: int) -> int:
    return max(1 << power for power in range(size.bit_length()) if 1 << power < size)


def literal_root(of: list[bytes]) -> bytes:
    """MTH of §2.1.1."""
    if not of:
        return sha256().digest()
    if len(of) == 1:
        return sha256(b"\x00" + of[0]).digest()
    k = half(len(of))
    return sha256(b"\x01" + literal_root(of[:k]) + literal_root(of[k:])).digest()


def literal_proof(m: int, of: list[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF of §2.1.4.1."""
    if m == len(of):
        return [] if known else [literal_root(of)]
    k = half(len(of))
    if m <= k:
        return [*literal_proof(m, of[:k], known=known), literal_root(of[k:])]
    return [*literal_proof(m - k, of[k:], known=False), literal_root(of[:k])]


def check(old: list[bytes], new: list[bytes], proof: list[bytes] | tuple[bytes, ...]) -> None:
    verify_consistency(
        old_size=len(old),
        old_root=log_root(old),
        new_size=len(new),
        new_root=log_root(new),
        proof=proof,
    )


def refusal(
    proof: list[bytes],
    *,
    old: tuple[int, bytes],
    new: tuple[int, bytes],
) -> str:
    with pytest.raises(VerificationError) as caught:
        verify_consistency(
            old_size=old[0], old_root=old[1], new_size=new[0], new_root=new[1], proof=proof
        )
    return caught.value.reason


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert log_root(INPUTS[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("old", "new"), list(PROOFS))
def test_the_proofs_are_those_of_certificate_transparency(old: int, new: int) -> None:
    proof = consistency_proof(INPUTS[:new], old)
    assert [node.hex() for node in proof] == PROOFS[old, new]


@pytest.mark.parametrize("size", range(MOST))
def test_roots_and_proofs_are_those_of_the_rfc(size: int) -> None:
    of = entries(size)
    assert log_root(of) == literal_root(of)
    for old in range(1, size + 1):
        assert list(consistency_proof(of, old)) == literal_proof(old, of)


@pytest.mark.parametrize("size", range(MOST))
def test_every_log_is_shown_to_begin_with_each_shorter_one(size: int) -> None:
    of = entries(size)
    for old in range(size + 1):
        check(of[:old], of, consistency_proof(of, old))


@given(st.data())
def test_a_log_with_another_beginning_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MOST))
    old_size = data.draw(st.integers(1, size))
    of = entries(size)
    other = list(of[:old_size])
    other[data.draw(st.integers(0, old_size - 1))] = OTHER
    proof = list(consistency_proof(of, old_size))
    old, new = (old_size, log_root(other)), (size, log_root(of))
    assert refusal(proof, old=old, new=new) == "other-history"


@given(st.data())
def test_a_changed_node_a_missing_one_and_one_too_many_are_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    old_size = data.draw(st.integers(1, size - 1))
    of = entries(size)
    proof = list(consistency_proof(of, old_size))
    old, new = (old_size, log_root(of[:old_size])), (size, log_root(of))
    place = data.draw(st.integers(0, len(proof) - 1))
    assert (
        refusal([*proof[:place], OTHER, *proof[place + 1 :]], old=old, new=new) == "other-history"
    )
    assert refusal(proof[:-1], old=old, new=new) == "wrong-proof-length"
    assert refusal([*proof, OTHER], old=old, new=new) == "wrong-proof-length"


@given(size=st.integers(1, MOST), old_size=st.integers(0, MOST), data=st.data())
def test_no_other_sizes_have_the_proof(size: int, old_size: int, data: st.DataObject) -> None:
    # Of other sizes than those for which it was made: refused, unless it is a proof of these too.
    of = entries(size)
    made_for = data.draw(st.integers(0, size))
    proof = list(consistency_proof(of, made_for))
    if old_size <= size and list(consistency_proof(of, old_size)) == proof:
        return
    root = log_root(of[:old_size]) if old_size <= size else OTHER
    assert refusal(proof, old=(old_size, root), new=(size, log_root(of))) in {
        "shrunk",
        "wrong-proof-length",
        "other-history",
    }


def test_a_log_never_shrinks() -> None:
    of = entries(5)
    assert refusal([], old=(5, log_root(of)), new=(4, log_root(of[:4]))) == "shrunk"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param((0, OTHER), (3, log_root(entries(3))), id="nothing with a root of something"),
        pytest.param((0, EMPTY_ROOT), (0, OTHER), id="nothing became nothing with another root"),
        pytest.param((0, OTHER), (0, OTHER), id="nothing, twice with the same wrong root"),
        pytest.param((3, OTHER), (3, log_root(entries(3))), id="the same size with another root"),
        pytest.param((2, log_root(entries(2))), (2, OTHER), id="another root of the same size"),
    ],
)
def test_sizes_that_need_no_proof_still_need_the_right_roots(
    old: tuple[int, bytes], new: tuple[int, bytes]
) -> None:
    assert refusal([], old=old, new=new) == "other-history"
    assert refusal([OTHER], old=old, new=new) == "wrong-proof-length"


def test_a_proof_is_of_hashes() -> None:
    of = entries(3)
    with pytest.raises(ValueError, match="32 bytes"):
        check(of[:2], of, [b"short"])


def test_no_proof_is_made_or_read_for_sizes_that_cannot_be() -> None:
    for size in (-1, 4):
        with pytest.raises(ValueError, match="no proof leads"):
            consistency_proof(entries(3), size)
    with pytest.raises(ValueError, match="no log has -1"):
        verify_consistency(old_size=-1, old_root=OTHER, new_size=1, new_root=OTHER, proof=[])


def test_an_inner_node_does_not_pass_for_an_entry() -> None:
    left, right = (sha256(b"\x00" + entry).digest() for entry in entries(2))
    assert log_root([left + right]) != log_root(entries(2))
