"""What a card shows, the same for everybody who sees the board: what differs by reader is laid over by the page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.template.loader import get_template

from metrics.formulas.forecast.shown import shown_chance
from planning.models import Card, CardChance, CardKind, Increment, ObjectiveChance
from planning.queries.strings import String, strings_of_cards

# A chance of so much reads as good, and below so much as bad.
HIGH, LOW = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Chance:
    """A landing chance as it is shown: tone is high, mid, low, or nothing where there is none."""

    text: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Face:
    """A card with what hangs on it. `needs` and `serves` count dependencies that are not delivered yet, `problems`
    those among them that are in conflict, at risk, unplanned or (where it needs them) declined. `said` has them in
    words, for those who hear the board."""

    card: Card
    cell: str
    chance: Chance | None
    needs: int = 0
    serves: int = 0
    problems: int = 0
    said: str = ""

    @property
    def size(self) -> str:
        """The size with its unit: "8 points"."""
        size = self.card.size
        return f"{size.normalize():f} {self.card.get_unit_display()}" if size is not None else ""

    @property
    def words(self) -> str:
        """What a search finds it by."""
        card = self.card
        named = (card.key, card.title, card.lane.name if card.lane else "parking lot", card.get_kind_display())
        return " ".join(part for part in named if part).lower()


def cell_key(lane_id: int | None, iteration_id: int | None) -> str:
    """The name of a cell in pages, forms and events: "3-17", "3-none" (unplanned), "parking"."""
    if lane_id is None:
        return "parking"
    return f"{lane_id}-{iteration_id if iteration_id else 'none'}"


def chance_of(row: CardChance | ObjectiveChance | None) -> Chance | None:
    """A stored chance as it is shown; None: none was reckoned yet."""
    if row is None:
        return None
    if row.chance is None:
        return Chance("n/a", "", row.reason)
    tone = "high" if row.chance >= HIGH else "low" if row.chance < LOW else "mid"
    return Chance(shown_chance(row.chance), tone, row.note)


def cards_of(increment: Increment) -> QuerySet[Card]:
    """The cards on the board with all that their faces read, in the order in which they stand."""
    return (
        Card.objects.filter(increment=increment, removed_at=None)
        .select_related("lane__team", "iteration", "chance", "feature")
        .order_by("lane", "iteration", "rank", "pk")
    )


def faces(cards: Iterable[Card], strings: Sequence[String]) -> list[Face]:
    """The faces of cards from `cards_of`; `strings` are at least all that begin or end at them."""
    waiting = [one for one in strings if not one.is_resolved]
    needs = Counter(one.consumer for one in waiting)
    # What was declined is given by nobody; it is the matter of who needs it.
    serves = Counter(one.provider for one in waiting if one.provider and not one.is_declined)
    ends = ((one.consumer, 0 if one.is_declined else one.provider) for one in waiting if one.is_problem)
    problems = Counter(pk for both in ends for pk in both if pk)
    said = _said(waiting)
    return [
        Face(
            card,
            cell_key(card.lane_id, card.iteration_id),
            chance_of(getattr(card, "chance", None)) if card.kind != CardKind.MILESTONE else None,
            needs[card.pk],
            serves[card.pk],
            problems[card.pk],
            said.get(card.pk, ""),
        )
        for card in cards
    ]


def _said(waiting: Iterable[String]) -> dict[int, str]:
    """By card, what its strings show: "Needs Ledger split of Heron: at risk, agreed. Gives …"."""
    found: dict[int, list[str]] = defaultdict(list)
    for one in waiting:
        found[one.consumer].append(f"Needs {one.needs}.")
        if one.provider and not one.is_declined:
            found[one.provider].append(f"Gives {one.gives}.")
    # What it needs first.
    return {pk: " ".join(sorted(lines, reverse=True)) for pk, lines in found.items()}


def faces_of(increment: Increment, ids: Sequence[int]) -> list[Face]:
    """The faces of some cards, those that are on the board."""
    return faces(cards_of(increment).filter(pk__in=ids), strings_of_cards(increment, list(ids)))


def drawn(ones: Iterable[Face]) -> dict[int, str]:
    """The HTML of cards, by id: made by the template that the page uses too."""
    template = get_template("planning/card.html")
    return {face.card.pk: template.render({"face": face, "card": face.card}) for face in ones}
