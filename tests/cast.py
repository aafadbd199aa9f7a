"""The small cast of the tests: who they are and what they hold.

Payments holds Falcon and Heron, Platform holds Kite. Ada administers the portal, Leo leads it and Pia is its PMO;
Paul is PMO of Payments only, Cora coaches Payments; Max is a member of Falcon, Vera may view Falcon; Otto holds
nothing.
"""

from dataclasses import dataclass
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from portfolio.models import Grant, Membership, Role, Service, Team, ValueStream, WorkingCalendar

PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Cast:
    payments: ValueStream
    platform: ValueStream
    falcon: Team
    heron: Team
    kite: Team
    calendar: WorkingCalendar
    ledger: Service
    max_in_falcon: Membership
    administrator: User
    leader: User
    pmo: User
    stream_pmo: User
    coach: User
    member: User
    viewer: User
    outsider: User

    def person(self, name: str) -> User:
        """By the name of the column of tests/test_access.py."""
        user = getattr(self, name)
        assert isinstance(user, User)
        return user


def person(name: str, **fields: object) -> User:
    return User.objects.create_user(f"{name.split()[0].lower()}@example.org", PASSWORD, name=name, **fields)


def make_team(stream: ValueStream, name: str, calendar: WorkingCalendar) -> Team:
    return Team.objects.create(slug=name.lower(), name=name, stream=stream, calendar=calendar, cost_per_day=2400)


def make_cast() -> Cast:
    """Make them all; needs a database."""
    calendar = WorkingCalendar.objects.create(name="Berlin")
    payments = ValueStream.objects.create(slug="payments", name="Payments", position=1)
    platform = ValueStream.objects.create(slug="platform", name="Platform", position=2)
    falcon, heron = make_team(payments, "Falcon", calendar), make_team(payments, "Heron", calendar)
    kite = make_team(platform, "Kite", calendar)
    people = {
        "administrator": person("Ada Keller"),
        "leader": person("Leo Brandt"),
        "pmo": person("Pia Ito"),
        "stream_pmo": person("Paul Okafor"),
        "coach": person("Cora Lind"),
        "member": person("Max Weber"),
        "viewer": person("Vera Sand"),
        "outsider": person("Otto Fremd"),
    }
    for name in ("administrator", "leader", "pmo"):
        Grant.objects.create(user=people[name], role=name)
    Grant.objects.create(user=people["stream_pmo"], role=Role.PMO, stream=payments)
    Grant.objects.create(user=people["coach"], role=Role.COACH, stream=payments)
    Grant.objects.create(user=people["viewer"], role=Role.VIEWER, team=falcon)
    in_falcon = Membership.objects.create(team=falcon, user=people["member"], during=DateRange(date(2024, 1, 1), None))
    ledger = Service.objects.create(slug="ledger", name="Ledger", team=falcon)
    return Cast(payments, platform, falcon, heron, kite, calendar, ledger, in_falcon, **people)
