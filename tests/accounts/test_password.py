"""Changing the password, and getting back in without it."""

import re

from django.core import mail
from django.test import Client

from core.models import AuditEntry
from tests.cast import PASSWORD, Cast

NEW = "a-better-password-26"


def test_change_needs_the_old_one(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    page = client.post(
        "/profile/password/", {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    ).content.decode()
    assert 'id="id_old_password_error"' in page
    cast.viewer.refresh_from_db()
    assert cast.viewer.check_password(PASSWORD)


def test_change_keeps_one_logged_in_here_and_nowhere_else(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    elsewhere = Client()
    elsewhere.force_login(cast.viewer)
    answer = client.post("/profile/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert answer.headers["Location"] == "/profile/"
    assert client.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302
    assert AuditEntry.objects.filter(verb="changed the password of", target_id=cast.viewer.pk).count() == 1


def test_short_passwords_are_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    fields = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert "too short" in client.post("/profile/password/", fields).content.decode()


def test_reset_by_mail(client: Client, cast: Cast) -> None:
    assert client.post("/password/reset/", {"email": cast.viewer.email}).headers["Location"] == "/password/reset/sent/"
    link = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1]).headers["Location"]
    assert "Choose a password" in client.get(form).content.decode()
    answer = client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert answer.headers["Location"] == "/login/"
    cast.viewer.refresh_from_db()
    assert cast.viewer.check_password(NEW)
    assert "does not work any more" in client.get(link[1]).content.decode()


def test_reset_does_not_say_who_is_known(client: Client, cast: Cast) -> None:
    known = client.post("/password/reset/", {"email": cast.viewer.email})
    unknown = client.post("/password/reset/", {"email": "nobody@example.org"})
    assert known.headers["Location"] == unknown.headers["Location"]
    assert len(mail.outbox) == 1
