"""Links without a login: a vote is given once and nothing leaks before its end; a wall shows and never writes."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core import live
from core.models import AuditEntry, LiveEvent
from planning import links
from planning.actions.links import make_link, revoke_link
from planning.actions.polls import close_poll, open_poll
from planning.models import Ballot, Event, JoinLink, Poll
from planning.replay import stored
from planning.views import public
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def poll(cast: Cast, plan: Planned) -> Poll:
    return open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)


@pytest.fixture
def wall(cast: Cast, plan: Planned) -> JoinLink:
    until = timezone.now() + timedelta(days=3)
    return make_link(actor=cast.pmo, increment=plan.increment, name="Hall", expires_at=until)


def phone() -> Client:
    """A browser of nobody, that sends what pages ask it to send."""
    return Client(enforce_csrf_checks=True)


def press(client: Client, poll: Poll, **fields: object) -> int:
    """Open the vote and press its button; the answer's status."""
    page = client.get(f"/vote/{poll.token}/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return client.post(
        f"/vote/{poll.token}/", {"csrfmiddlewaretoken": token.group(1) if token else "", **fields}
    ).status_code


def test_a_vote_from_a_phone_counts_once(poll: Poll) -> None:
    client = phone()
    page = client.get(f"/vote/{poll.token}/")
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page.headers["Cache-Control"]
    cookie = client.cookies[f"vote-{poll.pk}"]
    assert cookie["httponly"]
    assert (cookie["path"], cookie["samesite"]) == ("/vote/", "Lax")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    said = {"fingers": 4, "csrfmiddlewaretoken": token.group(1)}
    assert client.post(f"/vote/{poll.token}/", {"csrfmiddlewaretoken": token.group(1)}).status_code == 400
    assert client.post(f"/vote/{poll.token}/", said).status_code == 302
    assert "Your vote is in" in client.get(f"/vote/{poll.token}/").content.decode()
    again = client.post(f"/vote/{poll.token}/", said)
    assert again.status_code == 409
    assert "voted in this round already" in again.content.decode()
    assert Ballot.objects.get().fingers == 4


def test_without_its_mark_a_device_does_not_vote(poll: Poll) -> None:
    client = Client()
    answer = client.post(f"/vote/{poll.token}/", {"fingers": 5})
    assert answer.status_code == 400
    assert "keeps nothing for this page" in answer.content.decode()
    client.cookies[f"vote-{poll.pk}"] = "made-up:by-hand"
    assert client.post(f"/vote/{poll.token}/", {"fingers": 5}).status_code == 400
    # Without the page's token neither.
    assert phone().post(f"/vote/{poll.token}/", {"fingers": 5}).status_code == 403
    assert not Ballot.objects.exists()


def test_a_phone_sees_the_result_when_it_is_closed_and_no_names(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=["Ada Keller", "Max Weber"])
    client = phone()
    assert press(client, poll, fingers=2, name="Ada Keller", comment="No sandbox") == 302
    stranger = phone()
    open_page = stranger.get(f"/vote/{poll.token}/").content.decode()
    for hidden in ("Ada", "Max Weber", "No sandbox", "average", "2.00"):
        assert hidden not in open_page
    assert stranger.get(f"/vote/{poll.token}/state/").json()["is_closed"] is False
    close_poll(actor=cast.pmo, poll=poll)
    closed = stranger.get(f"/vote/{poll.token}/").content.decode()
    assert "Falcon: rework, average 2.00" in closed
    assert not any(hidden in closed for hidden in ("Ada", "Max Weber", "No sandbox"))
    late = client.post(f"/vote/{poll.token}/", {"fingers": 5, "csrfmiddlewaretoken": client.cookies["csrftoken"].value})
    assert late.status_code == 409
    assert Ballot.objects.count() == 1


def test_an_old_vote_is_gone(poll: Poll) -> None:
    Poll.objects.update(opened_at=timezone.now() - timedelta(days=links.VOTE_DAYS, minutes=1))
    assert phone().get(f"/vote/{poll.token}/").status_code == 404
    assert not live.key_opens(f"vote:{poll.token}", [f"event:{poll.increment_id}"])


