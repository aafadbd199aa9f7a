"""Decisions that the portal proposes by rule, one open per cause; what was dismissed comes back only with news.

An app that knows more registers a rule, when the portal starts (AppConfig.ready). Rules of this app: pivot or persevere
when two of three signs hold (portfolio/evidence.py); a review by the business owner that is overdue; the review that a
decision was given a date for. docs/users/decisions.md says them to people.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils import timezone

from portfolio import actions, evidence
from portfolio.models import (
    CostKind,
    Decision,
    DecisionKind,
    DecisionState,
    Initiative,
    Review,
    Stage,
    StageEntry,
    ValueStream,
)

# Of the three signs of pivot-or-persevere so many must hold.
SIGNS_NEEDED = 2
# A business owner looks at an initiative at least this often.
REVIEW_DAYS = 90
# Looked at by its owner: what somebody works on or is about to.
REVIEWED = (Stage.REVIEWING, Stage.ANALYSING, Stage.BACKLOG, Stage.IMPLEMENTING)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that a rule asks for. `cause` names what it is about, `fingerprint` changes when there is news."""

    kind: str
    question: str
    why: str
    cause: str
    fingerprint: str
    initiative: Initiative | None = None
    stream: ValueStream | None = None
    options: Sequence[dict[str, str]] | None = None
    cost_kind: str = ""
    cost_per_week: Decimal | None = None
    due_on: date | None = None


# What a rule proposes as at an instant.
Rule = Callable[[datetime], Iterable[Proposal]]
# What initiatives cost a week, by their ids: the capacity that they use while nobody decides.
Capacity = Callable[[Collection[int], datetime], Mapping[int, Decimal]]
_rules: list[Rule] = []
_capacity: list[Capacity] = []


def register(rule: Rule) -> None:
    """Called once by an app when the portal starts."""
    if rule not in _rules:
        _rules.append(rule)


def register_capacity(of: Capacity) -> None:
    """Called once by the app that knows what was spent."""
    _capacity[:] = [of]


def propose(at: datetime) -> list[Decision]:
    """Raise what the rules propose as at an instant and was not proposed before; returns what is new.

    What was answered elsewhere meanwhile is closed: an initiative that is done, a review that was made.
    """
    found = [one for rule in (pivots, owner_reviews, decided_reviews, *_rules) for one in rule(at)]
    _close_answered({one.cause for one in found})
    news = _news(found, timezone.localdate(at))
    return [made for one in news if (made := _raise(one, at)) is not None]


def _close_answered(causes: Collection[str]) -> None:
    rows = Decision.objects.filter(state=DecisionState.OPEN).exclude(cause="")
    done = Q(initiative__stage=Stage.DONE)
    for row in rows.filter(done | Q(cause__startswith="review:") & ~Q(cause__in=causes)).select_related("initiative"):
        reason = (
            "The initiative is done." if row.initiative and row.initiative.stage == Stage.DONE else "It was reviewed."
        )
        try:
            actions.dismiss_decision(actor=None, decision=row, reason=reason)
        except actions.Conflict:
            continue


def _raise(one: Proposal, at: datetime) -> Decision | None:
    """The new decision; None when somebody else proposed it at the same time."""
    try:
        return actions.raise_decision(
            actor=None,
            kind=one.kind,
            question=one.question,
            why=one.why,
            initiative=one.initiative,
            stream=one.stream,
            options=one.options,
            cost_kind=one.cost_kind,
            cost_per_week=one.cost_per_week,
            due_on=one.due_on,
            cause=one.cause,
            fingerprint=one.fingerprint,
            at=at,
        )
    except ValidationError:
        return None


def _news(found: Sequence[Proposal], today: date) -> list[Proposal]:
    """Those whose cause is not open, waits for no review date, and was not closed with the same fingerprint."""
    seen: dict[str, list[tuple[str, str, date | None]]] = {}
    known = Decision.objects.filter(cause__in={one.cause for one in found}).order_by()
    for cause, state, fingerprint, review_on in known.values_list("cause", "state", "fingerprint", "review_on"):
        seen.setdefault(cause, []).append((state, fingerprint, review_on))
    return [one for one in found if not any(_settles(before, one, today) for before in seen.get(one.cause, ()))]


def _settles(before: tuple[str, str, date | None], now: Proposal, today: date) -> bool:
    state, fingerprint, review_on = before
    if state == DecisionState.OPEN or fingerprint == now.fingerprint:
        return True
    return state == DecisionState.DECIDED and review_on is not None and review_on > today


