"""The strategy of the demo organisation: themes, money, objectives. Its teams and their work are connectors/demo."""

from datetime import date

from django.db import transaction
from django.db.models import Model

from core.models import Comment
from funding.models import Amendment, CostMark, DayCost, Event, HorizonTarget, LedgerEntry, Scenario
from impediments.models import Channel, Impediment, Limit, Proposal
from metrics.models import Kpi
from okrs.models import Cycle, Objective
from planning import models as planned
from portfolio.models import Action, ApprovalThreshold, Decision, Initiative, ScoringSession, StageLimit, Theme
from vmo.demo import goals, money, people, strategy

IN_THE_WAY: tuple[type[Model], ...] = (
    *(planned.Dependency, planned.Risk, planned.Objective, planned.Poll, planned.Card, planned.Capacity, planned.Lane),
    *(planned.Increment, planned.Train),
    *(Scenario, Event, Amendment, LedgerEntry, DayCost, CostMark, HorizonTarget),
    *(Proposal, Impediment, Limit, Channel, Comment, Action),
    *(Objective, Cycle, Kpi, Decision, ScoringSession, ApprovalThreshold, StageLimit),
)


def load(today: date) -> None:
    """Make what is missing: all of it or, on an error, nothing. The past is written as an import of it would be."""
    known = people.known()
    with transaction.atomic():
        strategy.load(today, known)
        money.load(today, known)
        goals.load(today, known)
        strategy.ask(known)


def empty() -> None:
    """Delete everything that would keep streams, teams and initiatives from being deleted."""
    with transaction.atomic():
        Impediment.objects.exclude(merged_into=None).delete()
        for model in IN_THE_WAY:
            model._default_manager.all().delete()
        Initiative.objects.update(theme=None)
        Theme.objects.all().delete()
