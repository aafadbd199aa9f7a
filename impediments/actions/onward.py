"""What an impediment leads to: an improvement action so that it does not come back, a question for leaders."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.templatetags.ui import money
from impediments import clocks
from impediments.actions.held import publish
from impediments.costs.capacity import capacity
from impediments.evidence import partly
from impediments.models import Impediment
from impediments.queries import words
from impediments.queries.rows import blocked
from impediments.rules import require_work
from portfolio.actions import create_action, raise_decision
from portfolio.evidence import Fact
from portfolio.models import Action, Decision, DecisionKind, ValueStream
from portfolio.rules import Person, require


def improve(*, actor: Person, impediment: Impediment, **fields: Any) -> Action:
    """Agree on an improvement action because of it. `fields` are those of portfolio.actions.create_action.

    Without a place it is the team's. Raises PermissionDenied where `actor` may not agree on one there.
    """
    require_work(actor, impediment)
    if "team" not in fields and "stream" not in fields:
        fields["team"] = impediment.team
    with transaction.atomic():
        made = create_action(actor=actor, **fields)
        impediment.actions.add(made)
        audit.record(actor=actor, verb="agreed on an action for", target=impediment, data={"action": made.name})
        publish(impediment, "changed")
    return made


def ask_leaders(*, actor: Person, impediment: Impediment, **fields: Any) -> Decision:
    """Raise a decision because of it. `fields` are those of portfolio.actions.raise_decision.

    Without a subject it is of the team's value stream. What is known of the impediment is kept with the question, of
    its cost what the value stream of the decision paid: who reads the one sees that money, and no other.
    """
    require_work(actor, impediment)
    require(actor, "manage_portfolio", impediment.team.stream)
    at = fields.pop("at", None) or timezone.now()
    given: dict[str, Any] = {"kind": DecisionKind.OTHER, "why": impediment.asked or impediment.description} | fields
    if not given.get("initiative") and not given.get("stream"):
        given["stream"] = impediment.team.stream
    place = given["initiative"].stream if given.get("initiative") else given["stream"]
    with transaction.atomic():
        made = raise_decision(actor=actor, facts=facts_of(impediment, place, at), at=at, **given)
        impediment.decisions.add(made)
        audit.record(actor=actor, verb="raised a decision on", target=impediment, data={"question": made.question})
        publish(impediment, "changed")
    return made


def facts_of(impediment: Impediment, stream: ValueStream, at: datetime) -> list[Fact]:
    """What a question about an impediment rests on, as it stands: how long, who acts, what it blocks and took.

    Money is that of `stream` alone; nothing is said where it took none from there.
    """
    address = reverse("impediment", args=[impediment.pk])
    age = clocks.ages([impediment], at)[impediment.pk]
    items = blocked([impediment.pk], at).get(impediment.pk, 0)
    cost = capacity([impediment.pk], as_of=at)[impediment.pk]
    facts = [
        Fact("impediment", "Impediment", impediment.what, impediment.pk, address=address),
        Fact("impediment.level", "Its level", words.level_text(impediment.level), impediment.level, address=address),
        Fact("impediment.age", "In the way for", words.age_text(age), round(age.days, 2), "days", address=address),
        Fact("impediment.items", "Items it blocks", str(items), items, "items", address=address),
        Fact("impediment.days", "Item-days it took", f"{cost.days:.1f}", round(cost.days, 4), "days", address=address),
    ]
    paid = cost.seen(frozenset({stream.pk}))
    if paid.amount is not None:
        name = f"Capacity cost of {stream}" if paid.is_hidden else "Capacity cost"
        text, unit = partly(money(paid.amount), paid.reason), settings.CURRENCY
        facts.append(Fact("impediment.cost", name, text, float(paid.amount), unit, True, address))
    return facts
