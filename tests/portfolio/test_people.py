"""People and their roles, by administrators."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from core.models import AuditEntry
from portfolio.models import Grant, Role
from portfolio.rules import can
from tests.cast import Cast


@pytest.fixture
def ada(client: Client, cast: Cast) -> Client:
    client.force_login(cast.administrator)
    return client


def test_an_invitation_leads_to_a_password(ada: Client) -> None:
    ada.post("/organisation/people/new/", {"name": "Nora Voss", "email": "nora@example.org"})
    nora = User.objects.get(email="nora@example.org")
    assert not nora.has_usable_password()
    link = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert link
    visitor = Client()
    form = visitor.get(link[1]).headers["Location"]
    visitor.post(form, {"new_password1": "a-better-password-26", "new_password2": "a-better-password-26"})
    assert visitor.login(username="nora@example.org", password="a-better-password-26")


def test_an_address_is_used_once_whatever_its_case(ada: Client) -> None:
    seen = ada.post("/organisation/people/new/", {"name": "Vera", "email": "VERA@example.org"}).content.decode()
    assert "Nothing was saved." in seen
    assert 'value="VERA@example.org"' in seen


def test_the_audit_trail_holds_no_password(ada: Client) -> None:
    ada.post("/organisation/people/new/", {"name": "Nora Voss", "email": "nora@example.org"})
    assert "password" not in AuditEntry.objects.get(verb="invited").data


def test_a_role_is_given_taken_away_and_given_back(ada: Client, cast: Cast) -> None:
    url = f"/organisation/people/{cast.outsider.pk}/"
    ada.post(f"{url}grants/", {"role": "pmo", "place": f"stream:{cast.payments.pk}"})
    assert can(User.objects.get(pk=cast.outsider.pk), "manage_team", cast.falcon)
    assert not can(User.objects.get(pk=cast.outsider.pk), "manage_team", cast.kite)
    grant = cast.outsider.grants.get()
    done = ada.post(f"{url}grants/{grant.pk}/revoke/", follow=True)
    assert not cast.outsider.grants.exists()
    ada.post(done.context["messages"]._loaded_data[-1].extra_tags)
    again = cast.outsider.grants.get()
    assert (again.role, again.stream, again.team) == ("pmo", cast.payments, None)


def test_a_role_is_given_once(ada: Client, cast: Cast) -> None:
    fields = {"role": "viewer", "place": f"team:{cast.falcon.pk}"}
    seen = ada.post(f"/organisation/people/{cast.viewer.pk}/grants/", fields).content.decode()
    assert "Nothing was saved." in seen
    assert cast.viewer.grants.count() == 1


def test_administrators_are_global(ada: Client, cast: Cast) -> None:
    fields = {"role": "administrator", "place": f"team:{cast.falcon.pk}"}
    assert "Nothing was saved." in ada.post(f"/organisation/people/{cast.viewer.pk}/grants/", fields).content.decode()


def test_the_last_administrator_stays(ada: Client, cast: Cast) -> None:
    grant = cast.administrator.grants.get()
    url = f"/organisation/people/{cast.administrator.pk}/"
    assert "last administrator" in ada.post(f"{url}grants/{grant.pk}/revoke/", follow=True).content.decode()
    assert "last administrator" in ada.post(f"{url}deactivate/", follow=True).content.decode()
    Grant.objects.create(user=cast.leader, role=Role.ADMINISTRATOR)
    ada.post(f"{url}grants/{grant.pk}/revoke/")
    assert not cast.administrator.grants.exists()


def test_deactivating_logs_out_at_once_and_can_be_undone(ada: Client, cast: Cast) -> None:
    vera = Client()
    vera.force_login(cast.viewer)
    ada.post(f"/organisation/people/{cast.viewer.pk}/deactivate/")
    assert vera.get("/profile/").status_code == 302
    ada.post(f"/organisation/people/{cast.viewer.pk}/reactivate/")
    assert vera.get("/profile/").status_code == 200


def test_a_link_can_be_shown_and_is_audited(ada: Client, cast: Cast) -> None:
    answer = ada.post(f"/organisation/people/{cast.viewer.pk}/link/")
    assert "http://testserver/password/reset/" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(verb="made a password link for").count() == 1


def test_search(ada: Client) -> None:
    seen = ada.get("/organisation/people/?q=vera").content.decode()
    assert "Vera Sand" in seen
    assert "Max Weber" not in seen


def test_a_superuser_from_the_command_line_is_an_administrator(cast: Cast) -> None:
    root = User.objects.create_superuser("root@example.org", "x" * 12, name="Root")
    assert can(root, "administer")
    assert can(root, "manage_team", cast.kite)


def test_no_name_has_a_nul(ada: Client) -> None:
    assert "Vera Sand" in ada.get("/organisation/people/?q=ve%00ra").content.decode()
