"""Several at the same moment: one does it and the others are told; nobody waits for ever, beside a sync neither."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from core.models import AuditEntry
from impediments.actions import block_items, merge, move_impediment, reopen, resolve, set_level, take
from impediments.models import Block, Impediment, Period, Spell
from metrics.load.removal import delete_facts
from metrics.models import BlockedStay, Source
from tests.cast import Cast
from tests.impediments.clocks_cast import in_berlin, logged
from tests.impediments.work_cast import items
from tests.safety.test_at_once import _told, at_once, entries, waiting
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
BEGIN = "2025-05-05 09:00"


@pytest.fixture
def licence(cast: Cast) -> Impediment:
    in_berlin(cast)
    return logged(cast, BEGIN)


def fresh(one: Impediment) -> Impediment:
    return Impediment.objects.get(pk=one.pk)


def test_two_resolve_it(cast: Cast, licence: Impediment) -> None:
    def solve(how: str) -> Callable[[], object]:
        row = fresh(licence)
        return lambda: resolve(actor=cast.member, impediment=row, resolution=how, root_cause="policy")

    assert at_once(licence, solve("Bought"), solve("Rented")) == ["Conflict", "done"]
    assert (entries("resolved"), Period.objects.get().to_at is None) == (1, False)


def test_two_who_saw_the_same_version(cast: Cast, licence: Impediment) -> None:
    def move(state: str) -> Callable[[], object]:
        row = fresh(licence)
        return lambda: move_impediment(actor=cast.member, impediment=row, state=state, version=1)

    assert at_once(licence, move("active"), move("waiting")) == ["Conflict", "done"]
    assert fresh(licence).version == 2


def test_several_reopen_raise_and_take_it(cast: Cast, licence: Impediment) -> None:
    resolve(actor=cast.member, impediment=licence, resolution="Bought", root_cause="policy")
    row = fresh(licence)
    again = [lambda: reopen(actor=cast.member, impediment=row)] * 2
    assert at_once(licence, *again) == ["ValidationError", "done"]
    assert Period.objects.filter(to_at=None).count() == 1
    raised = [lambda: set_level(actor=cast.member, impediment=row, level=2, reason="Higher")] * 3
    assert at_once(licence, *raised) == ["done"] * 3
    assert (entries("raised"), Spell.objects.filter(to_at=None).count()) == (1, 1)
    taken = [lambda who=who: take(actor=who, impediment=row) for who in (cast.coach, cast.member)]
    assert at_once(licence, *taken) == ["done"] * 2


def test_merges_that_cross(cast: Cast, licence: Impediment) -> None:
    other = logged(cast, BEGIN)
    pairs = [(licence, other), (other, licence)]
    verbs = [lambda one=one, two=two: merge(actor=cast.member, impediment=one, into=two) for one, two in pairs]
    assert at_once(min(pairs[0], key=lambda row: row.pk), *verbs) == ["ValidationError", "done"]
    assert AuditEntry.objects.filter(verb="merged").count() == 1


def test_several_block_the_same_item(cast: Cast, licence: Impediment) -> None:
    (item,) = items(cast.falcon, "A")
    verbs = [lambda: block_items(actor=cast.member, impediment=fresh(licence), items=[item])] * 3
    assert at_once(licence, *verbs) == ["done"] * 3
    assert (Block.objects.count(), BlockedStay.objects.count()) == (1, 1)


def test_beside_a_sync_that_removes_the_items(cast: Cast, licence: Impediment) -> None:
    """The removal holds the source and comes to the blocks; the verb waits for the source before it touches them."""
    (item,) = items(cast.falcon, "A")
    one = logged(cast, BEGIN, items=[item])

    def solve() -> str:
        return _told(lambda: resolve(actor=None, impediment=fresh(one), resolution="So", root_cause="policy"))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            source = Source.objects.select_for_update().get()
            running = pool.submit(solve)
            until(lambda: waiting() == 1, seconds=120, what="the verb waiting for the source")
            delete_facts(source)
        assert running.result() == "done"
    block = Block.objects.get()
    assert (block.item, block.stay, block.to_at is None) == (None, None, False)
    assert fresh(one).state == "resolved"
