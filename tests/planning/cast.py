"""A train of the small cast: Falcon and Heron (Payments) and Kite (Platform) plan PI 26.1, six fortnights from Monday
5 January 2026, the last of them innovation and planning; with an external row and the milestones.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from planning.actions.writing import write
from planning.models import Card, Dependency, Increment, IncrementState, Iteration, Lane, LaneKind, Train, TrainTeam
from tests.cast import Cast

FIRST = date(2026, 1, 5)


@dataclass(frozen=True)
class Planned:
    train: Train
    increment: Increment
    # Iteration 1 to 5 and the IP iteration.
    iterations: list[Iteration]
    falcon: Lane
    heron: Lane
    kite: Lane
    bank: Lane
    milestones: Lane

    def card(self, title: str, lane: Lane | None = None, iteration: int | None = None, **fields: Any) -> Card:
        """A card as the portal itself puts it on the board; `iteration` counts from 1, None: unplanned."""
        column = self.iterations[iteration - 1] if iteration else None
        rank = Card.objects.filter(increment=self.increment, lane=lane, iteration=column, removed_at=None).count()
        with write(None, self.increment, "added") as board:
            board.say(f"added {title}")
            row = Card(increment=board.increment, lane=lane, iteration=column, title=title, rank=rank, **fields)
            return board.add(row)

    def need(self, provider: Card, consumer: Card, **fields: Any) -> Dependency:
        """A dependency between two cards, agreed unless `fields` say otherwise."""
        assert provider.lane is not None
        given = {"agreement": "agreed"} | fields
        with write(None, self.increment, "linked") as board:
            row = Dependency(
                increment=board.increment, provider=provider, provider_lane=provider.lane, consumer=consumer, **given
            )
            return board.add(row)


def make_planned(cast: Cast, state: str = IncrementState.PLANNING) -> Planned:
    """Put it all into the database, each row with its line in the log."""
    train = Train.objects.create(slug="payments-train", name="Payments train")
    for team in (cast.falcon, cast.heron, cast.kite):
        TrainTeam.objects.create(train=train, team=team, during=DateRange(date(2025, 1, 1), None))
    increment = Increment.objects.create(train=train, slug="pi-26-1", name="PI 26.1", state=state, seed=7)
    with write(None, increment, "made") as board:
        board.born(increment)
        board.say("made PI 26.1")
        columns = [
            board.add(
                Iteration(
                    increment=board.increment,
                    number=number,
                    name="IP iteration" if number == 6 else f"Iteration {number}",
                    first_on=FIRST + timedelta(weeks=2 * (number - 1)),
                    last_on=FIRST + timedelta(weeks=2 * number, days=-3),
                    is_ip=number == 6,
                )
            )
            for number in range(1, 7)
        ]
        rows = [
            board.add(Lane(increment=board.increment, kind=kind, team=team, name=name, position=place))
            for place, (kind, team, name) in enumerate(
                [
                    (LaneKind.TEAM, cast.falcon, "Falcon"),
                    (LaneKind.TEAM, cast.heron, "Heron"),
                    (LaneKind.TEAM, cast.kite, "Kite"),
                    (LaneKind.EXTERNAL, None, "Bank"),
                    (LaneKind.MILESTONES, None, "Milestones"),
                ]
            )
        ]
    increment.refresh_from_db()
    return Planned(train, increment, columns, *rows)
