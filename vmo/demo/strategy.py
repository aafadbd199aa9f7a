"""Themes, initiatives on their way through the stages, approvals, limits and what was decided before today."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from accounts.models import User
from portfolio import actions
from portfolio.models import (
    Approval,
    ApprovalState,
    ApprovalThreshold,
    Decision,
    DecisionKind,
    DecisionState,
    Initiative,
    Review,
    Stage,
    StageEntry,
    StageLimit,
    Theme,
    ValueStream,
)
from vmo.demo.story import BETS, LIMITS, THEMES, THRESHOLD, Bet

PARTS = ("business_value", "time_criticality", "risk_reduction", "job_size")


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def load(today: date, people: dict[str, User]) -> None:
    """Make what is missing of the streams that are there."""
    for place, theme in enumerate(THEMES):
        Theme.objects.get_or_create(
            slug=theme.slug, defaults={"name": theme.name, "description": theme.description, "position": place}
        )
    streams = {stream.slug: stream for stream in ValueStream.objects.all()}
    for bet in BETS:
        if bet.stream in streams:
            _bet(bet, streams[bet.stream], today, people)
    ApprovalThreshold.objects.get_or_create(stream=None, defaults={"amount": Decimal(THRESHOLD * 1000)})
    for stage, most in LIMITS.items():
        StageLimit.objects.get_or_create(stream=None, stage=stage, defaults={"most": most})


def _bet(bet: Bet, stream: ValueStream, today: date, people: dict[str, User]) -> None:
    """The initiative with what the portfolio knows of it. Its past is written as an import would."""
    thing = Initiative.objects.filter(stream=stream, name=bet.name).first()
    if thing is None:
        thing = actions.create_initiative(actor=None, stream=stream, name=bet.name, value_type=bet.kind)
    if thing.hypothesis:
        return
    ended_on = today - timedelta(days=bet.days[5]) if bet.stage == Stage.DONE else None
    scores = dict(zip(PARTS, bet.scores, strict=True)) if bet.scores else {}
    fields = {
        "theme": Theme.objects.get(slug=bet.theme),
        "horizon": bet.horizon,
        "stage": bet.stage,
        "verdict": bet.verdict,
        "ended_on": ended_on,
        "hypothesis": bet.hypothesis,
        "outcome": bet.outcome,
        "estimated_cost": Decimal(bet.cost * 1000),
        "cost_of_delay": Decimal(bet.delay * 1000),
        "owner": people.get("leader"),
        **scores,
    }
    Initiative.objects.filter(pk=thing.pk).update(**fields)
    _past(bet, thing, today, people)


def _past(bet: Bet, thing: Initiative, today: date, people: dict[str, User]) -> None:
    StageEntry.objects.filter(initiative=thing).delete()
    StageEntry.objects.bulk_create(
        StageEntry(initiative=thing, stage=stage, at=noon(today - timedelta(days=ago)), by=people.get("pmo"))
        for stage, ago in zip(Stage.values, bet.days, strict=False)
    )
    if bet.reviewed is not None:
        Review.objects.create(
            initiative=thing,
            on=today - timedelta(days=bet.reviewed),
            by=people.get("leader"),
            note="Talked with the team",
        )
    if bet.approved:
        at = noon(today - timedelta(days=bet.days[4] + 3))
        Approval.objects.create(
            initiative=thing,
            amount=Decimal(bet.cost * 1000),
            reason="The business case is made",
            state=ApprovalState.APPROVED,
            asked_by=people.get("pmo"),
            asked_at=at - timedelta(days=4),
            decided_by=people.get("leader"),
            decided_at=at,
        )
    if bet.verdict:
        _decided(bet, thing, today, people)


def ask(people: dict[str, User]) -> None:
    """The approval that somebody waits for today."""
    waiting = Initiative.objects.filter(name="Instant transfers by default", approvals=None).first()
    if waiting and waiting.estimated_cost:
        reason = "The scheme's rule comes into force in spring"
        actions.ask_approval(actor=people.get("pmo"), initiative=waiting, amount=waiting.estimated_cost, reason=reason)


def _decided(bet: Bet, thing: Initiative, today: date, people: dict[str, User]) -> None:
    """How it ended, in the log of decisions."""
    at = noon(today - timedelta(days=bet.days[5]))
    words = {
        "stop": "Only one visit in ten ended in a call: the branch stays the quicker way.",
        "persevere": "Complaints about fees fell by two fifths; nothing is left to do.",
    }
    Decision.objects.create(
        kind=DecisionKind.PIVOT,
        question=f"{thing.name}: pivot, persevere or stop?",
        why="The result was in.",
        initiative=thing,
        stream=thing.stream,
        options=[{"key": key, "label": key.capitalize()} for key in ("persevere", "pivot", "stop")],
        owner=people.get("leader"),
        raised_at=at - timedelta(days=6),
        state=DecisionState.DECIDED,
        choice=bet.verdict,
        reason=words[bet.verdict],
        decided_by=people.get("leader"),
        decided_at=at,
    )
