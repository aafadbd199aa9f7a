"""Which objective supports which, as a tree that can be drawn and read: company, value streams, teams."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import QuerySet

from accounts.models import User
from okrs.models import KeyResult, Level, Objective, Support
from okrs.queries.standings import AsOf, ObjectiveStanding, objective_standings, standings
from okrs.rules import may_change

COLUMNS = {Level.COMPANY: 0, Level.STREAM: 1, Level.TEAM: 2}


@dataclass(slots=True)
class Node:
    """An objective on the map. `above` are the lines to what it supports, `below` those that support it.

    `children` are drawn below it: each node has one parent, the first of a higher level that it supports.
    """

    objective: Objective
    standing: ObjectiveStanding
    key_results: list[KeyResult]
    may_change: bool = False
    # Whether it supports something that is not on this map, or not for this reader.
    supports_more: bool = False
    above: list["Line"] = field(default_factory=list)
    below: list["Line"] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)

    @property
    def pk(self) -> int:
        return self.objective.pk

    @property
    def column(self) -> int:
        return COLUMNS[Level(self.objective.level)]

    @property
    def place(self) -> str:
        """Whose it is."""
        return str(self.objective.team or self.objective.stream or "Company")

    @property
    def is_unaligned(self) -> bool:
        """Whether it should support something and does not: of a value stream or a team, without a line."""
        return self.column > 0 and not self.above and not self.supports_more

    @property
    def tags(self) -> list[tuple[str, str]]:
        """What needs a person, as words with a tone."""
        one = self.standing
        if one.is_closed:
            return [("closed", "")]
        if not one.key_results:
            return [("no key results", "warn")]
        counts = [(one.outdated, "outdated", "warn"), (one.pending, "pending", ""), (one.due, "due", "accent")]
        return [(f"{count} {word}", tone) for count, word, tone in counts if count]

    @property
    def score_text(self) -> str:
        """The score and the pace in words: 0.43, yellow, 12 points behind."""
        one = self.standing
        if one.score is None:
            return "no score"
        if one.is_closed or one.points is None:
            return f"{one.score:.2f} {one.grade}"
        pace = "on pace" if one.points == 0 else f"{abs(one.points)} points {'ahead' if one.points > 0 else 'behind'}"
        return f"{one.score:.2f} {one.grade}, {pace}"


class Line(NamedTuple):
    """`child` supports `parent`, or its `key_result`."""

    support: Support
    child: Node
    parent: Node
    key_result: KeyResult | None

    @property
    def is_first(self) -> bool:
        """Whether the outline tells of the child here, and not at another of its lines."""
        return self.child.above[0] is self

    @property
    def goal(self) -> str:
        """What is supported, in words."""
        return f"“{self.key_result}” of “{self.parent.objective}”" if self.key_result else f"“{self.parent.objective}”"


@dataclass(frozen=True, slots=True)
class Map:
    """`roots` in the order they are drawn; `unaligned` are the nodes that support nothing; `lines` is everything."""

    nodes: Mapping[int, Node]
    roots: Sequence[Node]
    lines: Sequence[Line]
    unaligned: Sequence[Node]

    @property
    def tops(self) -> list[Node]:
        """Where the outline begins: what supports nothing, but for what stands alone below the company."""
        return [node for node in self.roots if not node.above and (node.below or not node.is_unaligned)]

    @property
    def should(self) -> int:
        """How many are of value streams and teams."""
        return sum(node.column > 0 for node in self.nodes.values())

    @property
    def aligned(self) -> int:
        """How many of those that should support something do."""
        return sum(node.column > 0 and not node.is_unaligned for node in self.nodes.values())


def alignment(user: User, objectives: "QuerySet[Objective]", as_of: AsOf) -> Map:
    """The map of these objectives as of a day; a constant number of queries."""
    places = ("cycle", "stream", "team__stream", "owner")
    rows = list(objectives.select_related(*places).order_by("level", "position", "pk"))
    own: dict[int, list[KeyResult]] = {one.pk: [] for one in rows}
    for key_result in KeyResult.objects.filter(objective__in=rows).order_by("position", "pk"):
        own[key_result.objective_id].append(key_result)
    flat = [one for several in own.values() for one in several]
    known = objective_standings(rows, flat, standings(flat, as_of), as_of)
    nodes = {one.pk: Node(one, known[one.pk], own[one.pk], may_change(user, one)) for one in rows}
    lines = _lines(nodes, {one.pk: one for one in flat})
    for line in lines:
        line.child.above.append(line)
        line.parent.below.append(line)
    roots = _roots(nodes.values())
    return Map(nodes, roots, lines, [node for node in nodes.values() if node.is_unaligned])


def _lines(nodes: Mapping[int, Node], key_results: Mapping[int, KeyResult]) -> list[Line]:
    found = []
    for support in Support.objects.filter(objective__in=list(nodes)).order_by("pk"):
        key_result = key_results.get(support.key_result_id or 0)
        parent = nodes.get(support.above_id or (key_result.objective_id if key_result else 0))
        if parent is None:
            nodes[support.objective_id].supports_more = True
        else:
            found.append(Line(support, nodes[support.objective_id], parent, key_result))
    return found


def _roots(nodes: Collection[Node]) -> list[Node]:
    """Hang each node below its first parent of a higher level; what has none is a root, by level."""
    roots: list[Node] = []
    for node in nodes:
        parent = next((line.parent for line in node.above if line.parent.column < node.column), None)
        (parent.children if parent else roots).append(node)
    # Those that support nothing come last.
    return sorted(roots, key=lambda node: (node.is_unaligned, node.column))
