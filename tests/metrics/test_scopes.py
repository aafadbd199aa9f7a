"""Which scopes there are, and for whom."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from portfolio.models import Grant, Membership, Service, Team, ValueStream
from portfolio.queries import ScopeNotFound, find_scope, scopes_for
from tests.metrics.cast import team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _teams() -> None:
    for slug, stream in (("falcon", "payments"), ("kestrel", "payments"), ("heron", "lending")):
        owner = team(slug, stream, "Asia/Tokyo")
        Service.objects.create(slug=slug, name=slug, team=owner)


def person(**grant: object) -> User:
    user = User.objects.create_user(email="somebody@example.org", password="A long pass-phrase", name="Somebody")
    if grant:
        Grant.objects.create(user=user, role="viewer", **grant)
    return user


def seen(user: User | AnonymousUser | None) -> list[str]:
    return [scope.text for scope in scopes_for(user)]


ALL = ["portfolio", "stream:lending", "stream:payments", "team:falcon", "team:heron", "team:kestrel"]


def test_the_command_line_and_global_roles_see_everything() -> None:
    assert seen(None) == ALL
    user = person()
    assert seen(user) == []
    Grant.objects.create(user=user, role="coach")
    assert seen(User.objects.get()) == ALL


def test_a_superuser_sees_everything() -> None:
    user = person()
    user.is_superuser = True
    assert seen(user) == ALL


def test_a_role_for_a_stream_shows_it_and_its_teams() -> None:
    user = person(stream=ValueStream.objects.get(slug="payments"))
    assert seen(user) == ["stream:payments", "team:falcon", "team:kestrel"]
    assert {service.slug for service in Service.objects.for_user(user)} == {"falcon", "kestrel"}


def test_a_role_for_a_team_shows_the_team_alone() -> None:
    assert seen(person(team=Team.objects.get(slug="heron"))) == ["team:heron"]


def test_members_see_their_team_while_they_are_members() -> None:
    user = person()
    today = timezone.localdate()
    heron = Team.objects.get(slug="heron")
    Membership.objects.create(team=heron, user=user, during=(date(2020, 1, 1), today))
    assert seen(user) == []
    Membership.objects.create(team=heron, user=user, during=(today, today + timedelta(days=9)))
    assert seen(user) == ["team:heron"]


def test_nobody_sees_nothing() -> None:
    assert seen(AnonymousUser()) == []


@pytest.mark.parametrize(
    "text",
    ["", "team:", "team:nobody", "stream:falcon", "portfolio:x", "everything", "team:heron", "team:\0", "stream:x\0"],
)
def test_what_is_not_there_and_what_one_may_not_see_are_the_same(text: str) -> None:
    user = person(team=Team.objects.get(slug="falcon"))
    with pytest.raises(ScopeNotFound, match="There is no scope"):
        find_scope(text, user)


def test_a_scope_knows_its_teams_and_zone() -> None:
    found = find_scope("stream:payments", None)
    assert set(found.teams) == set(Team.objects.filter(stream__slug="payments").values_list("pk", flat=True))
    assert (found.zone.key, find_scope("team:heron", None).zone.key) == ("UTC", "Asia/Tokyo")
