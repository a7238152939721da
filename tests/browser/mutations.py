"""JSON texts that two readers might understand differently, made at random from a fixed seed."""

import json
import random
from collections.abc import Iterator

_NUMBERS = (
    "0", "-0", "0.0", "-0.0", "1", "-1", "10", "1.5", "1.50", "0.1", "1e2", "1E+2", "1e-7",
    "1e-07", "1e21", "1e20", "1e16", "-1e16", "1e23", "5e-324", "2e-324", "9007199254740991",
    "-9007199254740991", "9007199254740992", "-9007199254740992", "9007199254740991.0",
    "9007199254740992.0", "9007199254740993.0", "9007199254740991.5", "10000000000000000000",
    "1e400", "-1e400", "1e-400", "0e400", "0e-400", "0.0e5", "1.7976931348623157e308",
    "1.7976931348623158e308", "1.7976931348623159e308", "333333333.33333329", "333333333.3333333",
    "0.10000000000000000000001", "0.1000000000000000055511151231257827",
    "999999999999999900000.0", "999999999999999900000", "1e999999999999999999999",
    "0e99999999999999999999999", "100000000000000000000000e-23", "0.00001e5",
    "123456789012345678e-5", "4.35", "2.5e-3", "00", "01", "-01", "1.", ".5", "1e", "1e+", "-",
    "+1", "NaN", "Infinity", "-Infinity", "0x10", "1_0", "١", "1e0000000001", "1e-0000000001",
    "0.000000000000000000000000001",
)  # fmt: skip
_STRINGS = (
    '""', '"a"', '"é"', '"😀"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"',
    '"\\ud83d\\ud83d\\ude00"', '"\\u0000"', '"\\u2028"', '"\u2028"', '"\\/"', '"\\b\\f\\n\\r\\t"',
    '"\\x"', '"\\u12"', '"\\u00zz"', '"\\\\"', '"\\""', '"\\\\\\""', '"__proto__"',
    '"constructor"', '"toJSON"', '"a\u0301"', '"\x7f"', '"\ufeff"', '"\xa0"', '"\\uD83D\\uDE00"',
    '"\\U0041"', "'a'", '"',
)  # fmt: skip
_KEYS = (
    '"a"', '"b"', '"\\u0061"', '"proof"', '"__proto__"', '"toJSON"', '"constructor"',
    '"hasOwnProperty"', '"é"', '"\\u00e9"', '"\ufb33"', '"😀"', '"\\ud83d\\ude00"', '"\\ud83d"',
    '""', '"1"', '"10"', '"2"', '"-1"', '"\r"', '"ö"', '"€"', '"\x80"',
)  # fmt: skip
_OTHERS = (
    "true", "false", "null", "True", "undefined", "[]", "{}", "[[]]", "[{}]", "[,]", "{,}",
    "[1,]", "//", "/**/",
)  # fmt: skip
_BLANKS = (
    "", "", "", " ", "\n", "\t", "\r\n", "\x0b", "\x0c", "\xa0", "\u2003", "\ufeff", "\x00",
)  # fmt: skip
_BYTES = bytes(range(256))


def json_texts(count: int, seed: int) -> Iterator[bytes]:
    """Documents of which about half are refused, for all the reasons that we know."""
    chance = random.Random(seed)  # noqa: S311 - variety, not secrecy
    for _ in range(count):
        data = _object(chance, depth=0).encode("utf-8", "surrogatepass")
        yield data if chance.random() < 0.8 else _damaged(chance, data)


def numbers() -> list[bytes]:
    """Every odd number in a document of its own."""
    return [f'{{"n":[{number}]}}'.encode() for number in _NUMBERS]


def strings() -> list[bytes]:
    """Every odd string, as a value and as a key."""
    texts = [*_STRINGS, *_KEYS]
    return [
        form.encode()
        for text in texts
        for form in (f'{{"s":{text}}}', f"{{{text}:1}}", f'{{{text}:1,"a":{{{text}:[{text}]}}}}')
    ]


def nested(depth: int, kind: str) -> bytes:
    """A document of that many levels; brackets in strings are none."""
    opening, closing = ("[", "]") if kind == "list" else ('{"[":', "}")
    inner = opening * (depth - 2) + "[]" + closing * (depth - 2)
    return f'{{"[[{{{{":{inner}}}'.encode()


def _object(chance: random.Random, depth: int) -> str:
    members = []
    for _ in range(chance.randint(0, 4)):
        key = (
            json.dumps(f"k{chance.randint(0, 40)}")
            if chance.random() < 0.7
            else chance.choice(_KEYS)
        )
        members.append(f"{_blank(chance)}{key}{_blank(chance)}:{_value(chance, depth)}")
    return "{" + ",".join(members) + _blank(chance) + "}"


def _value(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if depth < 4 and kind < 0.25:
        return _object(chance, depth + 1)
    if depth < 4 and kind < 0.45:
        items = [_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
        return "[" + ",".join(items) + "]"
    return _blank(chance) + _scalar(chance) + _blank(chance)


def _scalar(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.12:
        return chance.choice([*_NUMBERS, *_STRINGS, *_OTHERS])
    if kind < 0.4:
        return _number(chance)
    if kind < 0.9:
        return json.dumps(f"s{chance.randint(0, 99)} é 😀", ensure_ascii=chance.random() < 0.5)
    return chance.choice(["true", "false", "null"])


def _number(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.4:
        return str(chance.randint(-(2**53), 2**53) >> chance.randint(0, 53))
    if kind < 0.8:
        return repr(chance.uniform(-1, 1) * 10.0 ** chance.randint(-320, 14))
    if kind < 0.9:
        return repr(chance.uniform(-1, 1) * 10.0 ** chance.randint(21, 300))
    return f"{chance.randint(0, 999)}.{chance.randint(0, 999)}e{chance.randint(-30, 13)}"


def _blank(chance: random.Random) -> str:
    return chance.choice(_BLANKS) if chance.random() < 0.05 else ""


def _damaged(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data))
    if chance.random() < 0.5:
        return data[:place] + bytes([chance.choice(_BYTES)]) + data[place + 1 :]
    return data[:place] + data[place + chance.randint(1, 3) :]
