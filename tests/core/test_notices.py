"""The notices of a person: listed, counted in the navigation, read by following or by hand; nobody else's."""

from django.test import Client

from core import outbox
from core.models import Notice
from tests.cast import Cast


def test_they_are_listed_and_counted_until_they_are_read(cast: Cast, client: Client) -> None:
    outbox.notify(user_id=cast.leader.pk, key="a", text="A decision waits for you", url="/organisation/")
    outbox.notify(user_id=cast.leader.pk, key="b", text="Costs are ready")
    outbox.notify(user_id=cast.pmo.pk, key="a", text="Not for Leo")
    client.force_login(cast.leader)
    html = client.get("/notices/").content.decode()
    assert "2 notices to read" in html
    assert '<span class="count">2<span class="visually-hidden"> unread</span></span>' in html
    assert "A decision waits for you" in html
    assert "Not for Leo" not in html
    first = Notice.objects.get(user=cast.leader, key="a")
    assert client.get(f"/notices/{first.pk}/").headers["Location"] == "/organisation/"
    assert "1 notice to read" in client.get("/notices/").content.decode()
    client.post("/notices/read/")
    html = client.get("/notices/").content.decode()
    assert "Nothing to read" in html
    assert "unread" not in html
    assert Notice.objects.get(user=cast.pmo).read_at is None


def test_one_is_marked_by_hand(cast: Cast, client: Client) -> None:
    for key in ("a", "b"):
        outbox.notify(user_id=cast.leader.pk, key=key, text=key)
    client.force_login(cast.leader)
    client.post("/notices/read/", {"notice": Notice.objects.get(key="a").pk})
    assert list(Notice.objects.filter(read_at=None).values_list("key", flat=True)) == ["b"]
    assert client.post("/notices/read/", {"notice": "x"}).status_code == 400


def test_nobody_elses_and_nowhere_else(cast: Cast, client: Client) -> None:
    outbox.notify(user_id=cast.pmo.pk, key="a", text="Not for Leo", url="/organisation/")
    outbox.notify(user_id=cast.leader.pk, key="b", text="Elsewhere", url="https://example.org/")
    client.force_login(cast.leader)
    other = Notice.objects.get(user=cast.pmo)
    assert client.get(f"/notices/{other.pk}/").status_code == 404
    client.post("/notices/read/", {"notice": other.pk})
    other.refresh_from_db()
    assert other.read_at is None
    own = Notice.objects.get(user=cast.leader)
    assert client.get(f"/notices/{own.pk}/").headers["Location"] == "/notices/"
