"""The page of one impediment: both clocks in words, what it blocks, the steps that are taken on it, its history."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import Mail, Notice
from impediments.actions import change_impediment, reopen, resolve, set_level, take
from impediments.models import Impediment
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.impediments.work_cast import items

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    in_berlin(cast)
    client.force_login(cast.member)
    return client


def page(client: Client, one: Impediment, query: str = "") -> str:
    answer = client.get(f"/impediments/{one.pk}/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def step(client: Client, one: Impediment, name: str, status: int = 200, **posted: object) -> str:
    answer = client.post(f"/impediments/{one.pk}/{name}/", posted, follow=True)
    assert answer.status_code == status
    return answer.content.decode()


def test_both_clocks_in_words(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00", since="2025-05-05 13:00")
    # The end of 6 May: Monday 13–17, Tuesday 9–17 = 12 h = 1.5 days; of the level's 8 h 4 are used.
    html = page(max_, one, "as_of=2025-05-06")
    assert "In the way for 1.5\u00a0working days of business time, since 5 May 2025." in html
    assert "With the team for 4\u00a0h of 8\u00a0h; on 7 May 2025, 13:00 it goes to the PMO." in html
    assert "Resolve" not in html.split('id="standing"')[0]
    assert "<textarea" not in html
    # The end of 8 May: the level's 20 h are more than its 8.
    assert "With the team for 20\u00a0h of 8\u00a0h: the limit is reached." in page(max_, one, "as_of=2025-05-08")
    assert max_.get(f"/impediments/{one.pk}/?as_of=2025-05-05").status_code == 404


def test_two_times_of_one_that_came_back(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-05 09:00")
    one = resolve(actor=None, impediment=one, resolution="So", root_cause="policy", at=at("2025-05-05 17:00"))
    # It was in the way on Monday, 8 h.
    html = page(max_, one, "as_of=2025-05-06")
    assert "It was in the way for 1\u00a0working day of business time, from 5 May 2025 to 5 May 2025." in html
    reopen(actor=None, impediment=one, at=at("2025-05-08 09:00"))
    html = page(max_, one, "as_of=2025-05-09")
    # And on Thursday and Friday: 3 days in all.
    assert "In the way for 3\u00a0working days of business time, in 2 times since 5 May 2025." in html
    # The clock of its level began anew: 16 h.
    assert "With the team for 16\u00a0h of 8\u00a0h" in html


def test_take_it_hand_it_over_and_back(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00", owner=cast.coach)
    assert "It is yours." in step(max_, one, "take", version=one.version)
    one.refresh_from_db()
    assert (one.owner, one.state) == (cast.member, "active")
    max_.post(f"/impediments/{one.pk}/hand/?owner={cast.coach.pk}")
    one.refresh_from_db()
    assert one.owner == cast.coach
    step(max_, one, "hand", owner="")
    one.refresh_from_db()
    assert one.owner is None
    # Somebody who does not see it cannot act.
    html = step(max_, one, "hand", 400, owner=cast.outsider.pk)
    assert "Select a valid choice" in html


def test_a_level_needs_a_reason_and_pauses_one_too(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    html = step(max_, one, "level", 400, level=3, reason="")
    assert '<details class="more" open><summary>Raise or lower its level' in html
    assert "Whoever acts now was told." in step(max_, one, "level", level=3, reason="Two teams wait")
    one.refresh_from_db()
    assert one.level == 3
    html = step(max_, one, "pause", 400, reason="A date", until_on="2020-01-01")
    assert "Choose a day to come." in html
    assert 'value="A date"' in html
    until = timezone.localdate() + timedelta(days=5)
    html = step(max_, one, "pause", reason="The board meets", until_on=until)
    assert f"the clock stands until {until:%-d %b %Y}: The board meets." in html
    assert "The clock of its level runs again." in step(max_, one, "resume")


def test_somebody_was_faster(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    seen = one.version
    set_level(actor=cast.coach, impediment=one, level=2, reason="Now")
    html = step(max_, one, "level", 409, level=4, reason="Two teams wait", version=seen)
    assert "Cora Lind raised it" in html
    assert 'value="Two teams wait"' in html
    one.refresh_from_db()
    assert one.level == 2
    said: dict[str, Any] = {
        "what": "Mine",
        "category": "legal",
        "team": "falcon",
        "since": "2025-05-06",
        "version": seen,
    }
    html = step(max_, one, "edit", 409, **said)
    assert 'value="Mine"' in html
    assert f'name="version" value="{one.version}"' in html
    step(max_, one, "edit", **(said | {"version": one.version}))
    one.refresh_from_db()
    assert (one.what, one.category) == ("Mine", "legal")


def undo_of(html: str) -> str:
    """Where the button that undoes leads."""
    found = re.search(r'action="([^"]+)" class="inline">(?:(?!</form>).)*Undo', html, re.S)
    assert found is not None
    return found.group(1).replace("&amp;", "&")


@pytest.mark.parametrize(
    ("name", "posted"),
    [("take", {}), ("hand", {"owner": "coach"}), ("level", {"level": 3, "reason": "Two teams wait"})],
)
def test_undoing_writes_over_nobody(cast: Cast, max_: Client, name: str, posted: dict[str, Any]) -> None:
    one = logged(cast, "2025-05-06 13:00")
    said = {key: cast.person(value).pk if key == "owner" else value for key, value in posted.items()}
    undo = undo_of(step(max_, one, name, version=one.version, **said))
    # Pia was there before it is undone.
    change_impediment(actor=cast.pmo, impediment=one, owner=cast.pmo)
    set_level(actor=cast.pmo, impediment=one, level=2, reason="Now")
    answer = max_.post(undo)
    assert answer.status_code == 409
    one.refresh_from_db()
    assert (one.owner, one.level) == (cast.pmo, 2)
    # What stands below can be sent again: it says the version that is there now.
    sent = f'{"level" if name == "level" else "hand"}/" novalidate'
    form = answer.content.decode().split(sent)[1].split("</form>")[0]
    assert f'name="version" value="{one.version}"' in form


def test_who_hands_it_over_says_what_they_saw(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    form = page(max_, one).split('hand/" novalidate')[1].split("</form>")[0]
    assert f'name="version" value="{one.version}"' in form
    take(actor=cast.coach, impediment=one)
    html = step(max_, one, "hand", 409, owner=cast.member.pk, version=one.version)
    assert "Cora Lind took it" in html
    one.refresh_from_db()
    assert one.owner == cast.coach


def test_what_it_blocks_is_changed(cast: Cast, max_: Client) -> None:
    first, second = items(cast.falcon, "FAL-1", "FAL-2")
    one = logged(cast, "2025-05-06 13:00", items=[first])
    assert "It blocks 1 item" in page(max_, one)
    assert "It blocks 2 items" in step(max_, one, "block", keys="FAL-2")
    assert "It blocks 1 item" in step(max_, one, "unblock", items=first.pk)
    assert list(one.blocks.filter(to_at=None).values_list("key", flat=True)) == ["FAL-2"]
    assert "Tick an item, or give a key." in step(max_, one, "block", 400)
    # An item that its tool deleted, and one whose source was removed, stay in the table.
    second.deleted_at = timezone.now()
    second.save()
    assert "deleted in its tool" in page(max_, one)
    one.blocks.filter(key="FAL-1").update(item=None, stay=None, title="Once here")
    assert "Once here" in page(max_, one)


def test_comments_with_names_tell_and_come_back(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00", owner=cast.coach)
    Mail.objects.all().delete()
    html = step(max_, one, "comments", text="@Pia Ito: <b>who</b> signs?\n\n@Otto Fremd does not see it")
    comment = html.split('class="comments"')[1].split("</ol>")[0]
    assert '<strong class="mention">@Pia Ito</strong>: &lt;b&gt;who&lt;/b&gt; signs?' in comment
    assert '<strong class="mention">@Otto' not in comment
    # Pia is named, Cora owns it; Max wrote it, Otto does not see it.
    assert sorted(Mail.objects.values_list("to", flat=True)) == ["cora@example.org", "pia@example.org"]
    assert Notice.objects.get(user=cast.pmo).text.endswith("Max Weber named you: No licence")
    pk = comment.split('id="comment-')[1].split('"')[0]
    assert "The comment was taken away." in step(max_, one, f"comments/{pk}/remove")
    assert "No comments yet" in page(max_, one)
    assert "1 comment" in step(max_, one, f"comments/{pk}/restore")
    assert max_.post(f"/impediments/{one.pk}/comments/", {"text": " "}).status_code == 400
    # Who sees it without working on it reads only.
    max_.force_login(cast.viewer)
    html = page(max_, one)
    assert "signs?" in html
    assert "<textarea" not in html
    assert max_.post(f"/impediments/{one.pk}/comments/", {"text": "Me too"}).status_code == 403


def test_a_duplicate_goes_along(cast: Cast, max_: Client) -> None:
    (item,) = items(cast.falcon, "FAL-1")
    one, other = logged(cast, "2025-05-06 13:00", items=[item]), logged(cast, "2025-05-07 13:00", what="The same")
    step(max_, one, "comments", text="Said before")
    html = step(max_, one, "merge", into=other.pk, version=one.version)
    assert "is resolved as a duplicate of this one" in html
    assert "Said before" in html
    assert "on a duplicate" in html
    assert "It blocks 1 item" in html
    assert "It is the same as" in page(max_, one)


def test_the_nearest_are_offered_and_all_are_found_by_number(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    kite, heron = (
        logged(cast, "2025-05-08 13:00", what=f"Of {team}", team=team, actor=cast.pmo)
        for team in (cast.kite, cast.heron)
    )
    first = logged(cast, "2025-05-05 13:00", what="The oldest")
    now = at("2025-05-07 13:00")
    rows = [
        Impediment(what=f"No {n}", category="other", team=cast.falcon, since_at=now, logged_at=now) for n in range(48)
    ]
    Impediment.objects.bulk_create(rows)

    def offered() -> list[int]:
        select = page(max_, one).split('name="into"')[1].split("</select>")[0]
        return [int(pk) for pk in re.findall(r'<option value="(\d+)"', select)]

    max_.force_login(cast.pmo)
    # 48 and the oldest are of Falcon; then comes Heron, of the same stream. Kite would be the 51st.
    assert (len(offered()), offered()[48:]) == (50, [first.pk, heron.pk])
    html = step(max_, one, "merge", number=kite.pk, version=one.version)
    assert "is resolved as a duplicate of this one" in html
    # Max sees neither Heron nor Kite, whatever their numbers.
    max_.force_login(cast.member)
    other = Impediment.objects.get(what="No 1")
    assert f"You see no other impediment VMO-{heron.pk}." in step(max_, other, "merge", 400, number=heron.pk)
    assert "Choose one, or give its number." in step(max_, other, "merge", 400)
    assert "not both" in step(max_, other, "merge", 400, into=first.pk, number=Impediment.objects.get(what="No 2").pk)
    assert Impediment.objects.filter(merged_into=None).count() == 51


def test_its_history(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    step(max_, one, "level", level=2, reason="Two teams wait")
    html = page(max_, one)
    assert "Max Weber raised: level 1 · Team → 2 · PMO; reason Two teams wait" in html
    assert "Max Weber logged it" in html


def test_owners_see_theirs_and_strangers_none(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    # Otto saw it once.
    Impediment.objects.update(owner=cast.outsider)
    max_.force_login(cast.outsider)
    assert "It is yours" in page(max_, one)
    Impediment.objects.update(owner=None)
    assert max_.get(f"/impediments/{one.pk}/").status_code == 404
    assert max_.post(f"/impediments/{one.pk}/take/").status_code == 404


def test_as_many_queries_for_one_as_for_three(cast: Cast, max_: Client) -> None:
    one, counts = logged(cast, "2025-05-06 10:00"), []
    for number in range(3):
        step(max_, one, "block", keys=items(cast.falcon, f"FAL-{number}")[0].key)
        step(max_, one, "comments", text=f"@Pia Ito, number {number}")
        with CaptureQueriesContext(connection) as caught:
            page(max_, one)
        counts.append(len(caught))
    assert counts[1] == counts[2]
