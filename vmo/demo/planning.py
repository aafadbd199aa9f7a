"""The demo organisation's planning, once its history is there: vmo/demo/trains.py says what.

The past is written as an import of it would be: nobody is told. Everything else comes about as people's writing does,
as lines of the increments' logs.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.models import User
from connectors.demo import DemoConnector
from core.models import AuditEntry
from metrics.actions import decide_outcomes
from metrics.models import EpicLink, WorkItem
from planning.models import Event, Increment, IncrementState, Train, TrainTeam
from portfolio.models import Feature, Membership, Team
from vmo.demo.course import landings
from vmo.demo.plan import Plan
from vmo.demo.trains import CUSTOMER, MONEY, ON_THE_TABLE, OVER, UNDER_WAY, PlannedTrain, Story

# Increments of all trains are named by the same quarters of 13 weeks.
QUARTER, FIRST_QUARTER = 91, date(2024, 1, 1)


def load(*, today: date, now: datetime, people: dict[str, User]) -> None:
    """Make it where there is no train and the demo teams' features are there; `today` may be past."""
    teams = {team.slug: team for team in Team.objects.filter(sources__tool=DemoConnector.tool).distinct()}
    if Train.objects.filter(slug__in=[MONEY.slug, CUSTOMER.slug]).exists() or not teams:
        return
    known = _Known(today, teams, people)
    with transaction.atomic():
        money, customer = _train(MONEY, known), _train(CUSTOMER, known)
        plans = [_through(_begin(UNDER_WAY, customer, known), known)] if customer else []
        if money:
            over, table = _through(_begin(OVER, money, known), known), _begin(ON_THE_TABLE, money, known)
            over.end(table)
            plans += [over, _through(table, known)]
        for plan in plans:
            _tell_when(plan)
    decide_outcomes(now=now)


class _Known(NamedTuple):
    """What plans are made of: the day, the demo's teams by slug, its people by name."""

    today: date
    teams: dict[str, Team]
    people: dict[str, User]

    @property
    def monday(self) -> date:
        return self.today - timedelta(days=self.today.weekday())


def _train(planned: PlannedTrain, known: _Known) -> Train | None:
    """The train with those of its teams that are there."""
    own = [known.teams[slug] for slug in planned.teams if slug in known.teams]
    if not own:
        return None
    since = known.monday - timedelta(weeks=60)
    train = Train.objects.create(
        slug=planned.slug, name=planned.name, description=planned.description, started_on=since
    )
    TrainTeam.objects.bulk_create(TrainTeam(train=train, team=team, during=(since, None)) for team in own)
    return train


def name_of(first: date) -> str:
    """PI 26.3: the third quarter of 2026, give or take some days; those that follow have other names."""
    quarter = (first - FIRST_QUARTER).days // QUARTER
    return f"PI {24 + quarter // 4}.{quarter % 4 + 1}"


def _begin(story: Story, train: Train, known: _Known) -> Plan:
    """An increment with its frame: rows, columns, people."""
    first = known.monday + timedelta(weeks=story.begins)
    name = name_of(first)
    increment = Increment.objects.create(
        train=train,
        slug=f"{train.slug.split('-')[0]}-{name[3:].replace('.', '-')}",
        name=name,
        vision=story.vision,
        seed=sum(map(ord, story.vision)),
    )
    own = [known.teams[slug] for slug in story.train.teams if slug in known.teams]
    plan = Plan(story, increment, own, _members(own, known.today), known.people.get("pmo"), first, known.today)
    plan.frame()
    return plan


def _through(plan: Plan, known: _Known) -> Plan:
    """From its cards to where it stands."""
    plan.place(_features(plan), sizes(plan.teams, noon_before(plan.first)))
    plan.promise()
    plan.settle()
    return plan


def _members(teams: list[Team], today: date) -> dict[int, list[Membership]]:
    found: dict[int, list[Membership]] = {team.pk: [] for team in teams}
    rows = Membership.objects.filter(team__in=teams, during__contains=today)
    for row in rows.select_related("user").order_by("user__name", "pk"):
        found[row.team_id].append(row)
    return found


def _features(plan: Plan) -> Iterator[Feature]:
    """What the teams would have planned, by the day it was due: of a plan that is over two that they had closed since;
    else what is not closed yet, and then what was closed since or carried over.
    """
    rows = Feature.objects.filter(team__in=plan.teams).order_by("team", "rank", "pk")
    carried = Q(cards__increment=plan.increment)
    wanted = list(rows.filter(Q(ended_on__gte=plan.first) | Q(ended_on=None) | carried).distinct())
    if plan.story.state == IncrementState.CLOSED:
        plan.landed = landings(wanted, plan.today)
    for team in plan.teams:
        own = [row for row in wanted if row.team_id == team.pk and plan.landed.get(row.pk, plan.first) >= plan.first]
        over = sorted((row for row in own if row.ended_on), key=lambda row: (row.ended_on or plan.first, row.pk))
        left = sorted((row for row in own if not row.ended_on), key=lambda row: (row.due_on or date.max, row.pk))
        match plan.story.state:
            case IncrementState.CLOSED:
                two = sorted(over[:2], key=lambda row: (plan.landed.get(row.pk, date.max), row.pk))
                plan.hopes |= {row.pk for row in two[:1] if team.slug in plan.story.hopes}
                yield from two
            case IncrementState.COMMITTED:
                yield from over + left
            case _:
                yield from left + over


def noon_before(day: date) -> datetime:
    """When the plan for what begins on `day` is made, roughly."""
    return timezone.make_aware(datetime.combine(day - timedelta(days=1), time(12)))


def sizes(teams: list[Team], at: datetime) -> dict[int, tuple[int, str]]:
    """Of each feature with epics: its items not finished by `at`, in its team's unit, and the epic's key."""
    units = {team.pk: team.planning_unit for team in teams}
    later = Q(flow__finished_at=None) | Q(flow__finished_at__gt=at)
    links = EpicLink.objects.filter(feature__team__in=teams).select_related("feature")
    by_epic = {
        (row["source"], row["parent"]): row
        for row in WorkItem.objects.filter(team__in=teams, deleted_at=None)
        .exclude(parent="")
        .values("source", "parent")
        .annotate(items=Count("pk", filter=later), sum=Sum("points", filter=later))
    }
    found = {}
    for link in links:
        row = by_epic.get((link.source_id, link.parent))
        if row and link.feature.team_id in units:
            points = units[link.feature.team_id] == "points"
            found[link.feature_id] = (int((row["sum"] or 0) if points else row["items"]), link.parent)
    return found


def _tell_when(plan: Plan) -> None:
    """The log and the trail tell of the days on which it was done."""
    lines = list(Event.objects.filter(increment=plan.increment))
    for line in lines:
        line.at = plan.times[line.number]
    Event.objects.bulk_update(lines, ["at"], batch_size=500)
    entries = list(AuditEntry.objects.filter(target_type="planning.increment", target_id=str(plan.increment.pk)))
    for entry in entries:
        entry.at = plan.times[entry.data["line"]]
    AuditEntry.objects.bulk_update(entries, ["at"], batch_size=500)
    Increment.objects.filter(pk=plan.increment.pk).update(made_at=plan.times[1])
