"""What the rows of tests/access/planning name: a plan in planning with a card per place."""

from typing import Any

from planning.actions.checks import add_check
from tests.cast import Cast
from tests.planning.cast import make_planned


def planning_props(cast: Cast) -> dict[str, Any]:
    """Each with its name: `{plan_card.pk}`; the increment is `pi-26-1`, its train `payments-train`."""
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81", size=8)
    other = plan.card("Ledger split", plan.heron, 1, key="PAY-70", size=5)
    return {
        "plan": plan,
        "increment": plan.increment,
        "plan_iteration": plan.iterations[1],
        "plan_lane": plan.falcon,
        "plan_card": card,
        "plan_line": card.increment.events.get(text="added Refund API"),
        "plan_other": other,
        "plan_dependency": plan.need(other, card),
        "plan_seat": plan.train.seats.get(team=cast.kite),
        "plan_check": add_check(actor=None, increment=plan.increment, kind="ready", text="Tea"),
    }
