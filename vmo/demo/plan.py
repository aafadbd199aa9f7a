"""One increment of the demo organisation, written line by line as those would who planned it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from accounts.models import User
from planning.actions import states
from planning.actions.checks import add_ready_made
from planning.actions.writing import Board, write
from planning.models import (
    Absence,
    AgendaItem,
    Ballot,
    Capacity,
    Card,
    CheckList,
    Dependency,
    Increment,
    IncrementState,
    Invitation,
    Iteration,
    Lane,
    Objective,
    Poll,
    Risk,
    Seat,
)
from portfolio.models import Feature, Membership, Team
from vmo.demo import course
from vmo.demo.trains import Extra, Need, Story

ITERATIONS, LENGTH = 6, timedelta(weeks=2)
AGENDA = (
    (1, "Business context", 60),
    (1, "Vision and features", 90),
    (1, "How we plan", 30),
    (1, "Team breakout 1", 180),
    (1, "Draft plans", 60),
    (1, "Review of problems", 60),
    (2, "What changed overnight", 60),
    (2, "Team breakout 2", 120),
    (2, "Final plans", 120),
    (2, "Risks of the train", 60),
    (2, "Confidence vote", 20),
    (2, "Looking back at the planning", 40),
)


class Plan:
    """What is being made: `times` says when each line of the log was written, `cards` each row's in order."""

    def __init__(
        self,
        story: Story,
        increment: Increment,
        teams: list[Team],
        members: dict[int, list[Membership]],
        pmo: User | None,
        first: date,
        today: date,
    ) -> None:
        self.story, self.increment, self.teams, self.members, self.pmo = story, increment, teams, members, pmo
        self.first, self.today = first, today
        self.dice = Random(increment.seed)  # noqa: S311 (a simulation)
        self.times: dict[int, datetime] = {}
        self.columns: list[Iteration] = []
        self.lanes: dict[str, Lane] = {}
        self.cards: dict[str, list[Card]] = {}
        # What becomes of it (vmo/demo/course.py): when features landed, which were hoped for earlier, when other
        # cards (by their keys in the database) and dependencies were delivered.
        self.landed: dict[int, date] = {}
        self.hopes: set[int] = set()
        self.done: dict[int, date] = {}
        self.needs: list[tuple[int | None, Dependency]] = []
        self.at = self._noon(first - timedelta(days=5))

    def _noon(self, day: date) -> datetime:
        """Ten o'clock of a day; what were to come is done yesterday."""
        return timezone.make_aware(datetime.combine(min(day, self.today - timedelta(days=1)), time(10)))

    def on(self, day: date) -> None:
        """What follows is done on that day, or just after what was written last."""
        self.at = max(self.at, self._noon(day))

    @contextmanager
    def line(self, who: User | None, verb: str, text: str) -> Iterator[Board]:
        """A line of the log, some minutes after the last."""
        with write(who, self.increment, verb, even_closed=True) as board:
            board.say(text)
            yield board
        self._tick()

    def someone(self, team: Team | None) -> User | None:
        """A member of the team, or the PMO."""
        own = self.members.get(team.pk, []) if team else []
        return self.dice.choice(own).user if own else self.pmo

    # The frame

    def frame(self) -> None:
        """Columns, rows, people, agenda."""
        with self.line(self.pmo, "made", f"made {self.increment}") as board:
            board.born(self.increment)
            for n in range(1, ITERATIONS + 1):
                first = self.first + LENGTH * (n - 1)
                self.columns.append(
                    board.add(
                        Iteration(
                            increment=board.increment,
                            number=n,
                            name="IP iteration" if n == ITERATIONS else f"Iteration {n}",
                            first_on=first,
                            last_on=first + LENGTH - timedelta(days=1),
                            is_ip=n == ITERATIONS,
                        )
                    )
                )
            rows = [
                *((team.slug, "team", team.name, team) for team in self.teams),
                *((name, "external", name, None) for name in self.story.external),
                ("Milestones", "milestones", "Milestones", None),
            ]
            for place, (key, kind, name, team) in enumerate(rows):
                row = Lane(increment=board.increment, kind=kind, team=team, name=name, position=place)
                self.lanes[key] = board.add(row)
        for kind in CheckList.values:
            add_ready_made(actor=self.pmo, increment=self.increment, kind=kind)
            self._tick()
        self._people()
        AgendaItem.objects.bulk_create(
            AgendaItem(increment=self.increment, day=day, position=place, title=title, minutes=minutes)
            for place, (day, title, minutes) in enumerate(AGENDA)
        )

    def _people(self) -> None:
        with self.line(self.pmo, "wrote people", "wrote who works in the teams") as board:
            for team in self.teams:
                lane = self.lanes[team.slug]
                seats = [
                    board.add(Seat(lane=lane, name=row.user.name, user=row.user, share=row.share))
                    for row in self.members[team.pk]
                ]
                board.add(Seat(lane=lane, name=f"Product owner of {team.name}", makes_capacity=False))
                for seat in self.dice.sample(seats, min(len(seats), 2)):
                    away = self.first + timedelta(days=7 * self.dice.randrange(11) + self.dice.randrange(5))
                    last = away + timedelta(days=self.dice.choice((0, 1, 4, 9)))
                    board.add(Absence(seat=seat, first_on=away, last_on=last))

    # The cards

    def place(self, features: Iterable[Feature], sizes: dict[int, tuple[int, str]]) -> None:
        """Features where they are due, then what has none; those that were carried over are there already."""
        there = Card.objects.filter(increment=self.increment).exclude(feature=None).select_related("lane__team")
        carried = {card.feature_id: card for card in there}
        for feature in features:
            if feature.pk in carried:
                self._carried(carried[feature.pk], feature, sizes.get(feature.pk))
            else:
                self._feature(feature, sizes.get(feature.pk))
        if self.story.state == IncrementState.CLOSED:
            course.slices(self)
        for extra in self.story.extras:
            if extra.row in self.lanes or not extra.row:
                self._extra(extra)
        if self.story.state == IncrementState.PLANNING:
            self.move()

    def _extra(self, extra: Extra) -> None:
        """What was due is done the day before."""
        given = {"key": extra.key, "title": extra.title, "kind": extra.kind, "size": extra.size}
        card = self.add_card(extra.row, extra.iteration, unit=self._unit(extra.row), **given)
        if extra.iteration and extra.kind != "feature":
            self.done[card.pk] = self.columns[extra.iteration - 1].last_on - timedelta(days=1)

    def _unit(self, row: str) -> str:
        lane = self.lanes.get(row)
        return lane.team.planning_unit if lane and lane.team else "points"

    def _carried(self, card: Card, feature: Feature, known: tuple[int, str] | None) -> None:
        """Planned anew, with what is left of it."""
        team = card.lane.team if card.lane else None
        if known and team:
            with self.line(self.someone(team), "changed", f"changed {card.key}: size") as board:
                board.set(card, size=Decimal(known[0]) if known[0] else None)
        iteration = course.iteration_of(self, feature)
        self._move_card(card, self.columns[iteration - 1] if iteration else None)
        if team:
            self.cards.setdefault(team.slug, []).append(card)

    def _feature(self, feature: Feature, known: tuple[int, str] | None) -> None:
        team = next(team for team in self.teams if team.pk == feature.team_id)
        in_items = team.planning_unit == "items"
        size, key = known or (feature.guessed_items if in_items else None, "")
        self.add_card(
            team.slug,
            course.iteration_of(self, feature),
            feature=feature,
            key=key,
            title=feature.name,
            kind="enabler" if feature.value_type == "enabler" else "feature",
            value_type=feature.value_type,
            size=size or None,
            unit=team.planning_unit,
        )

    def add_card(self, row: str, iteration: int | None, **fields: object) -> Card:
        """A new card at the end of a cell, as a line of the log."""
        lane = self.lanes.get(row)
        column = self.columns[iteration - 1] if iteration else None
        where = f"{lane}, {column or 'unplanned'}" if lane else "the parking lot"
        what = fields["key"] or fields["title"]
        with self.line(self.someone(lane.team if lane else None), "added", f"added {what} to {where}") as board:
            card = Card(increment=board.increment, lane=lane, iteration=column, rank=self._rank(lane, column), **fields)
            board.add(card)
        self.cards.setdefault(row, []).append(card)
        return card

    def _rank(self, lane: Lane | None, column: Iteration | None) -> int:
        cell = Card.objects.filter(increment=self.increment, lane=lane, iteration=column, removed_at=None)
        return cell.count()

    def move(self) -> None:
        """What was moved about; the ranks of those left behind close up."""
        for row, place, iteration in self.story.moves:
            if card := self._of(row, place):
                self._move_card(card, self.columns[iteration - 1] if iteration else None)

    def _of(self, row: str, place: int | None) -> Card | None:
        own = self.cards.get(row, [])
        return own[place] if place is not None and place < len(own) else None

    def _move_card(self, card: Card, column: Iteration | None) -> None:
        if card.iteration == column:
            return
        old, what = card.iteration, card.key or card.title
        text = f"moved {what} from {old or 'unplanned'} to {column or 'unplanned'}"
        with self.line(self.someone(card.lane.team if card.lane else None), "moved", text) as board:
            board.set(card, iteration=column, rank=self._rank(card.lane, column))
            left = Card.objects.filter(increment=self.increment, lane=card.lane, iteration=old, removed_at=None)
            for rank, other in enumerate(left):
                board.set(other, quietly=True, rank=rank)

    # Promises

    def promise(self) -> None:
        """Dependencies, objectives, risks."""
        for need in self.story.needs:
            self._need(need)
        for place, goal in enumerate(self.story.goals):
            if goal.team in self.lanes:
                lane = self.lanes[goal.team]
                own = [card for n in goal.cards if (card := self._of(goal.team, n))]
                with self.line(self.someone(lane.team), "wrote an objective", f"wrote “{goal.title}”") as board:
                    row = Objective(increment=board.increment, lane=lane, title=goal.title, position=place)
                    row.is_committed, row.planned_value = goal.committed, goal.planned
                    board.set(board.add(row), cards=own)
        for threat in self.story.threats:
            if threat.team in self.lanes:
                lane = self.lanes[threat.team]
                with self.line(self.someone(lane.team), "named a risk", f"named a risk: {threat.text}") as board:
                    risk = Risk(increment=board.increment, lane=lane, text=threat.text, roam=threat.roam)
                    risk.plan, risk.owner_name = threat.plan, threat.owner
                    risk.due_on = self.columns[1].last_on if threat.owner else None
                    board.add(risk)

    def _need(self, need: Need) -> None:
        provider, consumer = self._of(*need.provider), self._of(*need.consumer)
        lane = self.lanes.get(need.provider[0])
        if consumer is None or lane is None or (provider is None and need.provider[1] is not None):
            return
        asked = f"asked {lane} for “{need.what}”"
        team = consumer.lane.team if consumer.lane else None
        who = self.someone(team)
        with self.line(who, "asked for", asked) as board:
            row = Dependency(increment=board.increment, consumer=consumer, provider_lane=lane, provider=provider)
            row.what, row.note, row.requested_by = need.what, need.note, who
            row.needed_in, row.agreement = consumer.iteration, need.agreement
            if need.agreement == "countered":
                row.proposed_in = self.columns[3]
            row.answered_at = self.at if need.agreement != "requested" else None
            board.add(row)
        Dependency.objects.filter(pk=row.pk).update(requested_at=self.at)
        if row.agreement == "agreed":
            self.needs.append((need.late, row))

    # Commitment and end

    def settle(self) -> None:
        """Begin planning, vote, commit, go on: as far as the story goes, but to its end."""
        states.start_planning(actor=self.pmo, increment=self.increment)
        self._tick()
        for slug, fingers in self.story.fists:
            if not slug or slug in self.lanes:
                self._vote(self.lanes.get(slug), fingers)
        if self.story.state == IncrementState.PLANNING:
            return
        self._capacities()
        states.commit(actor=self.pmo, increment=self.increment, at=self.at)
        self._tick()
        course.go_on(self)

    def end(self, after: "Plan") -> None:
        """Close it; what did not land goes on into the next."""
        self.on(self.columns[-1].last_on)
        values = {goal.title: goal.actual for goal in self.story.goals}
        rows = Objective.objects.filter(increment=self.increment)
        states.close(
            actor=self.pmo,
            increment=self.increment,
            actual_values={row.pk: values[row.title] for row in rows},
            carry_into=after.increment,
            at=self.at,
        )
        self._tick()
        after._tick()

    def _tick(self) -> None:
        """Lines that verbs wrote are of now, as the story has it."""
        self.increment.refresh_from_db()
        self.at += timedelta(minutes=self.dice.choice((1, 2, 4)))
        for number in range(1, self.increment.number + 1):
            self.times.setdefault(number, self.at)

    def _vote(self, lane: Lane | None, fingers: tuple[int, ...]) -> None:
        poll = Poll.objects.create(
            increment=self.increment,
            lane=lane,
            token=f"demo-{self.increment.slug}-{lane.pk if lane else 'train'}",
            opened_at=self.at,
            opened_by=self.pmo,
            closed_at=self.at + timedelta(minutes=6),
        )
        for n, finger in enumerate(fingers):
            name = Invitation.objects.create(poll=poll, name=f"Seat {n + 1}")
            Ballot.objects.create(poll=poll, invitation=name, device=f"{poll.pk}-{n}", fingers=finger)
        self.at += timedelta(minutes=8)

    def _capacities(self) -> None:
        """The first plans were made with what the teams knew of themselves."""
        for team in self.teams:
            lane = self.lanes[team.slug]
            own = [card for card in self.cards.get(team.slug, []) if card.iteration and card.size]
            total = sum((card.size or Decimal(0) for card in own), Decimal(0)) / (ITERATIONS - 1)
            amount = (total * self.dice.choice((90, 100, 110, 120)) / 100).quantize(Decimal(1))
            with self.line(self.someone(team), "gave a capacity", f"gave the capacity of {lane} by hand") as board:
                for column in self.columns[:-1]:
                    row = Capacity(lane=lane, iteration=column, amount=amount, unit=team.planning_unit)
                    row.reason = "What the team finished in the quarter before"
                    board.add(row)
