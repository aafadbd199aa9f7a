"""The commit graph on random histories, against sets computed the slow way."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from metrics.formulas.graph import first_reaching, generations, is_ancestor

Graph = list[list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to 14 commits, each with up to three parents among the earlier ones, in shuffled places."""
    count = draw(st.integers(1, 14))
    earlier = [draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)) if n else [] for n in range(count)]
    place = draw(st.permutations(range(count)))
    parents: Graph = [[] for _ in range(count)]
    for n, own in enumerate(earlier):
        parents[place[n]] = [place[parent] for parent in own]
    return parents


def reached(parents: Graph, tip: int) -> set[int]:
    return {tip}.union(*(reached(parents, parent) for parent in parents[tip]))


@given(graphs(), st.data())
def test_the_first_tip_that_reaches_a_commit(parents: Graph, data: st.DataObject) -> None:
    tips = data.draw(st.lists(st.integers(0, len(parents) - 1), max_size=6))
    sets = [reached(parents, tip) for tip in tips]
    slow = [next((n for n, one in enumerate(sets) if commit in one), -1) for commit in range(len(parents))]
    assert first_reaching(parents, tips) == slow


@given(graphs(), st.data())
def test_marking_is_the_rule_of_ranges(parents: Graph, data: st.DataObject) -> None:
    """Of what the first tip does not reach, the first range (previous exclusive, own inclusive) is the mark."""
    tips = data.draw(st.lists(st.integers(0, len(parents) - 1), min_size=1, max_size=6))
    sets = [reached(parents, tip) for tip in tips]
    ranges = [set[int](), *(own - before for before, own in pairwise(sets))]
    marks = first_reaching(parents, tips)
    for commit in set(range(len(parents))) - sets[0]:
        assert marks[commit] == next((n for n, one in enumerate(ranges) if commit in one), -1)


@given(graphs())
def test_ancestors(parents: Graph) -> None:
    depth = generations(parents)
    for newer in range(len(parents)):
        ancestors = reached(parents, newer) - {newer}
        assert all(depth[older] < depth[newer] for older in ancestors)
        found = {older for older in range(len(parents)) if is_ancestor(parents, depth, older, newer)}
        assert found == ancestors


def test_a_long_history_does_not_run_out_of_stack() -> None:
    parents: Graph = [[], *([n] for n in range(50_000))]
    assert first_reaching(parents, [100, 50_000])[50_000] == 1
    assert generations(parents)[-1] == 50_000
