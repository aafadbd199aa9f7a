"""Whether the portal can work: what /healthz answers and `manage.py doctor` starts with."""

import socket
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def problems() -> dict[str, str]:
    """What is wrong, by part ("database", "redis", "migrations"); empty when all is well."""
    found: dict[str, str] = {}
    for part, check in CHECKS.items():
        answer = check()
        if answer:
            found[part] = answer
            if part == "database":
                break  # the others need it
    return found


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"does not answer: {str(error).strip().splitlines()[0]}"
    return ""


def migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not missing:
        return ""
    return f"{len(missing)} not applied: run `python manage.py migrate`"


def broker() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        return f"does not answer: {error}"
    return ""


def listens(host: str, port: int) -> str:
    """Whether somebody takes connections there; empty when so."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        return f"nobody listens on {host} port {port} ({error.strerror or error})"
    return ""


CHECKS: dict[str, Callable[[], str]] = {"database": database, "migrations": migrations, "redis": broker}
