"""Tokens: made, used, expired, revoked."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import create_token
from accounts.models import ApiToken
from tests.cast import Cast


def ask(key: str, scheme: str = "Token") -> int:
    return Client().get("/api/v1/me/", headers={"authorization": f"{scheme} {key}"}).status_code


def test_the_key_is_shown_once_and_only_its_digest_kept(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    page = client.post("/profile/tokens/", {"name": "nightly"}).content.decode()
    key = re.search(r"data-token>(vmo_[\w-]+)<", page)
    assert key
    token = ApiToken.objects.get()
    assert key[1] not in str(ApiToken.objects.values())
    assert key[1].startswith(token.prefix)
    assert key[1] not in client.get("/profile/tokens/").content.decode()
    assert ask(key[1]) == 200


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token"])
def test_schemes(cast: Cast, scheme: str) -> None:
    assert ask(create_token(user=cast.viewer, name="x")[1], scheme) == 200


def test_a_wrong_key_is_told_so(cast: Cast) -> None:
    assert ask("vmo_wrong") == 401
    assert ask("") == 401


def test_it_expires(cast: Cast) -> None:
    _, key = create_token(user=cast.viewer, name="x", expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(key) == 401


def test_its_last_day_counts(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    today = timezone.localdate()
    client.post("/profile/tokens/", {"name": "today", "last_day": today.isoformat()})
    expires_at = ApiToken.objects.get().expires_at
    assert expires_at
    assert timezone.localtime(expires_at).date() == today + timedelta(days=1)
    over = client.post("/profile/tokens/", {"name": "x", "last_day": (today - timedelta(days=1)).isoformat()})
    assert "This day is over." in over.content.decode()


def test_it_stops_with_its_owner(cast: Cast) -> None:
    _, key = create_token(user=cast.viewer, name="x")
    cast.viewer.is_active = False
    cast.viewer.save()
    assert ask(key) == 401


def test_revoking_is_for_the_owner_alone(client: Client, cast: Cast) -> None:
    token, key = create_token(user=cast.viewer, name="x")
    client.force_login(cast.administrator)
    assert client.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    client.force_login(cast.viewer)
    assert client.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 302
    assert ask(key) == 401


def test_its_use_is_written_once_a_minute(cast: Cast) -> None:
    key = create_token(user=cast.viewer, name="x")[1]
    ask(key)
    first = ApiToken.objects.get().last_used_at
    assert first
    ask(key)
    assert ApiToken.objects.get().last_used_at == first
    long_ago = timezone.now() - timedelta(minutes=2)
    ApiToken.objects.update(last_used_at=long_ago)
    ask(key)
    used_at = ApiToken.objects.get().last_used_at
    assert used_at
    assert used_at > long_ago


def test_a_last_day_is_within_reach(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    page = client.post("/profile/tokens/", {"name": "nightly", "last_day": "9999-12-31"})
    assert "works until it is revoked" in page.content.decode()
    assert not ApiToken.objects.exists()
