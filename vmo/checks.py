"""Checks of the configuration, made at every start: each says what is wrong with which variable, and the remedy."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

OLDEST_POSTGRES = 150000
SHORTEST_KEY = 32
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
LOCAL_ADDRESSES = {"localhost", "127.0.0.1", "::1"}


def secret_key() -> Iterator[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or len(set(key)) < 8 or key.startswith("django-insecure-"):
        yield Error(
            "SECRET_KEY is too easy to guess.",
            hint=f"Give at least {SHORTEST_KEY} random characters, or none: then VMO_HOME/secret_key is made and used.",
            id="vmo.E001",
        )


def time_zone() -> Iterator[CheckMessage]:
    if settings.TIME_ZONE not in available_timezones():
        yield Error(
            f"TIME_ZONE {settings.TIME_ZONE!r} is not a time zone.", hint="For example Europe/Berlin.", id="vmo.E002"
        )


def ports() -> Iterator[CheckMessage]:
    for name in ("PORT", "LIVE_PORT"):
        if not 1 <= getattr(settings, name) <= 65535:
            yield Error(f"{name} is not a port.", hint="Give a number from 1 to 65535.", id="vmo.E003")
    if settings.PORT == settings.LIVE_PORT:
        yield Error("PORT and LIVE_PORT are the same.", hint="LIVE_PORT is by default PORT + 1.", id="vmo.E004")


def database_engine() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        yield Error(
            "DATABASE_URL is not the address of a PostgreSQL.",
            hint="For example postgresql://vmo:password@host:5432/vmo, version 15 or newer.",
            id="vmo.E005",
        )


def redis_address() -> Iterator[CheckMessage]:
    if settings.REDIS_URL.partition(":")[0] not in {"redis", "rediss", "unix"}:
        yield Error("REDIS_URL is not the address of a Redis.", hint="For example redis://host:6379/0.", id="vmo.E006")


def hosts() -> Iterator[CheckMessage]:
    if not settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS is empty.", hint="List the names under which browsers reach it.", id="vmo.E007")
    elif settings.HOST not in LOCAL_ADDRESSES and set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS:
        yield Warning(
            "HOST opens the portal to other machines, but ALLOWED_HOSTS lists only this one.",
            hint="Set ALLOWED_HOSTS to the names under which browsers reach it.",
            id="vmo.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning("ALLOWED_HOSTS allows every name.", hint="List the portal's own names.", id="vmo.W002")


def currency() -> Iterator[CheckMessage]:
    code = settings.CURRENCY
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        yield Error(f"CURRENCY {code!r} is not a currency code.", hint="For example EUR.", id="vmo.E008")


def periods() -> Iterator[CheckMessage]:
    if settings.JOB_LEASE_SECONDS < 2 or settings.JOB_SWEEP_SECONDS < 1:
        yield Error(
            "JOB_LEASE_SECONDS must be at least 2, JOB_SWEEP_SECONDS at least 1.",
            hint="Leave them out to have 60 and 10.",
            id="vmo.E009",
        )


def address() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PORTAL_URL)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Error(
            f"PORTAL_URL {settings.PORTAL_URL!r} is not an address.",
            hint="For example https://vmo.example.org; links in mails begin with it.",
            id="vmo.E011",
        )


DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def incoming_mail() -> Iterator[CheckMessage]:
    domain, port = settings.MAIL_DOMAIN, settings.MAIL_IN_PORT
    if domain and not DOMAIN.fullmatch(domain):
        hint = "For example vmo.example.org: the teams' addresses end with it."
        yield Error(f"MAIL_DOMAIN {domain!r} is not a domain.", hint=hint, id="vmo.E012")
    if port and (not 1 <= port <= 65535 or port in {settings.PORT, settings.LIVE_PORT}):
        hint = "Give a number from 1 to 65535 that PORT and LIVE_PORT do not use, or 0 to listen nowhere."
        yield Error(f"MAIL_IN_PORT {port} cannot be used.", hint=hint, id="vmo.E013")
    elif port and not domain:
        yield Error(
            "MAIL_IN_PORT is set, but MAIL_DOMAIN is not.",
            hint="Set MAIL_DOMAIN to the domain of the teams' addresses, or leave MAIL_IN_PORT out.",
            id="vmo.E014",
        )


CHECKS: tuple[Callable[[], Iterator[CheckMessage]], ...] = (
    secret_key,
    time_zone,
    ports,
    database_engine,
    redis_address,
    hosts,
    currency,
    periods,
    address,
    incoming_mail,
)


@register(Tags.security)
def configuration(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return [message for check in CHECKS for message in check()]


@register(Tags.database)
def database_version(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """PostgreSQL 15 or newer; asked only where a database may be asked (migrate, up, doctor)."""
    try:
        old = [name for name in databases or () if connections[name].pg_version < OLDEST_POSTGRES]  # type: ignore[attr-defined]
    except DatabaseError:
        return []  # whoever needs it will say so
    hint = "Version 15 or newer is needed."
    return [Error("DATABASE_URL is an old PostgreSQL.", hint=hint, id="vmo.E010") for _ in old]
