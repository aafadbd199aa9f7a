"""A wrong setting is found at start, and says what to do."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from vmo import checks
from vmo.settings import env_int

WRONG = [
    ("SECRET_KEY", "short", "vmo.E001"),
    ("SECRET_KEY", "a" * 60, "vmo.E001"),
    ("TIME_ZONE", "Mars/Olympus", "vmo.E002"),
    ("PORT", 0, "vmo.E003"),
    ("LIVE_PORT", 70000, "vmo.E003"),
    ("REDIS_URL", "http://localhost", "vmo.E006"),
    ("ALLOWED_HOSTS", [], "vmo.E007"),
    ("HOST", "0.0.0.0", "vmo.W001"),  # noqa: S104
    ("ALLOWED_HOSTS", ["*"], "vmo.W002"),
    ("CURRENCY", "euro", "vmo.E008"),
    ("PORTAL_URL", "vmo.example.org", "vmo.E011"),
    ("JOB_LEASE_SECONDS", 0, "vmo.E009"),
    ("MAIL_DOMAIN", "vmo example.org", "vmo.E012"),
    ("MAIL_IN_PORT", 70000, "vmo.E013"),
    ("MAIL_IN_PORT", 8000, "vmo.E013"),
    ("MAIL_IN_PORT", 2525, "vmo.E014"),
    ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "vmo.E005"),
]


@pytest.fixture(autouse=True)
def hosts(settings: Settings) -> None:
    """pytest-django adds a host of its own; the checks shall see what a portal has."""
    settings.ALLOWED_HOSTS = ["localhost"]


def test_the_default_settings_are_right() -> None:
    assert checks.configuration(None) == []


@pytest.mark.parametrize(("name", "value", "id"), WRONG)
def test_a_wrong_setting_is_found(settings: Settings, name: str, value: object, id: str) -> None:
    # By object, not through the fixture: that would switch the clock and the databases of the tests.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "settings", Changed({name: value}))
        found = checks.configuration(None)
    assert [message.id for message in found] == [id]
    assert all(message.hint for message in found)


class Changed:
    """The settings, but for some."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def __getattr__(self, name: str) -> object:
        from django.conf import settings

        return self.values[name] if name in self.values else getattr(settings, name)


def test_two_equal_ports_are_found() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "settings", Changed({"PORT": 8000, "LIVE_PORT": 8000}))
        assert [message.id for message in checks.configuration(None)] == ["vmo.E004"]


@pytest.mark.django_db
def test_the_version_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.database_version(None, databases=["default"]) == []
    monkeypatch.setattr(checks, "OLDEST_POSTGRES", 990000)
    assert [message.id for message in checks.database_version(None, databases=["default"])] == ["vmo.E010"]


def test_a_number_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number, not 'eighty'"):
        env_int("PORT", 8000)
    monkeypatch.setenv("PORT", "")
    assert env_int("PORT", 8000) == 8000


def test_they_are_registered() -> None:
    assert not [message for message in run_checks() if str(message.id).startswith("vmo.E")]
