"""The impediments of the demo organisation: tied to its items, climbed by the clocks; one is left for data to find."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry, Comment
from impediments.clocks import standing
from impediments.models import Block, Escalation, Impediment, Level, Period, Spell, State
from metrics.models import BlockedStay
from portfolio.models import Action
from tests.demo import AS_OF, UNTIL
from vmo import demo as strategy
from vmo.demo import impediments, people
from vmo.demo.hurdles import OPEN

pytestmark = pytest.mark.usefixtures("demo")
# Those of the part of the organisation that tests load: Falcon, Heron, Egret and Kite.
HERE = {"falcon", "heron", "egret", "kite"}


@pytest.fixture(autouse=True)
def loaded(demo: None) -> datetime:
    impediments.load(today=UNTIL, now=AS_OF, people=people.known())
    return AS_OF


def test_every_open_story_is_there_with_items_in_progress() -> None:
    rows = Impediment.objects.exclude(state=State.RESOLVED)
    assert set(rows.values_list("what", flat=True)) == {one.what for one in OPEN if one.team in HERE}
    blocked = Block.objects.filter(impediment__in=rows, to_at=None)
    assert set(blocked.values_list("impediment__team__slug", flat=True)) == HERE
    # Each is a stay in the facts too, in progress when it began.
    assert not blocked.filter(stay=None).exists()
    assert not blocked.exclude(item__flow__state__in=["active", "waiting"]).exists()


def test_the_levels_are_those_of_the_clocks() -> None:
    """118 business hours are more than 8 + 24 + 40 = 72: level 4. 58 are more than 32: 3. 14 more than 4 (access): 2.
    2.5 are fewer than 4: 1."""
    levels = dict(Impediment.objects.exclude(state=State.RESOLVED).values_list("team__slug", "level"))
    assert levels == {"falcon": Level.EXECUTIVE, "heron": Level.BOARD, "kite": Level.PMO, "egret": Level.TEAM}
    for escalation in Escalation.objects.select_related("spell"):
        assert escalation.spell.to_at == escalation.at == escalation.breached_at
    heron = Impediment.objects.get(team__slug="heron", state="active")
    assert standing([heron], heron.spells.get(to_at=None).from_at + timedelta(seconds=1))[heron.pk].level == 3
    # None is over its limit: the job has nothing to do.
    assert not Spell.objects.filter(to_at=None, breach_at__lte=_loaded_at()).exists()


def _loaded_at() -> datetime:
    """The end of the last day, as the demo is loaded: its evening."""
    return Period.objects.filter(to_at=None).latest("from_at").impediment.logged_at


def test_marks_were_followed_and_procurement_of_onboarding_was_not_logged() -> None:
    of_tools = Block.objects.exclude(stay__source=None).select_related("stay")
    assert of_tools.count() >= 20
    assert all((one.from_at, one.to_at) == (one.stay.from_at, one.stay.to_at) for one in of_tools if one.stay)
    waiting = BlockedStay.objects.filter(reason__icontains="procurement")
    assert waiting.exists()
    assert not Block.objects.filter(stay__in=waiting).exists()
    assert not Impediment.objects.filter(team__stream__slug="onboarding", category="procurement").exists()


def test_history_is_told_in_its_order() -> None:
    row = Impediment.objects.get(what="The tester is on leave and nobody stands in")
    assert row.periods.count() == 2
    trail = AuditEntry.objects.filter(target_type="impediments.impediment", target_id=str(row.pk)).order_by("at")
    said = [entry.verb for entry in trail if entry.verb != "escalated"]
    assert said == ["logged", "resolved", "reopened", "resolved"]
    assert Comment.objects.filter(target_type="impediments.impediment", mentions__email="pmo@demo.example").exists()
    assert Action.objects.filter(impediments__team__slug="falcon", state="done").exists()


def test_loading_again_adds_nothing_and_all_can_be_emptied() -> None:
    count = Impediment.objects.count()
    with CaptureQueriesContext(connection) as asked:
        impediments.load(today=UNTIL, now=AS_OF, people=people.known())
    assert (Impediment.objects.count(), len(asked) <= 3) == (count, True)
    strategy.empty()
    assert not Impediment.objects.exists()