def waiting_cost(initiatives: Collection[Initiative], at: datetime) -> dict[int, tuple[str, Decimal]]:
    """Per initiative the one kind of cost of a week's waiting: its cost of delay, else the capacity it uses.

    Where neither is known, it is left out.
    """
    found = {one.pk: (CostKind.DELAY.value, one.cost_of_delay) for one in initiatives if one.cost_of_delay is not None}
    others = [one.pk for one in initiatives if one.pk not in found]
    spent = _capacity[0](others, at) if _capacity and others else {}
    return found | {pk: (CostKind.CAPACITY.value, amount) for pk, amount in spent.items() if amount > 0}


def pivots(at: datetime) -> list[Proposal]:
    """Pivot or persevere: of three signs two hold for an initiative that is not done."""
    alive = {one.pk: one for one in Initiative.objects.filter(ended_on=None).select_related("stream", "owner")}
    signs = evidence.signs(list(alive), at)
    meant = {pk: [one for one in signs[pk].values() if one.holds] for pk in alive}
    meant = {pk: own for pk, own in meant.items() if len(own) >= SIGNS_NEEDED}
    costs = waiting_cost([alive[pk] for pk in meant], at)
    return [_pivot(alive[pk], signs[pk], *costs.get(pk, ("", None))) for pk in meant]


def _pivot(
    initiative: Initiative, signs: Mapping[evidence.SignName, evidence.Sign], kind: str, amount: Decimal | None
) -> Proposal:
    holding = {name: sign for name, sign in sorted(signs.items()) if sign.holds}
    said = [sign.text for sign in holding.values() if not sign.is_money]
    rich = len(holding) - len(said)
    why = "; ".join([*said, *(["a sign about its money holds too"] if rich else [])])
    return Proposal(
        kind=DecisionKind.PIVOT,
        question=f"{initiative.name}: pivot or persevere?"[:300],
        why=f"{why[:1].upper()}{why[1:]}.",
        cause=f"pivot:{initiative.pk}",
        fingerprint="|".join(f"{name}={sign.fingerprint}" for name, sign in holding.items())[:200],
        initiative=initiative,
        cost_kind=kind,
        cost_per_week=amount,
    )


def owner_reviews(at: datetime) -> list[Proposal]:
    """The business owner has not reviewed an initiative for 90 days; before the first review, since it was taken up."""
    today = timezone.localdate(at)
    rows = Initiative.objects.filter(ended_on=None, stage__in=REVIEWED).select_related("stream", "owner")
    alive = {one.pk: one for one in rows}
    reviews = Review.objects.filter(initiative__in=alive, on__lte=today).order_by()
    last: dict[int, date] = dict(reviews.values_list("initiative").annotate(Max("on")))
    taken = StageEntry.objects.filter(initiative__in=alive, stage__in=REVIEWED, at__lte=at).order_by("-at")
    begun = {pk: timezone.localdate(when) for pk, when in taken.values_list("initiative", "at")}
    found = []
    for pk, one in alive.items():
        since = last.get(pk) or begun.get(pk)
        if since is not None and (today - since).days > REVIEW_DAYS:
            found.append(_review(one, since, is_first=pk not in last, today=today))
    return found


def _review(initiative: Initiative, since: date, *, is_first: bool, today: date) -> Proposal:
    days = (today - since).days
    said = f"in work since {since:%-d %b %Y}" if is_first else f"last reviewed on {since:%-d %b %Y}"
    never = "No review by its business owner yet" if is_first else "No review by its business owner"
    return Proposal(
        kind=DecisionKind.REVIEW,
        question=f"{initiative.name}: is it still right?"[:300],
        why=f"{never} for {days} days ({said}); every {REVIEW_DAYS} days is agreed.",
        cause=f"review:{initiative.pk}",
        fingerprint=since.isoformat(),
        initiative=initiative,
    )


def decided_reviews(at: datetime) -> list[Proposal]:
    """The day has come on which a decision was to be looked at again."""
    today = timezone.localdate(at)
    rows = Decision.objects.filter(state=DecisionState.DECIDED, review_on__lte=today)
    alive = rows.exclude(initiative__stage=Stage.DONE)
    return [_again(row) for row in alive.select_related("initiative__owner", "initiative__stream", "stream")]


def _again(row: Decision) -> Proposal:
    labels = {option["key"]: option["label"] for option in row.options}
    decided = f"{row.decided_at:%-d %b %Y}" if row.decided_at else ""
    who = f" by {row.decided_by}" if row.decided_by else ""
    return Proposal(
        kind=row.kind,
        question=f"Review: {row.question}"[:300],
        why=f"“{labels.get(row.choice, row.choice)}” was decided on {decided}{who}, to be looked at again on "
        f"{row.review_on:%-d %b %Y}. The reason then: {row.reason}",
        cause=f"decision:{row.pk}",
        fingerprint="review",
        initiative=row.initiative,
        stream=None if row.initiative else row.stream,
        options=row.options,
        cost_kind="",
    )
