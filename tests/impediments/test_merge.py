"""Duplicates: what goes along, what stays, what is refused."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core.models import AuditEntry
from impediments.actions import merge, reopen, undo_merge
from impediments.models import Attachment, Impediment
from portfolio.actions import Conflict
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.impediments.work_cast import items, stays

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _berlin(cast: Cast) -> None:
    in_berlin(cast)


def test_what_goes_along(cast: Cast) -> None:
    both, own = items(cast.falcon, "A", "B")
    older = logged(cast, "2025-05-06 10:00", since="2025-05-05 09:00", what="Licence missing", items=[both, own])
    kept = logged(cast, "2025-05-06 09:00", what="No licence", items=[both])
    third = logged(cast, "2025-05-06 09:00", what="Licences")
    merge(actor=cast.member, impediment=third, into=older, at=at("2025-05-06 11:00"))
    Attachment.objects.create(
        impediment=older, name="a.txt", content_type="text/plain", size=1, data=b"a", added_at=at("2025-05-06")
    )
    found = merge(actor=cast.member, impediment=older, into=kept, version=2, at=at("2025-05-06 12:00"))
    older.refresh_from_db()
    assert found == kept
    assert (older.state, older.merged_into, older.root_cause) == ("resolved", kept, "unknown")
    assert older.resolution == f"Duplicate of VMO-{kept.pk}."
    assert [(row.key, row.from_at, row.to_at) for row in found.blocks.order_by("key", "from_at")] == [
        # That of the duplicate ended, for this one blocks the item too.
        ("A", at("2025-05-05 09:00"), at("2025-05-06 12:00")),
        ("A", at("2025-05-06 09:00"), None),
        ("B", at("2025-05-05 09:00"), None),
    ]
    assert not older.blocks.exists()
    assert stays(own) == [(at("2025-05-05 09:00"), None, "No licence")]
    # It counts from the earlier of both; the duplicate keeps its own time.
    assert (found.since_at, found.periods.get().from_at) == (at("2025-05-05 09:00"), at("2025-05-05 09:00"))
    assert older.periods.get().to_at == at("2025-05-06 12:00")
    # Its files stay its own: who sees both is shown them with both.
    assert (older.attachments.count(), found.attachments.count()) == (1, 0)
    # Duplicates of the duplicate are duplicates of this one.
    assert set(found.duplicates.all()) == {older, third}
    assert [entry.verb for entry in AuditEntry.objects.order_by("-pk")[:2]] == ["took over", "merged"]


def test_undoing_it(cast: Cast) -> None:
    both, own = items(cast.falcon, "A", "B")
    older = logged(cast, "2025-05-06 10:00", since="2025-05-05 09:00", what="Licence", items=[both, own])
    kept = logged(cast, "2025-05-06 09:00", what="No licence", items=[both])
    third = logged(cast, "2025-05-06 09:00", what="Licences")
    merge(actor=cast.member, impediment=third, into=older, at=at("2025-05-06 11:00"))
    merge(actor=cast.member, impediment=older, into=kept, at=at("2025-05-06 12:00"))
    older.refresh_from_db()
    # Its duplicate went further: what it had been merged into is not what it is a duplicate of.
    third.refresh_from_db()
    with pytest.raises(ValidationError):
        undo_merge(actor=cast.member, impediment=third)
    with pytest.raises(Conflict):
        undo_merge(actor=cast.member, impediment=older, version=1)
    back = undo_merge(actor=cast.member, impediment=older, version=older.version)
    kept.refresh_from_db()
    assert (back.state, back.merged_into, back.resolution) == ("new", None, "")
    assert [times.get().to_at for times in (back.periods, back.spells)] == [None, None]
    assert [(row.key, row.to_at) for row in back.blocks.order_by("key")] == [("A", None), ("B", None)]
    assert [(row.key, row.to_at) for row in kept.blocks.all()] == [("A", None)]
    assert [row[1:] for row in stays(both)] == [(None, "Licence"), (None, "No licence")]
    assert stays(own) == [(at("2025-05-05 09:00"), None, "Licence")]
    assert (kept.since_at, kept.periods.get().from_at) == (at("2025-05-06 09:00"), at("2025-05-06 09:00"))
    assert list(back.duplicates.all()) == [third]
    # Now it is its duplicate again, and can be taken apart.
    third.refresh_from_db()
    assert undo_merge(actor=cast.member, impediment=third).is_open
    with pytest.raises(ValidationError):
        undo_merge(actor=cast.member, impediment=back)


def test_what_is_refused(cast: Cast) -> None:
    one, other = logged(cast, "2025-05-06 10:00"), logged(cast, "2025-05-06 10:00")
    foreign = Impediment.objects.get(pk=logged(cast, "2025-05-06 10:00").pk)
    Impediment.objects.filter(pk=foreign.pk).update(team=cast.kite)
    with pytest.raises(ValidationError):
        merge(actor=cast.member, impediment=one, into=one)
    with pytest.raises(PermissionDenied):
        merge(actor=cast.member, impediment=one, into=foreign)
    merge(actor=cast.member, impediment=one, into=other)
    # Neither again, nor into what is resolved.
    for first, second in ((one, other), (other, one)):
        with pytest.raises(ValidationError):
            merge(actor=cast.member, impediment=first, into=second)
    # Reopened, it stands for itself again.
    assert reopen(actor=cast.member, impediment=one).merged_into is None
