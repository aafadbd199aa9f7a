"""What the heading of a board says: what needs somebody."""

from planning.queries.board import Cell, Shown


def finding_of(board: Shown) -> str:
    """The board in a sentence: conflicts first, what was declined, who is over capacity; else how much is planned."""
    name = board.increment.name
    if not board.columns:
        return f"{name} has no iterations yet"
    if not board.cards:
        return f"{name} has no cards yet"
    said = (_conflicts(board.conflicts), _declined(board.declined), _over(board.overloaded))
    if troubles := [text for text in said if text]:
        return f"{name}: {', '.join(troubles)}"
    left = sum(len(row.cells[-1].faces) for row in board.rows) + len(board.parking.faces)
    if left:
        return f"{name}: {board.cards - left} of {board.cards} cards stand in an iteration"
    return f"{name}: {_count(board.cards, 'card')}, no conflict, nobody over capacity"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _conflicts(number: int) -> str:
    return f"{_count(number, 'conflict')} to solve" if number else ""


def _declined(number: int) -> str:
    return f"{number} declined {'dependency' if number == 1 else 'dependencies'}" if number else ""


def _over(cells: list[Cell]) -> str:
    if not cells:
        return ""
    if len(cells) == 1:
        return f"{cells[0].label} is over capacity"
    return f"{len(cells)} places over capacity"
