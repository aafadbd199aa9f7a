"""The commit graph as arrays of positions: which deployment first reaches a commit, and who descends from whom.

`parents[i]` are the positions of commit i's known parents; a parent that is not known (a shallow history) is left out.
All walks are iterative and visit a commit once.
"""

from collections.abc import Sequence

Parents = Sequence[Sequence[int]]


def first_reaching(parents: Parents, tips: Sequence[int]) -> list[int]:
    """For each commit the place in `tips` of the first tip that reaches it, -1 where none does.

    Linear in commits and edges, whatever the number of tips: a walk stops at what an earlier tip has marked, and all
    that such a commit reaches is marked already.
    """
    first = [-1] * len(parents)
    for place, tip in enumerate(tips):
        pending = [tip]
        while pending:
            commit = pending.pop()
            if first[commit] < 0:
                first[commit] = place
                pending.extend(parent for parent in parents[commit] if first[parent] < 0)
    return first


def generations(parents: Parents) -> list[int]:
    """For each commit the length of its longest way down to a root; an ancestor's is always smaller."""
    known = [-1] * len(parents)
    for start in range(len(parents)):
        pending = [start]
        while pending:
            commit = pending[-1]
            missing = [parent for parent in parents[commit] if known[parent] < 0]
            if missing and known[commit] < 0:
                pending.extend(missing)
                continue
            pending.pop()
            if known[commit] < 0:
                known[commit] = 1 + max((known[parent] for parent in parents[commit]), default=-1)
    return known


def is_ancestor(parents: Parents, generation: Sequence[int], older: int, newer: int) -> bool:
    """Whether `older` is reached from `newer` and is not the same commit.

    Only commits of a higher generation than `older` are visited, which for a roll-back is what was rolled back.
    """
    floor, seen, pending = generation[older], {newer}, [newer]
    while pending:
        for parent in parents[pending.pop()]:
            if parent == older:
                return True
            if generation[parent] > floor and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return False
