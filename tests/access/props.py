"""The cast and what the rows name beside it."""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from connectors.models import SyncRun
from core.models import JobState
from funding import actions as funding
from funding.models import Event
from metrics.models import Baseline, EpicLink, Expectation, Kpi, Source, WorkItem
from portfolio.models import Action, Decision, Initiative, ScoringSession, Theme
from portfolio.quarters import Quarter
from tests.cast import Cast
from tests.impediments.props import impediment_props
from tests.metrics.forecast_cast import stored
from tests.okrs.props import okr_props
from tests.planning.props import planning_props


class Props:
    """The cast and what the rows name beside it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.christmas = cast.calendar.holidays.create(on="2026-12-24")
        self.viewer_grant = cast.viewer.grants.get()
        place = {"url": "/srv/nowhere.git"}
        self.source = Source.objects.create(
            slug="falcon-git", name="Falcon git", tool="git", team=cast.falcon, settings=place
        )
        self.run = SyncRun.objects.create(source=self.source, state=JobState.SUCCEEDED, finished_at=timezone.now())
        self.baseline = Baseline.objects.create(team=cast.falcon, measure="wip", starts_on="2025-01-06", reason="New")
        self.expectation = Expectation.objects.create(team=cast.falcon, days=9, valid_from="2025-01-06")
        self.initiative = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
        # Two of Falcon: for one an approval is asked for already, by nobody here.
        other = Initiative.objects.create(slug="refunds-2", name="More refunds", stream=cast.payments)
        other.teams.add(cast.falcon)
        Theme.objects.create(slug="speed", name="Speed")
        self.approval = self.initiative.approvals.create(amount=10, reason="Why", asked_at=timezone.now())
        self.review = self.initiative.reviews.create(on="2025-01-01")
        self.feature = self.initiative.features.create(team=cast.falcon, name="Refunds in the app", rank=1)
        self.scoring = ScoringSession.objects.create(name="Q1", stream=cast.payments, opened_at=timezone.now())
        self.scoring.initiatives.add(self.initiative)
        self.link = EpicLink.objects.create(feature=self.feature, source=self.source, parent="FAL-1")
        self.item = WorkItem.objects.create(
            source=self.source, external_id="1", key="FAL-1", team=cast.falcon, created_at=timezone.now()
        )

        self.forecast = stored(cast.falcon)
        vars(self).update(okr_props(cast, self.initiative))
        self.decision = Decision.objects.create(
            kind="pivot",
            question="Refunds?",
            initiative=self.initiative,
            options=[{"key": "stop", "label": "Stop"}, {"key": "pivot", "label": "Pivot"}],
            raised_at=timezone.now(),
        )
        vars(self).update(impediment_props(cast))
        vars(self).update(planning_props(cast))
        self.action = Action.objects.create(name="Ask earlier", team=cast.falcon, made_at=timezone.now())
        Kpi.objects.create(slug="claims", name="Claims", stream=cast.payments)
        Kpi.objects.create(slug="paid", name="Paid", stream=cast.payments, initiative=self.initiative)
        self.quarter = Quarter.of(timezone.localdate()).next
        self.scenario = funding.copy_present(actor=None, name="Plan", quarter=self.quarter)
        self.event, self.open_event = self.budgeting(), self.budgeting()
        funding.open_event(actor=None, event=self.open_event)
        self.budgeting_item, self.open_item = self.event.items.get(), self.open_event.items.get()
        self.budgeting_group = self.event.groups.get()

    def budgeting(self) -> Event:
        """An event in which Max has the only seat."""
        made = funding.create_event(actor=None, name="Spring", budget=Decimal(900))
        funding.set_item(actor=None, event=made, initiative=self.initiative, cost=Decimal(500))
        funding.set_group(actor=None, event=made, name="South", people=[self.cast.member])
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cast, name)

    def fill(self, value: Any) -> Any:
        """`{viewer.pk}` in a row is the viewer's id."""
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, str) and "{" in value:
            return value.format(**{name: getattr(self, name) for name in _names(value)})
        return value


def _names(text: str) -> list[str]:
    return [part.split(".")[0] for part in text.replace("}", "{").split("{")[1::2]]
