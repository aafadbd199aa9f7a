"""The tabs of an increment."""

import json
from decimal import Decimal
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core import presence
from planning.formulas.predictability import Predictability
from planning.links import event_topic
from planning.models import Increment, Train
from planning.queries import inbox
from planning.queries.capacities import plain
from planning.queries.timer import timer_of, timer_state
from planning.queries.trains import percent

register = template.Library()
# URL name (all take the increment's slug) and label, in the order of work.
TABS = (
    ("increment", "Increment"),
    ("board", "Board"),
    ("plan-dependencies", "Dependencies"),
    ("plan-capacity", "Capacity"),
    ("plan-objectives", "Objectives"),
    ("plan-risks", "Risks"),
    ("plan-repair", "Repair"),
    ("plan-event", "Event"),
    ("plan-changes", "Changes"),
    ("plan-files", "Files"),
    ("plan-retrospective", "Looking back"),
)


@register.inclusion_tag("components/section_tabs.html")
def increment_tabs(increment: Increment, here: str) -> dict[str, Any]:
    """The pages of one increment; `here` is the URL name of the one shown."""
    found = []
    for name, label in TABS:
        try:
            found.append((label, reverse(name, args=[increment.slug]), name == here))
        except NoReverseMatch:
            continue
    return {"tabs": found, "section": "increment"}


@register.simple_tag(takes_context=True)
def train_link(context: dict[str, Any], increment: Increment) -> str:
    """Where the train of an increment has its page; empty for those who see what their team planned with it, and whose
    team left it."""
    seen = Train.objects.for_user(context["user"]).filter(pk=increment.train_id)
    return reverse("train", args=[increment.train.slug]) if seen.exists() else ""


@register.inclusion_tag("planning/timer.html")
def plan_timer(increment: Increment, url: str = "") -> dict[str, Any]:
    """The increment's timer by the server's clock; hidden while there is none. `url` answers its state, without one
    the page of those who are logged in does. Needs css/event.css and js/event/timer.js.
    """
    timer = timer_of(increment)
    state = timer_state(timer, timezone.now())
    url = url or reverse("plan-timer", args=[increment.slug])
    told = {"state": state, "state_json": json.dumps(state), "ends_at": timer.ends_at}
    return told | {"topic": event_topic(increment), "url": url}


@register.inclusion_tag("planning/presence.html")
def plan_presence(increment: Increment) -> dict[str, Any]:
    """Who looks at the increment now, by name. Needs css/event.css and js/event/presence.js."""
    topic = event_topic(increment)
    return {"topic": topic, "people": presence.here(topic)}


@register.inclusion_tag("planning/predictability.html")
def predictability(found: Predictability) -> dict[str, Any]:
    """Actual ÷ planned business value with its band in words; n/a with the reason."""
    return {"found": found, "text": "" if found.share is None else percent(found.share)}


@register.filter
def in_percent(share: float) -> str:
    """0.625 as "63 %"."""
    return percent(share)


@register.filter
def size(value: Decimal) -> str:
    """A size or a capacity without idle decimals: 33, 32.4."""
    return plain(value)


@register.inclusion_tag("planning/dependencies/inbox_link.html", takes_context=True)
def inbox_link(context: template.Context) -> dict[str, Any]:
    """The way to what is asked of the reader's teams, with how much it is."""
    return {"waiting": inbox.count(context["request"].user)}
