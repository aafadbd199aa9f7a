"""The signed link from a mail: whose it is, what it opens and nothing else, and what makes it end."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.models import AuditEntry
from okrs.links import LASTS, LinkEnded, LinkUnknown, check_in_link, read
from okrs.models import CheckIn, KeyResult
from portfolio.models import Membership
from tests.cast import Cast
from tests.okrs.goals import key_result, objective, running_cycle, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def settle(cast: Cast) -> KeyResult:
    """Hours to settle, from 40 to 20, of Falcon; Max owns it."""
    one = key_result(objective(running_cycle(), cast.falcon), cast.member)
    said(one, timezone.localdate() - timedelta(days=7), 36, 4)
    return one


def typed(**more: str) -> dict[str, str]:
    return {"value": "30", "confidence": "7", "note": "Two banks", "on": str(timezone.localdate())} | more


def token(path: str) -> str:
    return path.strip("/").rsplit("/", 1)[-1]


def test_it_checks_in_without_a_log_in_in_the_name_of_its_owner(cast: Cast, settle: KeyResult) -> None:
    client, path = Client(), check_in_link(cast.member, settle)
    shown = client.get(path)
    assert shown.status_code == 200
    assert shown.context["form"]["value"].value() == "36"
    assert "You check in as Max Weber." in shown.content.decode()
    answer = client.post(path, typed())
    assert answer["Location"] == f"{path}?done=1"
    done = client.get(answer["Location"]).content.decode()
    assert "Thank you, Max. It is kept." in done
    assert "7 of 10" in done
    made = settle.check_ins.get(on=timezone.localdate())
    assert (made.value, made.confidence, made.note, made.by) == (30, 7, "Two banks", cast.member)
    assert AuditEntry.objects.get().actor == cast.member
    # The form is there again, with what was said, to correct it.
    again = client.get(path)
    assert (again.context["form"]["value"].value(), again.context["form"]["confidence"].value()) == ("30", 7)


def test_it_opens_nothing_else(cast: Cast, settle: KeyResult) -> None:
    other = key_result(settle.objective, cast.member, "Another one")
    client, path = Client(), check_in_link(cast.member, settle)
    text = client.get(path).content.decode()
    assert "Another one" not in text
    assert "session" not in "".join(client.cookies)
    for name in ("check-in", "check-in-restore"):
        assert client.get(reverse(name, args=[other.pk])).headers["Location"].startswith("/login/")
    # The signature is of one person and one key result.
    mine, its = token(path).split("~", 1)
    forged = mine.replace(f".{settle.pk}.", f".{other.pk}.")
    assert client.get(reverse("check-in-link", args=[f"{forged}~{its}"])).status_code == 404
    forged = mine.replace(f"{cast.member.pk}.", f"{cast.leader.pk}.", 1)
    assert client.post(reverse("check-in-link", args=[f"{forged}~{its}"]), typed()).status_code == 404
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("nonsense", ["x", "~~", "1.2.3~a~b", "%00", "1.2.3"])
def test_nonsense_is_told_plainly(nonsense: str) -> None:
    answer = Client().get(f"/objectives/check-in/{nonsense}/")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()


def test_bad_input_stays_in_the_form(cast: Cast, settle: KeyResult) -> None:
    tomorrow = str(timezone.localdate() + timedelta(days=1))
    answer = Client().post(check_in_link(cast.member, settle), typed(on=tomorrow))
    assert answer.context["form"].errors == {"on": ["This day has not come yet."]}
    assert answer.context["form"]["note"].value() == "Two banks"
    assert CheckIn.objects.count() == 1


def test_it_is_kept_from_others(cast: Cast, settle: KeyResult) -> None:
    """No search engine, no other site, no cache; the form keeps its protection against forged requests."""
    path = check_in_link(cast.member, settle)
    answer = Client().get(path)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert {"no-store", "private"} <= {part.strip() for part in answer.headers["Cache-Control"].split(",")}
    assert Client(enforce_csrf_checks=True).post(path, typed()).status_code == 403


def ended(path: str) -> str:
    """What the page says of a link that has ended; it takes nothing any more."""
    before = CheckIn.objects.count()
    assert Client().post(path, typed()).status_code == 410
    assert CheckIn.objects.count() == before
    answer = Client().get(path)
    assert answer.status_code == 410
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    return answer.content.decode()


def test_it_lasts_14_days(cast: Cast, settle: KeyResult) -> None:
    made = timezone.now().replace(microsecond=0)
    signed = token(check_in_link(cast.member, settle, made))
    assert read(signed, made + LASTS) == (cast.member, settle)
    with pytest.raises(LinkEnded, match="14 days"):
        read(signed, made + LASTS + timedelta(seconds=2))
    old = check_in_link(cast.member, settle, made - LASTS - timedelta(minutes=1))
    assert "This link has ended" in ended(old)


def test_it_ends_with_the_person(cast: Cast, settle: KeyResult) -> None:
    path = check_in_link(cast.member, settle)
    cast.member.is_active = False
    cast.member.save()
    assert "Your account has changed" in ended(path)
    cast.member.is_active = True
    cast.member.set_password("another-horse-battery")
    cast.member.save()
    assert "Your account has changed" in ended(path)


def test_it_ends_with_the_right(cast: Cast, settle: KeyResult) -> None:
    """Max leaves Falcon: he is still named as the owner, but sees nothing of it."""
    path = check_in_link(cast.member, settle)
    Membership.objects.filter(user=cast.member).delete()
    assert "not yours to check in any more" in ended(path)


def test_it_ends_with_the_cycle_and_the_objective(cast: Cast, settle: KeyResult) -> None:
    path, goal = check_in_link(cast.member, settle), settle.objective
    goal.closed_at = timezone.now()
    goal.save()
    assert "The objective is closed." in ended(path)
    goal.cycle.closed_at = timezone.now()
    goal.cycle.save()
    assert "Now is closed." in ended(path)
    signed = token(path)
    settle.delete()
    assert "The key result is no more." in Client().get(path).content.decode()
    with pytest.raises(LinkEnded):
        read(signed)


def test_a_link_signed_with_another_key_is_unknown(cast: Cast, settle: KeyResult, settings: object) -> None:
    signed = token(check_in_link(cast.member, settle))
    settings.SECRET_KEY = "another-" + "y" * 40  # type: ignore[attr-defined]
    with pytest.raises(LinkUnknown):
        read(signed)
