"""What the access table names of objectives: of Falcon one with everything, one without a vote, one deleted."""

from typing import Any

from django.utils import timezone

from okrs import actions
from okrs.links import check_in_link
from okrs.models import CheckIn, Contribution, Cycle, KeyResult, Objective, Poll, Support
from portfolio.models import Initiative
from tests.cast import Cast


def okr_props(cast: Cast, initiative: Initiative) -> dict[str, Any]:
    """The rows by the names that the table calls them."""
    cycle = Cycle.objects.create(slug="long", name="Long", kind="own", starts_on="2026-01-01", ends_on="2028-06-30")
    Cycle.objects.create(slug="later", name="Later", kind="own", starts_on="2028-07-01", ends_on="2029-06-30")
    company = Objective.objects.create(cycle=cycle, level="company", name="Grow")
    goal, other, gone = (
        Objective.objects.create(cycle=cycle, level="team", team=cast.falcon, name=name)
        for name in ("One", "Two", "Gone")
    )
    key_result = KeyResult.objects.create(objective=goal, name="Days", baseline=1, target=5)
    check_in = CheckIn.objects.create(key_result=key_result, on="2025-03-03", value=2, confidence=5)
    return {
        "okr_check_in": check_in,
        "okr_link": check_in_link(cast.member, key_result).split("/")[-2],
        "okr_company": company,
        "okr_goal": goal,
        "okr_other": other,
        "okr_kr": key_result,
        "okr_line": Support.objects.create(objective=goal, above=company),
        "okr_work": Contribution.objects.create(key_result=key_result, initiative=initiative, lift=1),
        "okr_poll": Poll.objects.create(objective=goal, opened_at=timezone.now()),
        "okr_removed": actions.delete_objective(actor=None, objective=gone),
    }
