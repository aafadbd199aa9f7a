"""Where the boxes of a tree go: pure geometry."""

from collections.abc import Mapping, Sequence


def rows(children: Mapping[int, Sequence[int]], roots: Sequence[int]) -> dict[int, float]:
    """The row of each node below `roots`, from 0 down: leaves one below the other, others midway of their children.

    `children` by node; each node is below one parent only. Nodes of the same column keep at least a row of distance.
    """
    found: dict[int, float] = {}
    free = 0
    todo = [(root, False) for root in reversed(roots)]
    while todo:
        node, is_open = todo.pop()
        own = children.get(node, ())
        if not own:
            found[node] = free
            free += 1
        elif is_open:
            found[node] = (found[own[0]] + found[own[-1]]) / 2
        else:
            todo.append((node, True))
            todo.extend((child, False) for child in reversed(own))
    return found


def wrapped(text: str, letters: int, lines: int) -> list[str]:
    """The words of a text in at most so many lines of at most so many letters; what does not fit ends in "…"."""
    found: list[str] = [""]
    for word in text.split():
        longer = f"{found[-1]} {word}".strip()
        if len(longer) <= letters or not found[-1]:
            found[-1] = longer
        else:
            found.append(word)
    kept = [line if len(line) <= letters else f"{line[: letters - 1]}…" for line in found[:lines]]
    if len(found) > lines:
        kept[-1] = f"{kept[-1][: letters - 1].rstrip('… ')}…"
    return kept
