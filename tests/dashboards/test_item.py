"""An item's own page: its stays sum to its life, its milestones are those of every figure."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from metrics.history import history
from metrics.models import ItemFlow, Transition, WorkItem
from tests.demo import AS_OF


def finished() -> ItemFlow:
    rows = ItemFlow.objects.filter(team__slug="heron").exclude(finished_at=None).select_related("item")
    return rows.latest("finished_at")


def test_the_stays_follow_each_other_and_sum_to_the_life(leader: Client) -> None:
    item = finished().item
    found = history(item, AS_OF)
    assert found is not None
    for stay, following in zip(found.stays, found.stays[1:], strict=False):
        assert stay.until == following.at
    assert found.stays[0].at == found.created
    assert abs(sum(stay.seconds for stay in found.stays) - (AS_OF - found.created).total_seconds()) < 0.001
    assert abs(sum(piece.width for piece in found.drawn) - 100) < 0.1
    moves = Transition.objects.filter(item=item, at__lte=AS_OF).count()
    assert moves <= len(found.stays) <= moves + 1


def test_its_milestones_are_those_of_the_lists(leader: Client) -> None:
    row = finished()
    found = history(row.item, timezone.now())
    assert found is not None
    assert (found.started, found.finished) == (row.started_at, row.finished_at)
    assert (found.cycle_days, found.lead_days) == (row.cycle_days, row.lead_days)


def test_an_item_that_is_not_there_yet_has_no_history(leader: Client) -> None:
    row = finished()
    assert history(row.item, row.created_at - timedelta(days=1)) is None


def test_the_page_shows_a_line_per_stay(leader: Client) -> None:
    item = finished().item
    html = leader.get(f"/items/{item.pk}/").content.decode()
    found = history(item, timezone.now())
    assert found is not None
    assert len(re.findall(r'<rect class="stay-(?!blocked)', html)) == len(found.stays)
    assert html.count('<th scope="row">') == len(found.stays)
    assert item.title.replace("'", "&#x27;") in html


def test_a_deleted_item_says_that_it_is_in_no_figure(leader: Client) -> None:
    item = finished().item
    WorkItem.objects.filter(pk=item.pk).update(deleted_at=timezone.now())
    html = leader.get(f"/items/{item.pk}/").content.decode()
    assert "it is in no figure" in html
