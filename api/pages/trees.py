"""A batch's tree, laid out for drawing, from its seal down to one credential.

A small tree is drawn whole, of a large one the path alone. Every pair of boxes is hashed, left ‖
right, into the box above: salt and credential hash as well as the Merkle root and the size.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from registry.core.receipt import Receipt
from registry.core.tree import leaf_hash, node_hash, sibling_sides

MAX_WHOLE: Final = 8  # leaves of a tree that is drawn whole
BOX_WIDTH: Final = 148
BOX_HEIGHT: Final = 46
_NARROW: Final = 100  # boxes of a tree that is drawn whole
_GAP: Final = 12
_ROW: Final = 78  # from one row of boxes to the next


@dataclass(frozen=True, slots=True)
class Box:
    """A value in the drawing; `name` is that of a message, `x` and `y` its upper left corner."""

    name: str
    value: bytes | int
    x: int
    y: int
    width: int
    on_path: bool

    @property
    def middle(self) -> int:
        """Where lines meet it."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Line:
    """From a box down to one that it is made of."""

    x1: int
    y1: int
    x2: int
    y2: int
    on_path: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and lines, in a space of this size."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """SHA-256(left ‖ right) = result."""

    left_name: str
    left: bytes | int
    right_name: str
    right: bytes | int
    name: str
    result: bytes


def steps_of(receipt: Receipt) -> list[Step]:
    """From the credential to the seal, in order."""
    leaf = leaf_hash(salt=receipt.salt, credential_hash=receipt.credential_hash)
    steps = [Step("salt", receipt.salt, "hash", receipt.credential_hash, "leaf", leaf)]
    node, name = leaf, "leaf"
    sides = list(sibling_sides(receipt.leaf_index, receipt.tree_size))
    for number, (sibling, is_left) in enumerate(zip(receipt.siblings, sides, strict=True), 1):
        above = "root" if number == len(sides) else "node"
        if is_left:
            steps.append(Step("sibling", sibling, name, node, above, node_hash(sibling, node)))
        else:
            steps.append(Step(name, node, "sibling", sibling, above, node_hash(node, sibling)))
        node, name = steps[-1].result, above
    # Of a single leaf, the leaf is the root.
    steps.append(Step(name, node, "size", receipt.tree_size, "seal", receipt.seal))
    return steps


def draw_path(receipt: Receipt) -> Drawing:
    """The path alone: a pair of boxes for each step, the seal above them."""
    width = 2 * BOX_WIDTH + _GAP
    above = Box("seal", receipt.seal, (width - BOX_WIDTH) // 2, 0, BOX_WIDTH, on_path=True)
    boxes, lines = [above], []
    for row, step in enumerate(reversed(steps_of(receipt)), 1):
        left, right = _pair(step, x=0, y=row * _ROW, width=BOX_WIDTH)
        boxes += [left, right]
        lines += [_line(above, left), _line(above, right)]
        above = left if left.on_path else right
    return Drawing(width, boxes[-1].y + BOX_HEIGHT, tuple(boxes), tuple(lines))


def draw_whole(receipt: Receipt, leaves: Sequence[bytes]) -> Drawing:
    """All of a small tree."""
    boxes: list[Box] = []
    lines: list[Line] = []
    pitch = _NARROW + _GAP
    width = max(len(leaves), 2) * pitch - _GAP
    top = (len(leaves) - 1).bit_length() + 1  # row of the leaves; the seal stands in row 0
    start = (width - (len(leaves) * pitch - _GAP)) // 2
    level = [
        Box("leaf", leaf, start + place * pitch, top * _ROW, _NARROW, place == receipt.leaf_index)
        for place, leaf in enumerate(leaves)
    ]
    boxes += level
    own = level[receipt.leaf_index]
    for row in range(top - 1, 0, -1):
        level = _level_above(level, row, boxes, lines)
    root = replace(level[0], name="root" if len(leaves) > 1 else "leaf")
    boxes = [root if box is level[0] else box for box in boxes]
    _add_ends(receipt, root, own, width, boxes, lines)
    width = max(box.x + box.width for box in boxes)
    return Drawing(width, own.y + _ROW + BOX_HEIGHT, tuple(boxes), tuple(lines))


def _level_above(level: list[Box], row: int, boxes: list[Box], lines: list[Line]) -> list[Box]:
    above = []
    for left, right in zip(level[::2], level[1::2], strict=False):
        x = (left.x + right.x) // 2
        on_path = left.on_path or right.on_path
        value = node_hash(_hash_in(left), _hash_in(right))
        box = Box("node", value, x, row * _ROW, _NARROW, on_path)
        boxes.append(box)
        lines += [_line(box, left), _line(box, right)]
        above.append(box)
    # One without a sibling moves up unchanged: it stays where it is drawn.
    return above + (level[-1:] if len(level) % 2 else [])


def _add_ends(
    receipt: Receipt, root: Box, own: Box, width: int, boxes: list[Box], lines: list[Line]
) -> None:
    """What is around the tree: the size and the seal above, salt and hash below."""
    size_x = root.x + _NARROW + _GAP
    size = Box("size", receipt.tree_size, size_x, root.y, _NARROW, on_path=False)
    seal = Box("seal", receipt.seal, (root.x + size.x) // 2, 0, _NARROW, on_path=True)
    pair = 2 * _NARROW + _GAP
    x = min(max(own.middle - pair // 2, 0), width - pair)
    salt, digest = _pair(steps_of(receipt)[0], x=x, y=own.y + _ROW, width=_NARROW)
    boxes += [size, seal, salt, digest]
    lines += [_line(seal, root), _line(seal, size), _line(own, salt), _line(own, digest)]


def _pair(step: Step, *, x: int, y: int, width: int) -> tuple[Box, Box]:
    off_path = {"sibling", "size", "salt"}
    return (
        Box(step.left_name, step.left, x, y, width, step.left_name not in off_path),
        Box(
            step.right_name, step.right, x + width + _GAP, y, width, step.right_name not in off_path
        ),
    )


def _hash_in(box: Box) -> bytes:
    if isinstance(box.value, int):
        raise TypeError("the size is no node of the tree")
    return box.value


def _line(above: Box, below: Box) -> Line:
    return Line(
        above.middle, above.y + BOX_HEIGHT, below.middle, below.y, above.on_path and below.on_path
    )
