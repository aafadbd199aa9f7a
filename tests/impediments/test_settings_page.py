"""The settings of impediments: limits, ways in of teams, programs that are told."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from core.models import AuditEntry, Hook, HookCall
from core.secrets import unseal
from impediments.limits import Limits
from impediments.models import Channel, IncomingMail, Limit
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/impediments/settings/"
# A public address by number: no name has to be asked for.
URL = "https://8.8.8.8/services/T0/very-secret"


@pytest.fixture(autouse=True)
def domain(settings: Settings) -> None:
    settings.MAIL_DOMAIN = "in.example.org"


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    client.force_login(cast.pmo)
    return client


def test_limits_are_saved_and_taken_back(pmo: Client) -> None:
    url = reverse("impediment-limits")
    assert pmo.post(url, {"all-1": "6", "legal-2": "48.5"}).status_code == 302
    limits = Limits()
    # Of all categories 6 h at level 1, legal 48.5 h at level 2; the rest are the defaults 8, 24 and 40.
    found = [float(limits.of(*key) or 0) for key in [(1, "legal"), (1, "access"), (2, "legal"), (2, "access"), (3, "")]]
    assert found == [6, 6, 48.5, 24, 40]
    page = pmo.get(PAGE).content.decode()
    assert 'value="48.5"' in page
    pmo.post(url, {"legal-2": "48.5"})
    assert list(Limit.objects.values_list("category", "level")) == [("legal", 2)]


@pytest.mark.parametrize("hours", ["0", "-3", "many", "1e9", "NaN", "Infinity"])
def test_a_wrong_limit_changes_nothing(pmo: Client, hours: str) -> None:
    answer = pmo.post(reverse("impediment-limits"), {"all-1": hours, "all-2": "12"})
    assert answer.status_code == 400
    assert f'value="{hours}"' in answer.content.decode()
    assert not Limit.objects.exists()


def test_a_stream_s_pmo_sees_limits_and_own_teams_only(cast: Cast, client: Client) -> None:
    client.force_login(cast.stream_pmo)
    page = client.get(PAGE).content.decode()
    assert "Falcon" in page
    assert "Kite" not in page
    assert "Save the limits" not in page
    assert client.post(reverse("impediment-address", args=["kite"])).status_code == 404
    client.force_login(cast.leader)
    assert client.get(PAGE).status_code == 403


def test_addresses_and_marks_of_teams(pmo: Client, cast: Cast) -> None:
    pmo.post(reverse("impediment-address", args=["falcon"]), {"do": "make"})
    first = Channel.objects.get(team=cast.falcon)
    assert f"falcon+{first.token}@in.example.org" in pmo.get(PAGE).content.decode()
    pmo.post(reverse("impediment-address", args=["falcon"]), {"do": "remove"})
    assert Channel.objects.get(team=cast.falcon).token == ""
    before = timezone.now()
    pmo.post(reverse("impediment-marks", args=["falcon"]), {"logs_marks": "1"})
    on = Channel.objects.get(team=cast.falcon)
    # What was marked before does not count.
    assert on.logs_marks
    assert on.marks_since
    assert on.marks_since >= before
    pmo.post(reverse("impediment-marks", args=["falcon"]), {"logs_marks": "1"})
    assert Channel.objects.get(team=cast.falcon).marks_since == on.marks_since
    pmo.post(reverse("impediment-marks", args=["falcon"]), {"logs_marks": "0"})
    assert not Channel.objects.get(team=cast.falcon).logs_marks


def test_a_program_is_added_and_its_secret_shown_once(pmo: Client, cast: Cast) -> None:
    answer = pmo.post(reverse("impediment-hook-new"), {"name": "Room", "url": URL, "stream": "payments"})
    hook = Hook.objects.get()
    secret = unseal(hook.sealed)["secret"]
    assert (hook.scope, hook.url, hook.made_by) == ("stream:payments", URL, cast.pmo)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = pmo.get(reverse("impediment-hook", args=[hook.pk])).content.decode() + pmo.get(PAGE).content.decode()
    assert secret not in page
    # The rest of the address is a secret, too.
    assert "https://8.8.8.8" in page
    assert "very-secret" not in page
    assert not AuditEntry.objects.filter(data__icontains="very-secret").exists()
    renewed = pmo.post(reverse("impediment-hook-secret", args=[hook.pk])).content.decode()
    assert unseal(Hook.objects.get().sealed)["secret"] in renewed
    assert secret not in renewed


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/x", "https://127.0.0.1/x", "https://169.254.169.254/", "x", "https://"]
)
def test_addresses_that_may_not_be_called_are_said_at_the_field(pmo: Client, url: str) -> None:
    answer = pmo.post(reverse("impediment-hook-new"), {"name": "Room", "url": url})
    assert 'id="id_url_error"' in answer.content.decode()
    assert f'value="{url}"' in answer.content.decode()
    assert not Hook.objects.exists()


def test_a_program_is_changed_tried_and_removed(pmo: Client, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    hook = Hook.objects.create(name="Room", url="http://127.0.0.1:9/x", made_at=timezone.now())
    url = reverse("impediment-hook", args=[hook.pk])
    # Nobody listens on port 9.
    answer = pmo.post(reverse("impediment-hook-trial", args=[hook.pk]), follow=True)
    assert "cannot be reached" in answer.content.decode()
    assert HookCall.objects.get().state == "failed"
    pmo.post(url, {"name": "Hall", "url": ""})
    hook.refresh_from_db()
    assert (hook.name, hook.url, hook.is_active) == ("Hall", "http://127.0.0.1:9/x", False)
    pmo.post(reverse("impediment-hook-remove", args=[hook.pk]))
    assert not Hook.objects.exists()


def test_hooks_of_everything_are_not_a_streams_business(cast: Cast, client: Client) -> None:
    everywhere = Hook.objects.create(name="All", url=URL, made_at=timezone.now())
    client.force_login(cast.stream_pmo)
    assert client.get(reverse("impediment-hook", args=[everywhere.pk])).status_code == 404
    client.post(reverse("impediment-hook-new"), {"name": "Mine", "url": URL, "stream": ""})
    client.post(reverse("impediment-hook-new"), {"name": "Mine", "url": URL, "stream": "platform"})
    assert Hook.objects.count() == 1


def test_mails_with_what_became_of_them(
    pmo: Client, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def came(number: int) -> None:
        fields = {"message_id": f"<{number}>", "sender": "x@example.org", "subject": f"<b>No {number}</b>", "raw": b"x"}
        IncomingMail.objects.create(
            team=cast.falcon, received_at=timezone.now(), verdict="refused", note="Nobody", **fields
        )

    came(1)
    pmo.get(PAGE)
    with django_assert_max_num_queries(60) as one:
        pmo.get(PAGE)
    came(2)
    came(3)
    with django_assert_max_num_queries(len(one)):
        page = pmo.get(PAGE).content.decode()
    assert "&lt;b&gt;No 3" in page
    assert "3 mails came" in pmo.get(reverse("impediment-mails")).content.decode()