def test_a_wall_shows_the_board_and_no_person(cast: Cast, plan: Planned, wall: JoinLink) -> None:
    plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    page = phone().get(f"/wall/{links.wall_secret(wall)}/")
    text = page.content.decode()
    assert "Refund API" in text
    assert "data-lanes" not in text
    assert not any(str(person) in text for person in (cast.pmo, cast.member, cast.administrator))
    assert "Log out" not in text
    # Somebody who is logged in sees the same, and nothing of theirs.
    client = Client()
    client.force_login(cast.pmo)
    assert "Log out" not in client.get(f"/wall/{links.wall_secret(wall)}/").content.decode()
    # The token in the database opens nothing by itself.
    assert phone().get(f"/wall/{wall.token}~{wall.token}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_by_a_wall(plan: Planned, wall: JoinLink, method: str) -> None:
    card = plan.card("Refund API", plan.falcon, 1)
    before = stored(plan.increment), Event.objects.count(), LiveEvent.objects.count(), AuditEntry.objects.count()
    for client in (phone(), Client()):
        secret = links.wall_secret(wall)
        for address in (f"/wall/{secret}/", f"/wall/{secret}/state/"):
            assert getattr(client, method)(address, {"cell": "parking"}).status_code == 405
        client.get(f"/wall/{secret}/")
        moved = client.post(f"/planning/cards/{card.pk}/move/?key=wall:{secret}", {"cell": "parking", "version": 1})
        assert moved.status_code in (302, 403)
        assert "move" not in moved.headers.get("Location", "/login/").partition("?")[0]
        told = getattr(client, method)(f"/api/v1/me/?key=wall:{secret}")
        assert told.status_code in (401, 403)
    assert (
        stored(plan.increment),
        Event.objects.count(),
        LiveEvent.objects.count(),
        AuditEntry.objects.count(),
    ) == before


WRITES = [
    ("patch", "/api/v1/plan-cards/{card}/", {"title": "Mine", "version": 1}),
    ("post", "/api/v1/plan-cards/{card}/move/", {"lane": None, "version": 1}),
    ("post", "/api/v1/plan-cards/", {"increment": "pi-26-1", "title": "Mine"}),
    ("delete", "/api/v1/plan-people/1/?version=1", {}),
    ("put", "/api/v1/increments/pi-26-1/agenda/", {"parts": [], "saw": "x"}),
    ("post", "/api/v1/increments/pi-26-1/votes/{poll}/close/", {"version": 1}),
    ("post", "/planning/cards/{card}/remove/", {"version": 1}),
    ("post", "/planning/votes/{poll}/close/", {"version": 1}),
    ("post", "/planning/pi-26-1/event/timer/start/", {"minutes": 5, "version": 0}),
]


@pytest.mark.parametrize("door", ["wall", "vote"])
def test_no_link_writes_by_any_door(plan: Planned, wall: JoinLink, poll: Poll, door: str) -> None:
    """A wall's key and a vote's token are no login: in the address, in a header, or as a cookie."""
    card = plan.card("Refund API", plan.falcon, 1)
    secret = links.wall_secret(wall) if door == "wall" else poll.token
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    client.get(f"/{door}/{secret}/")
    client.cookies["sessionid"] = secret
    before = stored(plan.increment), Event.objects.count(), AuditEntry.objects.count()
    for method, address, said in WRITES:
        url = address.format(card=card.pk, poll=poll.pk)
        for keyed in (url, f"{url}{'&' if '?' in url else '?'}key={door}:{secret}"):
            answer = getattr(client, method)(keyed, said, content_type="application/json")
            assert answer.status_code in (302, 401, 403), (method, url, answer.status_code)
            assert answer.headers.get("Location", "/login/").startswith("/login/")
    # Nor does a script read by it what a page would be asked for.
    for url in ("/api/v1/increments/pi-26-1/board/", "/planning/pi-26-1/events/?after=0"):
        assert client.get(f"{url}{'&' if '?' in url else '?'}key={door}:{secret}").status_code in (302, 401, 403)
    assert (stored(plan.increment), Event.objects.count(), AuditEntry.objects.count()) == before


def test_a_wall_carries_nothing_to_change_it_with(plan: Planned, wall: JoinLink) -> None:
    provider, consumer = plan.card("Ledger", plan.heron, 1), plan.card("Refund API", plan.falcon, 2, key="PAY-81")
    plan.need(provider, consumer)
    plan.card("Parked")
    for query in ("", "?part=board"):
        text = phone().get(f"/wall/{links.wall_secret(wall)}/{query}").content.decode()
        assert "Refund API" in text
        body = text.partition('id="content"')[2] or text
        # The sound of the timer is the screen's own.
        body = re.sub(r"<button[^>]* data-timer-chime.*?</button>", "", body, flags=re.S)
        for tag in ("form", "button", "select", "input", "textarea", "a"):
            assert not re.search(rf"<{tag}[ >]", body), f"<{tag}> on a wall {query}"
        for mark in (
            "draggable",
            "Move to",
            "csrf",
            "data-menu",
            "data-handle",
            "data-move",
            "/planning/",
            "data-lanes",
        ):
            assert mark not in body, f"{mark} on a wall {query}"


def test_a_revoked_wall_is_dark(cast: Cast, plan: Planned, wall: JoinLink) -> None:
    address, key = f"/wall/{links.wall_secret(wall)}/", f"wall:{links.wall_secret(wall)}"
    topics = [f"increment:{plan.increment.pk}", f"event:{plan.increment.pk}"]
    heard = {"key": key, "topic": topics}
    assert live.key_opens(key, topics)
    assert phone().get("/live/poll/key/", heard).status_code == 200
    revoke_link(actor=cast.pmo, link=wall)
    for path in (address, f"{address}?part=board", f"{address}state/"):
        answer = phone().get(path)
        assert answer.status_code == 410
        assert b"This link was revoked" in answer.content
        assert b"Falcon" not in answer.content
    assert not live.key_opens(key, topics)
    assert phone().get("/live/poll/key/", heard).status_code == 404


def test_a_wall_ends_by_itself(plan: Planned, wall: JoinLink) -> None:
    JoinLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = phone().get(f"/wall/{links.wall_secret(wall)}/")
    assert answer.status_code == 410
    assert "time is over" in answer.content.decode()


def test_a_key_hears_its_own_increment_and_little_of_it(cast: Cast, plan: Planned, wall: JoinLink, poll: Poll) -> None:
    of_wall, of_vote = f"wall:{links.wall_secret(wall)}", f"vote:{poll.token}"
    board, event = f"increment:{plan.increment.pk}", f"event:{plan.increment.pk}"
    other = f"increment:{plan.increment.pk + 1}"
    assert not live.key_opens(of_wall, [other])
    assert not live.key_opens(of_vote, [board])
    for wrong in ("wall:guessed", "vote:", "vote:\0", "", "nothing:x", f"vote:{links.wall_secret(wall)}"):
        assert not live.key_opens(wrong, [event])
    secret = {"number": 3, "who": "Ada Keller", "text": "moved PAY-92", "cards": [{"html": "…"}]}
    written = live.Event(1, board, "written", secret)
    assert live.as_told(of_wall, written) == written._replace(data={"number": 3})
    assert live.as_told(of_vote, written) is None
    here = live.Event(0, event, "presence", {"count": 1, "people": [{"id": 1, "name": "Ada Keller"}]})
    ballots = live.Event(0, event, "ballots", {"poll": poll.pk, "votes": 3})
    for key in (of_wall, of_vote):
        assert live.as_told(key, here) is None
        assert live.as_told(key, ballots) is None
    # The same when it asks instead of listening.
    start = phone().get("/live/poll/key/", {"key": of_wall, "topic": board}).json()["after"]
    plan.card("Refund API", plan.falcon, 1)
    told = phone().get("/live/poll/key/", {"key": of_wall, "topic": board, "after": start}).json()["events"]
    assert [one["data"] for one in told] == [{"number": 2}]


def test_guesses_and_crowds_are_sent_away(poll: Poll, wall: JoinLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "GUESSES", 3)
    guesser = Client(REMOTE_ADDR="192.0.2.7")
    assert [guesser.get(f"/vote/guess{n}/").status_code for n in range(5)] == [404, 404, 404, 429, 429]
    # Whoever has the link is served, even from there: a whole room may sit behind one address.
    assert guesser.get(f"/vote/{poll.token}/").status_code == 200
    monkeypatch.setattr(public, "ASKED", 2)
    crowd = Client(REMOTE_ADDR="192.0.2.8")
    answers = [crowd.get(f"/wall/{links.wall_secret(wall)}/state/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "60"
