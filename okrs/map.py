"""The map of objectives as a drawing: boxes in three columns, curves from what supports to what is supported."""

from dataclasses import dataclass
from typing import NamedTuple

from okrs.formulas.tree import rows, wrapped
from okrs.queries.alignment import Line, Map, Node

WIDTH, HEIGHT, GAP_X, GAP_Y, TOP = 256, 92, 72, 14, 28
# What fits into a box: of a name in bold, of a line in small letters.
LETTERS, LINES, SMALL = 31, 2, 36
COLUMNS = ("Company", "Value streams", "Teams")


class Box(NamedTuple):
    """A node with the place of its upper left corner, in pixels, and its name in lines."""

    node: Node
    x: float
    y: float
    text: list[str]

    @property
    def filled(self) -> float:
        """How wide the bar of its score is."""
        return round((WIDTH - 24) * (self.node.standing.score or 0), 1)

    @property
    def state(self) -> str:
        """What needs a person, beside whose it is."""
        if self.node.is_unaligned:
            return "not aligned"
        return ", ".join(text for text, _ in self.node.tags[:2])

    @property
    def place(self) -> str:
        return wrapped(self.node.place, SMALL - len(self.state), 1)[0]


class Curve(NamedTuple):
    path: str
    line: Line


class Head(NamedTuple):
    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: list[Box]
    curves: list[Curve]
    heads: list[Head]
    width: int
    height: int


def draw(of: Map) -> Drawing:
    """Where everything of a map goes; columns without a node are left out."""
    used = sorted({node.column for node in of.nodes.values()})
    at = {column: place * (WIDTH + GAP_X) for place, column in enumerate(used)}
    children = {node.pk: [child.pk for child in node.children] for node in of.nodes.values()}
    row = rows(children, [node.pk for node in of.roots])
    boxes = {
        pk: Box(node, at[node.column], TOP + row[pk] * (HEIGHT + GAP_Y), wrapped(str(node.objective), LETTERS, LINES))
        for pk, node in of.nodes.items()
    }
    curves = [Curve(_curve(boxes[line.child.pk], boxes[line.parent.pk]), line) for line in of.lines]
    heads = [Head(COLUMNS[column], at[column]) for column in used]
    width = max(at.values(), default=0) + WIDTH
    height = max((box.y for box in boxes.values()), default=0) + HEIGHT
    # In the order of reading: column by column, from the top.
    ordered = sorted(boxes.values(), key=lambda box: (box.x, box.y))
    return Drawing(ordered, curves, heads, width + 2, int(height) + 2)


def _curve(child: Box, parent: Box) -> str:
    """From the child's left edge to the parent's right one; within a column from left edge to left edge."""
    x1, y1, y2 = child.x, child.y + HEIGHT / 2, parent.y + HEIGHT / 2
    if child.x <= parent.x:
        out = x1 - GAP_X / 3
        return f"M{x1:g} {y1:g} C{out:g} {y1:g} {out:g} {y2:g} {parent.x:g} {y2:g}"
    x2 = parent.x + WIDTH
    middle = x1 - GAP_X / 2
    return f"M{x1:g} {y1:g} C{middle:g} {y1:g} {x2 + GAP_X / 2:g} {y2:g} {x2:g} {y2:g}"
