"""Forecasts of the demo organisation: every promise holds on a whole organisation, whoever asks."""

from datetime import date, timedelta

from metrics import forecasts
from metrics.forecasts import Question, WhatIf
from metrics.formulas.forecast.engine import run
from portfolio.models import Initiative
from portfolio.queries import find_scope
from tests.demo import AS_OF


def late(on: date | None) -> date:
    return on or date.max


def test_the_portfolios_plan_keeps_its_promises(demo: None) -> None:
    """Every line has dates, is done or says why not; no initiative is earlier or likelier than a part of it."""
    question = Question(by=AS_OF.date() + timedelta(days=60), what_if=WhatIf(wip_limit=3, unblock=True))
    outlook = forecasts.ask_plan(find_scope("portfolio", None), question, AS_OF)
    assert outlook.variant is not None
    for answer in (outlook.base, outlook.variant):
        assert len(answer.deliveries) > 20
        for one in answer.deliveries:
            assert one.reason or one.is_done or set(one.when) == {50, 70, 85, 95}
        for whole in (one for one in answer.deliveries if one.parts and one.when):
            parts = [part for id in whole.parts if (part := answer.find(id)) is not None and not part.is_done]
            assert len(parts) > 0
            for rank, when in whole.when.items():
                assert late(when) >= max(late(part.when[rank]) for part in parts)
        assert run(answer.inputs) == answer.result


def test_every_initiative_has_a_burn_up_that_ends_at_all_of_it(demo: None) -> None:
    for initiative in Initiative.objects.all():
        answer = forecasts.ask_initiative(initiative, Question(), AS_OF).base
        whole = answer.deliveries[0]
        if whole.when:
            assert whole.burn_up is not None
            assert whole.burn_up.fan is not None
            done = whole.burn_up.done[-1] if whole.burn_up.done else 0
            assert whole.burn_up.total == done + whole.items
            for numbers in whole.burn_up.fan.at_least.values():
                assert done <= numbers[0] <= numbers[-1] <= whole.burn_up.total
