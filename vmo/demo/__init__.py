"""The strategy of the demo organisation: themes, money, objectives. Its teams and their work are connectors/demo."""

from datetime import date

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from connectors.demo.people import DOMAIN
from funding.models import Amendment, CostMark, DayCost, Event, HorizonTarget, LedgerEntry, Scenario
from metrics.models import Kpi
from okrs.models import Cycle, Objective
from portfolio.models import ApprovalThreshold, Decision, Initiative, ScoringSession, StageLimit, Theme
from vmo.demo import goals, money, strategy

IN_THE_WAY: tuple[type[Model], ...] = (
    *(Scenario, Event, Amendment, LedgerEntry, DayCost, CostMark, HorizonTarget),
    *(Objective, Cycle, Kpi, Decision, ScoringSession, ApprovalThreshold, StageLimit),
)


def _people() -> dict[str, User]:
    """The demo people with roles, by the name of their role."""
    logins = User.objects.filter(email__iendswith=f"@{DOMAIN}")
    return {user.email.split("@")[0]: user for user in logins}


def load(today: date) -> None:
    """Make what is missing: all of it or, on an error, nothing. The past is written as an import of it would be."""
    people = _people()
    with transaction.atomic():
        strategy.load(today, people)
        money.load(today, people)
        goals.load(today, people)
        strategy.ask(people)


def empty() -> None:
    """Delete everything that would keep streams, teams and initiatives from being deleted."""
    with transaction.atomic():
        for model in IN_THE_WAY:
            model._default_manager.all().delete()
        Initiative.objects.update(theme=None)
        Theme.objects.all().delete()
