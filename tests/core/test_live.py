"""The live log: numbered per topic in the order of commits, heard only by those who may, also by polling."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import live
from core.models import LiveEvent
from core.tasks import prune_live_log


@pytest.fixture(autouse=True)
def open_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics `test:NAME` are open to the user of that name."""
    monkeypatch.setitem(live._RULES, "test", lambda user, rest: user.name == rest)


@pytest.fixture
def ada(transactional_db: None) -> User:
    return User.objects.create_user("ada@example.org", "a-long-password", name="ada")


def test_who_may_listen(ada: User) -> None:
    assert live.may_listen(ada, "test:ada")
    assert not live.may_listen(ada, "test:bob")
    assert not live.may_listen(ada, "nobody-owns-this:ada")
    assert not live.may_listen(ada, "")
    assert not live.may_listen(AnonymousUser(), "test:ada")
    ada.is_active = False
    assert not live.may_listen(ada, "test:ada")


@pytest.mark.django_db
def test_since_gives_each_topic_what_it_missed() -> None:
    for topic, kind in [("a:1", "one"), ("b:1", "two"), ("a:1", "three"), ("c:1", "four")]:
        live.publish(topic, kind, {"k": kind})
    numbers = {row.kind: row.pk for row in LiveEvent.objects.all()}
    got = live.since(["a:1", "b:1"], [numbers["one"], 0])
    assert [(event.topic, event.kind, event.data) for event in got] == [
        ("b:1", "two", {"k": "two"}),
        ("a:1", "three", {"k": "three"}),
    ]
    place = live.position(["a:1", "b:1", "d:1"])
    assert place == f"{numbers['three']}-{numbers['two']}-0"
    assert live.numbers_in(place, 3) == [numbers["three"], numbers["two"], 0]


@pytest.mark.parametrize("cursor", ["", "1", "1-2-3", "a-b", "-1-2", "1-" + "9" * 30])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    assert live.numbers_in(cursor, 2) is None


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_said() -> None:
    with transaction.atomic():
        live.publish("a:1", "lost", {})
        transaction.set_rollback(True)
    assert not LiveEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_numbers_of_a_topic_follow_the_commits() -> None:
    """A second publisher waits for the first to commit, so nobody can see 2 before 1 exists."""
    second_done = threading.Event()

    def second() -> None:
        live.publish("a:1", "second", {})
        second_done.set()
        connection.close()

    with transaction.atomic():
        live.publish("a:1", "first", {})
        other = threading.Thread(target=second)
        other.start()
        live.publish("b:1", "elsewhere", {})
        assert not second_done.wait(0.3)
    other.join()
    assert second_done.is_set()
    assert list(LiveEvent.objects.filter(topic="a:1").order_by("id").values_list("kind", flat=True)) == [
        "first",
        "second",
    ]


def test_polling(client: Client, ada: User) -> None:
    live.publish("test:ada", "before", {})
    client.force_login(ada)
    start = client.get("/live/poll/", {"topic": "test:ada"}).json()
    assert start["events"] == []
    live.publish("test:ada", "moved", {"n": 1})
    live.publish("test:bob", "moved", {"n": 2})
    then = client.get("/live/poll/", {"topic": "test:ada", "after": start["after"]}).json()
    assert [(event["kind"], event["data"]) for event in then["events"]] == [("moved", {"n": 1})]
    assert client.get("/live/poll/", {"topic": "test:ada", "after": then["after"]}).json()["events"] == []


def test_polling_is_refused(client: Client, ada: User) -> None:
    assert client.get("/live/poll/", {"topic": "test:ada"}).status_code == 302
    client.force_login(ada)
    assert client.get("/live/poll/").status_code == 404
    assert client.get("/live/poll/", {"topic": "test:bob"}).status_code == 404
    assert client.get("/live/poll/", {"topic": ["test:ada", "test:bob"]}).status_code == 404


@pytest.mark.django_db
def test_the_log_is_pruned() -> None:
    for age in (1, 23, 25, 100):
        row = LiveEvent.objects.create(topic="a:1", kind=str(age))
        LiveEvent.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(hours=age))
    prune_live_log()
    assert set(LiveEvent.objects.values_list("kind", flat=True)) == {"1", "23"}
