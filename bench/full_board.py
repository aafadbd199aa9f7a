"""A full-size board: 30 teams × 6 iterations, 300 cards, 150 strings. `python manage.py shell -c "…"`, see `make`.

Invented and the same every time; it is written as people write it, through the log. bench/board.py measures with it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any

STREAMS = ("Cards", "Deposits", "Lending", "Markets", "Shared services")
TEAMS = (
    *("Auk", "Bittern", "Bulbul", "Crane", "Dipper", "Dunlin", "Eider", "Fulmar", "Gannet", "Garganey"),
    *("Goshawk", "Grebe", "Harrier", "Hobby", "Hoopoe", "Jackdaw", "Kestrel", "Knot", "Linnet", "Merlin"),
    *("Nightjar", "Oriole", "Petrel", "Pipit", "Redstart", "Sandpiper", "Shrike", "Siskin", "Teal", "Whimbrel"),
)
EXTERNAL = ("Card network", "Data centre supplier")
DOES = ("Move", "Split", "Speed up", "Open", "Retire", "Automate", "Secure", "Measure", "Translate", "Rebuild")
WHAT = ("limits", "statements", "the ledger feed", "sign-in", "standing orders", "the fee engine", "alerts", "reports")
WHOM = ("for merchants", "in the app", "for branches", "in the cloud", "for auditors", "on the web")
SIZES = (2, 3, 3, 5, 5, 5, 8, 8, 13)


def make(*, on: date, teams: int = 30, iterations: int = 6, cards: int = 300, strings: int = 150) -> Any:
    """The increment `full-size` of the train of the same name, planned from the Monday after `on`; made once."""
    from django.db import transaction

    from planning.models import Increment

    found = Increment.objects.filter(slug="full-size").first()
    if found is not None:
        return found
    with transaction.atomic():
        return _make(on, teams, iterations, cards, strings)


def _make(on: date, teams: int, iterations: int, cards: int, strings: int) -> Any:
    from planning.models import Increment, Train, TrainTeam

    dice = Random(7)
    rows = _teams(teams)
    train = Train.objects.create(slug="full-size", name="Full-size train", description="Made by bench/full_board.py.")
    TrainTeam.objects.bulk_create(TrainTeam(train=train, team=team, during=(date(2024, 1, 1), None)) for team in rows)
    increment = Increment.objects.create(train=train, slug="full-size", name="Full size", state="planning", seed=7)
    columns, lanes = _frame(increment, rows, on + timedelta(days=7 - on.weekday()), iterations)
    made = _cards(increment, lanes, columns, cards, dice)
    _strings(increment, made, strings, dice)
    _promises(increment, lanes, made, dice)
    increment.refresh_from_db()
    return increment


def _teams(number: int) -> list[Any]:
    """Teams in streams of their own; the first half plans in points, the other in items."""
    from portfolio.models import Team, ValueStream, WorkingCalendar

    calendar = WorkingCalendar.objects.order_by("pk").first() or WorkingCalendar.objects.create(name="Bench")
    streams = [
        ValueStream.objects.get_or_create(slug=f"bench-{place}", defaults={"name": name, "position": 50 + place})[0]
        for place, name in enumerate(STREAMS)
    ]
    return [
        Team.objects.get_or_create(
            slug=f"bench-{place}",
            defaults={
                "name": TEAMS[place] if place < len(TEAMS) else f"Team {place + 1}",
                "stream": streams[place * len(streams) // number],
                "calendar": calendar,
                "planning_unit": "points" if place % 2 == 0 else "items",
            },
        )[0]
        for place in range(number)
    ]


def _frame(increment: Any, teams: list[Any], first: date, iterations: int) -> tuple[list[Any], list[Any]]:
    """Columns of a fortnight each, the last one innovation and planning; a row per team, with the people in it."""
    from planning.actions.writing import write
    from planning.models import Iteration, Seat

    with write(None, increment, "made") as board:
        board.born(increment)
        board.say(f"made {increment}")
        columns = [
            board.add(
                Iteration(
                    increment=board.increment,
                    number=n,
                    name="IP iteration" if n == iterations else f"Iteration {n}",
                    first_on=first + timedelta(weeks=2 * (n - 1)),
                    last_on=first + timedelta(weeks=2 * n, days=-1),
                    is_ip=n == iterations,
                )
            )
            for n in range(1, iterations + 1)
        ]
        place = count()
        lanes = [
            *(_row(board, "team", team.name, next(place), team) for team in teams),
            *(_row(board, "external", name, next(place)) for name in EXTERNAL),
            _row(board, "milestones", "Milestones", next(place)),
        ]
        for lane in lanes:
            for n in range(5 if lane.team_id else 0):
                board.add(Seat(lane=lane, name=f"{lane.name} {n + 1}", share=100 if n else 50))
    return columns, lanes


def _row(board: Any, kind: str, name: str, position: int, team: Any = None) -> Any:
    from planning.models import Lane

    return board.add(Lane(increment=board.increment, kind=kind, team=team, name=name, position=position))


def _titles(dice: Random) -> Iterator[str]:
    whole = [f"{does} {what} {whom}" for does in DOES for what in WHAT for whom in WHOM]
    dice.shuffle(whole)
    yield from whole


def _cards(increment: Any, lanes: list[Any], columns: list[Any], number: int, dice: Random) -> list[Any]:
    """Each row has its part; a twentieth is unplanned, as many in the parking lot. A line of the log per row."""
    titles, made = _titles(dice), []
    rows: list[list[Any]] = [[] for _ in lanes]
    for place in range(number):
        rows[place % len(lanes)].append(next(titles, f"Card {place}"))
    for lane, own in zip(lanes, rows, strict=True):
        made += _cards_of(increment, lane, own, columns, dice)
    return made


def _cards_of(increment: Any, lane: Any, titles: list[str], columns: list[Any], dice: Random) -> list[Any]:
    from planning.actions.writing import write
    from planning.models import Card

    places: list[tuple[Any, Any]] = []
    for _ in titles:
        where = dice.random()
        column = None if where < 0.1 else columns[dice.randrange(len(columns) - 1)]
        places.append((None if where < 0.05 and lane.team_id else lane, column))
    key = lane.name[:3].upper()
    ranks: dict[tuple[Any, Any], int] = {}
    with write(None, increment, "added") as board:
        board.say(f"added {len(titles)} cards to {lane.name}")
        found = []
        for n, (title, (row, column)) in enumerate(zip(titles, places, strict=True), 1):
            cell = (row, column)
            if cell not in ranks:
                ranks[cell] = Card.objects.filter(increment=increment, lane=row, iteration=column).count()
            found.append(
                board.add(
                    Card(
                        increment=board.increment,
                        lane=row,
                        iteration=column,
                        rank=ranks[cell],
                        kind="milestone" if lane.kind == "milestones" else dice.choice(("feature",) * 4 + ("enabler",)),
                        key=f"{key}-{n + 80}",
                        title=title,
                        size=None if lane.team_id is None or dice.random() < 0.05 else dice.choice(SIZES),
                        unit=lane.team.planning_unit if lane.team else "points",
                    )
                )
            )
            ranks[cell] += 1
    return found


def _strings(increment: Any, cards: list[Any], number: int, dice: Random) -> None:
    """Dependencies from rows to others; the pairs go forward in a fixed order, so that there is no cycle."""
    from planning.actions.writing import write
    from planning.models import Dependency

    placed = [card for card in cards if card.lane_id]
    dice.shuffle(placed)
    taken: set[tuple[int, int]] = set()
    with write(None, increment, "linked") as board:
        board.say(f"linked cards by {number} dependencies")
        while len(taken) < number:
            first, second = sorted(dice.sample(range(len(placed)), 2))
            provider, consumer = _in_time(placed[first], placed[second], dice)
            if provider.lane_id == consumer.lane_id or (provider.pk, consumer.pk) in taken:
                continue
            if (consumer.pk, provider.pk) in taken or _loops(board.increment, provider, consumer):
                continue
            taken.add((provider.pk, consumer.pk))
            board.add(
                Dependency(
                    increment=board.increment,
                    provider=provider,
                    provider_lane=provider.lane,
                    consumer=consumer,
                    agreement=dice.choice(("requested", "countered", "agreed", "agreed", "agreed")),
                    needed_in=consumer.iteration,
                    proposed_in=None,
                )
            )


def _in_time(one: Any, other: Any, dice: Random) -> tuple[Any, Any]:
    """Mostly who is planned earlier provides; one in ten does not."""
    early = (one.iteration.number if one.iteration else 99, one.pk)
    late = (other.iteration.number if other.iteration else 99, other.pk)
    return (one, other) if (early < late) != (dice.random() < 0.1) else (other, one)


def _loops(increment: Any, provider: Any, consumer: Any) -> bool:
    """Whether the provider waits for the consumer already."""
    from planning.models import Dependency

    edges: dict[int, set[int]] = {}
    pairs = Dependency.objects.filter(increment=increment).values_list("provider", "consumer")
    for before, after in pairs:
        edges.setdefault(before, set()).add(after)
    seen, left = set(), [consumer.pk]
    while left:
        here = left.pop()
        if here == provider.pk:
            return True
        if here not in seen:
            seen.add(here)
            left += edges.get(here, ())
    return False


def _promises(increment: Any, lanes: list[Any], cards: list[Any], dice: Random) -> None:
    """Two objectives of each team with its cards, and ten risks."""
    from planning.actions.writing import write
    from planning.models import Objective, Risk

    with write(None, increment, "promised") as board:
        board.say("wrote objectives and risks")
        for lane in lanes:
            own = [card for card in cards if card.lane_id == lane.pk and card.iteration_id]
            for n in range(2 if lane.team_id else 0):
                row = Objective(
                    increment=board.increment,
                    lane=lane,
                    title=f"{lane.name}: {own[n].title.lower()}" if n < len(own) else f"{lane.name}, goal {n + 1}",
                    is_committed=n == 0,
                    planned_value=dice.randint(3, 10),
                    position=n,
                )
                board.set(board.add(row), cards=own[n::2])
        for n, card in enumerate(dice.sample(cards, 10)):
            risk = Risk(increment=board.increment, lane=card.lane, card=card, text=f"“{card.title}” may come too late")
            risk.roam = "accepted" if n % 2 else ""
            board.add(risk)
