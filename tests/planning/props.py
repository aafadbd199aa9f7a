"""What the rows of tests/access/planning name: a plan in planning with a card per place."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from planning.actions.checks import add_check
from planning.actions.links import make_link
from planning.actions.polls import open_poll
from planning.links import wall_secret
from planning.models import Absence, Objective, Risk, Seat
from tests.cast import Cast
from tests.planning.cast import make_planned


def planning_props(cast: Cast) -> dict[str, Any]:
    """Each with its name: `{plan_card.pk}`; the increment is `pi-26-1`, its train `payments-train`."""
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81", size=8)
    other = plan.card("Ledger split", plan.heron, 1, key="PAY-70", size=5)
    person = Seat.objects.create(lane=plan.falcon, name="Ben Roth")
    until = timezone.now() + timedelta(days=3)
    wall = make_link(actor=None, increment=plan.increment, name="Hall", expires_at=until)
    return {
        "plan": plan,
        "increment": plan.increment,
        "plan_iteration": plan.iterations[1],
        "plan_lane": plan.falcon,
        "plan_card": card,
        "plan_other_lane": plan.heron,
        "plan_poll": open_poll(actor=None, increment=plan.increment, lane=plan.falcon),
        "plan_wall": wall,
        "plan_wall_secret": wall_secret(wall),
        "plan_line": card.increment.events.get(text="added Refund API"),
        "plan_other": other,
        "plan_dependency": plan.need(other, card),
        "plan_seat": plan.train.seats.get(team=cast.kite),
        "plan_person": person,
        "plan_absence": Absence.objects.create(seat=person, first_on="2026-01-05", last_on="2026-01-06"),
        "plan_objective": Objective.objects.create(increment=plan.increment, lane=plan.falcon, title="Fast refunds"),
        "plan_risk": Risk.objects.create(increment=plan.increment, lane=plan.falcon, text="The bank may be late"),
        "plan_check": add_check(actor=None, increment=plan.increment, kind="ready", text="Tea"),
    }
