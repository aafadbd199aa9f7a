"""The weekly digest: what needs a decision and what changed, once a week, by the rights of each person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.models import Mail
from dashboards.digest import send_digests
from funding.models import Amendment
from portfolio.models import Decision, Initiative, StageEntry
from tests.cast import Cast

# A Monday at 8 in the portal's zone, whichever of Europe's it is.
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def news(cast: Cast) -> Cast:
    """Payments: a decision that waits three days for 18,000 a week, a budget, a move; Platform: nothing."""
    Decision.objects.create(
        kind="other",
        question="Refunds: go on?",
        stream=cast.payments,
        raised_at=MONDAY - 3 * DAY,
        cost_kind="delay",
        cost_per_week=18_000,
    )
    Amendment.objects.create(
        stream=cast.payments, quarter="2026-10-01", amount=500_000, at=MONDAY - 2 * DAY, reason="Set"
    )
    initiative = Initiative.objects.create(slug="one", name="Instant refunds", stream=cast.payments)
    StageEntry.objects.create(initiative=initiative, stage="implementing", at=MONDAY - DAY)
    StageEntry.objects.create(initiative=initiative, stage="funnel", at=MONDAY - 8 * DAY)
    return cast


def mails() -> dict[str, Mail]:
    return {mail.to: mail for mail in Mail.objects.filter(key__startswith="digest:")}


def test_each_person_gets_what_they_may_see_once_a_week(news: Cast) -> None:
    send_digests(MONDAY)
    sent = mails()
    # Those with a role for the portfolio or for Payments; members and viewers of a team get none.
    people = (news.administrator, news.leader, news.pmo, news.stream_pmo, news.coach)
    assert set(sent) == {person.email for person in people}
    leader, coach = sent[news.leader.email], sent[news.coach.email]
    assert leader.subject == "One decision is due, 2 changes in a week"
    assert coach.subject == "One decision is due, 1 change in a week"
    for text in (leader.text, leader.html):
        assert "Refunds: go on?" in text
        assert "18,000" in text
        assert "500,000" in text
        assert "Instant refunds went to implementing" in text
        assert "went to funnel" not in text, "that was before"
    for text in (coach.text, coach.html):
        assert "Refunds: go on?" in text
        assert "18,000" not in text
        assert "500,000" not in text
    send_digests(MONDAY + 3 * HOUR)
    send_digests(MONDAY + DAY)
    assert len(mails()) == Mail.objects.filter(key__startswith="digest:").count() == 5
    send_digests(MONDAY + 7 * DAY)
    assert Mail.objects.filter(to=news.leader.email, key__startswith="digest:").count() == 2


def test_nothing_to_say_is_no_mail(cast: Cast) -> None:
    assert send_digests(MONDAY) == 0
    assert not mails()


@pytest.mark.parametrize("at", [MONDAY - 5 * HOUR, MONDAY - HOUR * 24, MONDAY + 2 * DAY])
def test_it_comes_on_monday_morning_only(news: Cast, at: datetime) -> None:
    assert send_digests(at) == 0


def test_who_switched_it_off_gets_none(news: Cast, client: Client) -> None:
    client.force_login(news.leader)
    # A box that is not ticked is not sent.
    assert client.post(reverse("profile"), {"name": "Leo Brandt", "theme": "system"}).status_code == 302
    User.objects.filter(pk=news.pmo.pk).update(is_active=False)
    send_digests(MONDAY)
    assert not {news.leader.email, news.pmo.email} & set(mails())
