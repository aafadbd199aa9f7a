"""Loading the demo organisation, and emptying the portal for it.

Everything is made by the same verbs that people use, so it stands in the audit trail; the work itself comes through
the connector and the worker.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from connectors.actions import connect, delete_source, request_sync
from connectors.demo import DemoConnector, clock
from connectors.demo.people import DOMAIN, LOGINS, PASSWORD, Login, members
from connectors.demo.plans import ALLOCATIONS, EXPECTED, INITIATIVES, TOLERANCE, features
from connectors.demo.world import PROFILES, STREAMS, Profile
from connectors.models import SyncRun
from metrics.actions import link_epic, set_expectation
from metrics.models import Forecast, Source
from portfolio import actions as portfolio
from portfolio.models import Feature, Initiative, Service, Team, ValueStream, WorkingCalendar

MONTHS = 18
TYPES = {
    "Story": "feature",
    "Bug": "defect",
    "Enabler": "enabler",
    "Tech debt": "debt",
    "Risk": "risk",
    "Task": "other",
}
_COUNTRIES = {"DE": "Germany", "GB": "Great Britain", "US": "United States", "IN": "India"}


class NotOnlyDemo(Exception):
    """The portal holds sources that are not the demo's; the text names them."""


def first_day(until: date) -> date:
    """The Monday 18 months before `until`, or the one before that day."""
    months = until.year * 12 + until.month - 1 - MONTHS
    day = date(months // 12, months % 12 + 1, min(until.day, 28))
    return day - timedelta(days=day.isoweekday() - 1)


def is_empty() -> bool:
    return not ValueStream.objects.exists() and not Source.objects.exists()


def load(
    *,
    today: date,
    first: date | None = None,
    until: date | None = None,
    seed: int = 1,
    profiles: Iterable[Profile] = PROFILES,
) -> None:
    """Make what is missing of the demo organisation: all of it or, on an error, nothing.

    `first` and `until` are the days between which work is simulated; without, it begins 18 months ago and every day
    brings new work.
    """
    chosen = tuple(profiles)
    first = _loaded_first_day() or first or first_day(until or today)
    with transaction.atomic():
        calendars = {country: _calendar(country, first, today) for country in sorted({p.country for p in chosen})}
        for profile in chosen:
            team = _team(profile, calendars[profile.country], first)
            _source(profile, team, first, until, seed)
            _expectations(profile, team, first)
        _plans(chosen, first, until or today)
        _people(first)


def request_syncs(*, enqueue: bool = True) -> list[SyncRun]:
    """The first sync of every demo source that was never read to its end."""
    sources = Source.objects.filter(tool=DemoConnector.tool, synced_at=None).order_by("slug")
    return [request_sync(actor=None, source=source, enqueue=enqueue) for source in sources]


def _loaded_first_day() -> date | None:
    source = Source.objects.filter(tool=DemoConnector.tool).first()
    return date.fromisoformat(source.settings["start"]) if source else None


def _calendar(country: str, first: date, today: date) -> WorkingCalendar:
    name = _COUNTRIES[country]
    calendar = WorkingCalendar.objects.filter(name=name).first() or portfolio.create_calendar(actor=None, name=name)
    years = range(first.year, today.year + 2)
    days = [day for year in years for day in sorted(clock.holidays(country, year).items())]
    portfolio.add_holidays(actor=None, calendar=calendar, days=days)
    return calendar


def _stream(slug: str) -> ValueStream:
    place, stream = next((place, stream) for place, stream in enumerate(STREAMS) if stream.slug == slug)
    found = ValueStream.objects.filter(slug=slug).first()
    return found or portfolio.create_stream(
        actor=None, name=stream.name, slug=slug, description=stream.description, position=place
    )


def _team(profile: Profile, calendar: WorkingCalendar, first: date) -> Team:
    found = Team.objects.filter(slug=profile.slug).first()
    return found or portfolio.create_team(
        actor=None,
        stream=_stream(profile.stream),
        name=profile.name,
        slug=profile.slug,
        calendar=calendar,
        timezone=profile.zone,
        cost_per_day=profile.cost_per_day,
        planning_unit="points" if profile.points else "items",
        iteration_days=profile.iteration_days,
        iteration_starts_on=first,
        started_on=first,
    )


def _service(profile: Profile, team: Team) -> Service:
    found = Service.objects.filter(slug=profile.service).first()
    name = profile.service.replace("-", " ").capitalize()
    return found or portfolio.create_service(actor=None, team=team, name=name, slug=profile.service)


def _source(profile: Profile, team: Team, first: date, until: date | None, seed: int) -> None:
    name = f"{profile.name} demo"
    if Source.objects.filter(name=name).exists():
        return
    connect(
        actor=None,
        tool=DemoConnector.tool,
        name=name,
        team=team,
        service=_service(profile, team),
        settings={"profile": profile.slug, "start": first, "until": until or "", "seed": seed},
        schedule_minutes=60,
        statuses={stage.name: stage.state for stage in profile.workflow},
        types=TYPES,
    )


def _expectations(profile: Profile, team: Team, first: date) -> None:
    if team.expectations.exists():
        return
    for kind, days, after in EXPECTED[profile.slug]:
        valid_from = first + timedelta(days=after)
        set_expectation(actor=None, team=team, days=days, valid_from=valid_from, kind=kind)


def _plans(profiles: Iterable[Profile], first: date, today: date) -> None:
    """Initiatives and policies of the streams, features of the teams: none where there are some already."""
    for stream in ValueStream.objects.filter(slug__in={profile.stream for profile in profiles}):
        if not stream.allocations.exists():
            portfolio.set_allocation(actor=None, stream=stream, shares=ALLOCATIONS[stream.slug], tolerance=TOLERANCE)
        if not stream.initiatives.exists():
            _initiatives(stream, first, today)
    for profile in profiles:
        if not Feature.objects.filter(team__slug=profile.slug).exists():
            _features(profile, first, today)


def _initiatives(stream: ValueStream, first: date, today: date) -> None:
    for place, plan in enumerate(plan for plan in INITIATIVES if plan.stream == stream.slug):
        portfolio.create_initiative(
            actor=None,
            stream=stream,
            name=plan.name,
            description=plan.description,
            value_type=plan.kind,
            position=place,
            teams=list(Team.objects.filter(slug__in=plan.teams)),
            started_on=None if plan.teams else first,
            due_on=today + timedelta(days=plan.due),
        )


def _features(profile: Profile, first: date, today: date) -> None:
    team = Team.objects.get(slug=profile.slug)
    source = Source.objects.filter(tool=DemoConnector.tool, team=team).first()
    goals = {goal.name: goal for goal in team.stream.initiatives.filter(ended_on=None)}
    for plan in features(profile, first, today):
        feature = portfolio.create_feature(
            actor=None,
            team=team,
            name=plan.name,
            value_type=plan.kind,
            initiative=goals.get(plan.initiative),
            guessed_items=plan.guess,
            started_on=max(first, plan.epic.starts) if plan.epic else None,
            due_on=plan.due,
        )
        if plan.epic and source:
            link_epic(actor=None, feature=feature, source=source, parent=plan.epic.key)
        if plan.closed:
            portfolio.close_feature(actor=None, feature=feature, on=plan.closed)


def _people(first: date) -> None:
    """Everybody has the same password, so it is hashed once."""
    password = make_password(PASSWORD)
    teams = {team.slug: team for team in Team.objects.all()}
    for person in (*LOGINS, *members()):
        if person.team in {"", *teams} and not User.objects.filter(email=person.email).exists():
            _person(person, password, teams, first)


def _person(person: Login, password: str, teams: dict[str, Team], first: date) -> None:
    user = User(email=person.email, name=person.name, password=password, is_staff=person.role == "administrator")
    user.full_clean()
    user.save()
    team = teams.get(person.team)
    stream = ValueStream.objects.filter(slug=person.stream).first() if person.stream else None
    if person in LOGINS:
        portfolio.grant(actor=None, user=user, role=person.role, stream=stream, team=team)
    if team:
        portfolio.add_member(actor=None, team=team, user=user, first=first)


def foreign_sources() -> list[str]:
    """Names of the sources that are not the demo's."""
    return list(Source.objects.exclude(tool=DemoConnector.tool).values_list("name", flat=True))


def empty(*, force: bool = False) -> None:
    """Delete all sources with their facts, all teams and streams with their work, and the demo people; others stay.

    Raises NotOnlyDemo when there are other sources, unless `force`.
    """
    foreign = foreign_sources()
    if foreign and not force:
        raise NotOnlyDemo(", ".join(foreign))
    with transaction.atomic():
        for source in Source.objects.all():
            delete_source(actor=None, source=source)
        Forecast.objects.all().delete()
        Feature.objects.all().delete()
        Initiative.objects.all().delete()
        Service.objects.all().delete()
        Team.objects.all().delete()
        ValueStream.objects.all().delete()
        WorkingCalendar.objects.all().delete()
        User.objects.filter(email__iendswith=f"@{DOMAIN}").delete()
