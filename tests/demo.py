"""The demo organisation for tests: a part of it, loaded once per session into a database of its own.

A test that asks for `demo` runs on that database, inside a transaction that is rolled back; it must not ask for `db`
in another way (no django_db mark). Its history is half a year, to UNTIL, the same in every run.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from pytest_django import DjangoDbBlocker

FIRST, UNTIL = date(2024, 12, 30), date(2025, 6, 29)
AS_OF = datetime(2025, 6, 29, 23, tzinfo=UTC)
# Two of a stream that hand each other items, one that waits for procurement, one that deploys often.
TEAMS = ("falcon", "heron", "egret", "kite")


@contextmanager
def using(name: str) -> Iterator[None]:
    """Inside, the default connection leads to the database `name`."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _run(command: str) -> None:
    from django.db import connection

    with connection._nodb_cursor() as cursor:
        cursor.execute(command)


def load() -> None:
    """Load the part, and sync its sources here, as a worker would."""
    from connectors import sync
    from connectors.demo import actions
    from connectors.demo.world import BY_SLUG
    from connectors.models import SyncRun
    from core import jobs

    actions.load(today=UNTIL, first=FIRST, until=UNTIL, profiles=[BY_SLUG[slug] for slug in TEAMS])
    for run in actions.request_syncs(enqueue=False):
        claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
        assert claimed is not None
        sync.execute(claimed)
        assert claimed.state == "succeeded", claimed.error


@pytest.fixture(scope="session")
def demo_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[str, None, None]:
    """The name of a database that holds the part of the demo organisation."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_demo"
        _run(f'DROP DATABASE IF EXISTS "{name}"')
        _run(f'CREATE DATABASE "{name}"')
        try:
            with using(name):
                call_command("migrate", verbosity=0)
                load()
            yield name
        finally:
            _run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def demo_connection(demo_database: str, django_db_blocker: DjangoDbBlocker) -> Generator[None, None, None]:
    """The default connection leads to the demo's database: before the test's transaction begins, until it has ended."""
    with django_db_blocker.unblock(), using(demo_database):
        yield


@pytest.fixture
def demo(demo_connection: None, db: None) -> None:
    """Run the test on the demo's database."""
