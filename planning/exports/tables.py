"""The cards of a board as rows; the first columns are those of the import, so that a file can come back."""

from collections.abc import Container, Iterable, Iterator

from accounts.models import User
from planning.models import Card
from planning.queries.board import Shown
from planning.queries.faces import Face
from planning.queries.strings import String
from portfolio.models import Team

HEAD = (
    *("key", "title", "row", "iteration", "kind", "size", "unit", "value_type", "description", "url", "feature"),
    *("stream", "chance", "objectives", "needs", "problems", "delivered on"),
)


def rows(board: Shown, user: User) -> Iterator[tuple[object, ...]]:
    """A row per card, by rows, iterations and places; the parking lot comes last. Features of teams that `user` does
    not see are not named.
    """
    needs = _needs(board.strings)
    promised = _objectives(board)
    seen = set(Team.objects.for_user(user).order_by().values_list("pk", flat=True))
    cells = [*(cell for row in board.rows for cell in row.cells), board.parking]
    for face in (face for cell in cells for face in cell.faces):
        yield _row(face, needs, promised, seen)


def _row(
    face: Face, needs: dict[int, list[str]], promised: dict[int, list[str]], seen: Container[int]
) -> tuple[object, ...]:
    card = face.card
    team = card.lane.team if card.lane else None
    return (
        card.key,
        card.title,
        card.lane.name if card.lane else "Parking lot",
        card.iteration.name if card.iteration else "Unplanned" if card.lane else "",
        card.kind,
        card.size,
        card.unit,
        card.value_type,
        card.description,
        card.url,
        card.feature.name if card.feature and team and card.feature.team_id == team.pk and team.pk in seen else "",
        team.stream.name if team else "",
        face.chance.text if face.chance else "",
        "; ".join(promised.get(card.pk, ())),
        "; ".join(needs.get(card.pk, ())),
        face.problems,
        card.done_on,
    )


def _needs(strings: Iterable[String]) -> dict[int, list[str]]:
    """What each card waits for, in words."""
    found: dict[int, list[str]] = {}
    for one in strings:
        found.setdefault(one.consumer, []).append(one.text)
    return found


def _objectives(board: Shown) -> dict[int, list[str]]:
    """The objectives of each card."""
    links = Card.objectives.through.objects.filter(
        objective__increment=board.increment, objective__removed_at=None
    ).values_list("card_id", "objective__title")
    found: dict[int, list[str]] = {}
    for pk, title in links.order_by("objective__position", "objective_id"):
        found.setdefault(pk, []).append(title)
    return found
