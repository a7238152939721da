"""Files that two readers would understand differently, and what a lenient one would hash of them.

Those hashes are anchored: who reads such a file and forgives it finds a receipt that fits.
"""

from dataclasses import dataclass

from tests.cases.documents import Document, lenient_bytes, named, without_end


@dataclass(frozen=True)
class Unreadable:
    """A file, and the canonical bytes that a lenient reader makes of it."""

    name: str
    file: bytes
    read_as: bytes


def _with(name: str, more: bytes, value: bytes) -> Unreadable:
    """A badge whose last member `z` is written one way and read another."""
    text = lenient_bytes(named(name))
    return Unreadable(name, without_end(text, b'"z":' + more), without_end(text, b'"z":' + value))


def _deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def _as_a_whole(name: str, document: Document) -> list[Unreadable]:
    text = lenient_bytes({**document, "name": name})
    return [
        Unreadable("a byte order mark", b"\xef\xbb\xbf" + text, text),
        Unreadable("UTF-16", text.decode().encode("utf-16-le"), text),
        Unreadable("a blank of Unicode behind it", text + "\u00a0".encode(), text),
        Unreadable("something behind it", text + b"{}", text),
        Unreadable("a comma too many", text[:-1] + b",}", text),
        Unreadable("a comment", text[:-1] + b"/**/}", text),
        Unreadable("an array around it", b"[" + text + b"]", text),
    ]


UNREADABLE = [
    _with("a duplicate key", b'1,"z":2', b"2"),
    _with("a duplicate key with equal values", b'1,"z":1', b"1"),
    _with("a duplicate key in other letters", b'1,"\\u007a":2', b"2"),
    _with("a duplicate key within", b'{"a":1,"a":1}', b'{"a":1}'),
    _with("an integer of 2^53", b"9007199254740992", b"9007199254740992"),
    _with("an integer beyond 2^53", b"-9007199254740993", b"-9007199254740992"),
    _with("an integer written 1e16", b"1e16", b"10000000000000000"),
    _with("a number that overflows", b"1e400", b"null"),
    _with("a number that vanishes", b"1e-400", b"0"),
    _with("a number with too many digits", b"0.10000000000000000000001", b"0.1"),
    _with("NaN", b"NaN", b"NaN"),
    _with("an infinity", b"-Infinity", b"null"),
    _with("a number with a leading zero", b"01", b"1"),
    _with("a number with a plus", b"+1", b"1"),
    _with("a lone surrogate", b'"\\ud800"', b'"\\ud800"'),
    _with("a lone surrogate in a key", b'{"\\udc00":1}', b'{"\\udc00":1}'),
    _with("a surrogate in UTF-8", b'"\xed\xa0\x80"', '"\ufffd\ufffd\ufffd"'.encode()),
    _with("bytes that are no UTF-8", b'"\xff"', '"\ufffd"'.encode()),
    _with("a control character in a string", b'"\x01"', b'"\\u0001"'),
    _with("strings in single quotes", b"'a'", b'"a"'),
    _with("64 levels below the first", _deep(64), _deep(64)),
    *_as_a_whole("A whole", named("A whole")),
]
