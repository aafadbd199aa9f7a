"""What is asked of somebody's teams, over all open increments: the inbox and its count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from planning.models import Agreement, Dependency, Increment, IncrementState, Lane
from planning.queries.dependencies import Line, of_increments
from planning.queries.late import NONE, pair, tallies
from portfolio.models import Membership
from portfolio.rules import ROLES, Access, access

# In the order in which they are worked off: key, heading, what it asks for.
KINDS = (
    ("answer", "Asked of your teams", "Agree with a card, offer another iteration, or decline."),
    ("offer", "Offered to your teams", "Another iteration than the one you asked for: accept it, or ask again."),
    ("card", "Agreed, and no card yet", "Choose or make the card that provides it, so that it can be planned."),
    ("late", "Due, and not delivered", "Its iteration is over: say that it was delivered, or offer another iteration."),
    ("declined", "Declined", "Your card still needs it: ask again, or withdraw it."),
)


@dataclass(frozen=True, slots=True)
class Pile:
    """The dependencies that ask for the same thing."""

    key: str
    title: str
    hint: str
    lines: Sequence[Line]


def mine(user: User) -> QuerySet[Lane]:
    """The rows of the user's teams in open increments: where they are a member or hold a role that plans; who plans
    everywhere has all, the external ones too."""
    held = access(user)
    lanes = Lane.objects.filter(
        increment__in=Increment.objects.for_user(user).exclude(state=IncrementState.CLOSED).order_by().values("pk")
    )
    if held.is_administrator or ROLES["plan"] & held.everywhere:
        return lanes
    members = Membership.objects.filter(user=user, during__contains=timezone.localdate()).values("team")
    return lanes.filter(Q(team__in=members) | _by_role(held), kind="team")


def _by_role(held: Access) -> Q:
    streams = [pk for pk, roles in held.streams.items() if roles & ROLES["plan"]]
    teams = [pk for pk, roles in held.teams.items() if roles & ROLES["plan"]]
    return Q(team__stream__in=streams) | Q(team__in=teams)


def _asks(lanes: QuerySet[Lane], on: date) -> dict[str, Q]:
    """By kind, what belongs to it."""
    ids = lanes.order_by().values("pk")
    gives, needs = Q(lane__in=ids), Q(consumer__lane__in=ids)
    has_card = Q(provider__isnull=False, provider__removed_at=None)
    over = Q(needed_in__last_on__lt=on) | Q(needed_in=None, consumer__iteration__last_on__lt=on)
    agreed = Q(agreement=Agreement.AGREED)
    return {
        "answer": gives & Q(agreement=Agreement.REQUESTED),
        "offer": needs & Q(agreement=Agreement.COUNTERED),
        "card": gives & agreed & ~has_card,
        "late": gives & agreed & has_card & over & Q(increment__state=IncrementState.COMMITTED),
        "declined": needs & Q(agreement=Agreement.DECLINED),
    }


def _open(user: User) -> QuerySet[Dependency]:
    increments = Increment.objects.for_user(user).exclude(state=IncrementState.CLOSED).order_by()
    return of_increments(increments.values("pk"))


def inbox(user: User) -> list[Pile]:
    """What waits for the user's teams, by what it asks for; empty piles are left out."""
    on = timezone.localdate()
    lanes, history = mine(user), tallies(on)
    rows = _open(user)
    found = []
    for key, title, hint in KINDS:
        due = F("needed_in__last_on").asc(nulls_last=True)
        asked = rows.filter(_asks(lanes, on)[key]).order_by(due, "pk")
        lines = [Line(row, history.get(pair(row), NONE), key not in _NEEDS, key in _NEEDS) for row in asked]
        if lines:
            found.append(Pile(key, title, hint, lines))
    return found


def within(piles: Sequence[Pile], slug: str) -> list[Pile]:
    """What of them is of one increment."""
    kept = [replace(pile, lines=[one for one in pile.lines if one.row.increment.slug == slug]) for pile in piles]
    return [pile for pile in kept if pile.lines]


_NEEDS = {"offer", "declined"}


def count(user: User) -> int:
    """How many dependencies wait for the user's teams; one query."""
    every = Q()
    for one in _asks(mine(user), timezone.localdate()).values():
        every |= one
    return _open(user).select_related(None).filter(every).count()


def finding(piles: Sequence[Pile]) -> str:
    """What the inbox says, in a sentence."""
    waiting = {pile.key: len(pile.lines) for pile in piles}
    total = sum(waiting.values())
    if not total:
        return "Nothing is asked of your teams"
    things = "1 dependency waits" if total == 1 else f"{total} dependencies wait"
    answers = waiting.get("answer", 0)
    return (
        f"{things} for your teams, {answers} for an answer"
        if answers and answers != total
        else f"{things} for your teams"
    )
