"""The demo organisation as a running site, for tests that look at its pages."""

import os
import socket
import sys
import urllib.request
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import DjangoDbBlocker

from accounts.models import User
from tests.conftest import ROOT
from tests.demo import using
from tests.waiting import until
from vmo.services.processes import spawn


@pytest.fixture(scope="session")
def demo_site(demo_database: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    """The address of a server that shows the demo organisation's database; files come as they are in the tree."""
    log, port = tmp_path_factory.mktemp("site") / "site.log", free_port()
    database = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{demo_database}"))
    environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "DEBUG": "1"}
    command = [sys.executable, "manage.py", "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
    with log.open("wb") as output:
        process = spawn(command, log=output, cwd=ROOT, env=environment)
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/login/", process.poll, log), seconds=60, what="the site")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listened on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(url: str, ended: Callable[[], int | None], log: Path) -> bool:
    assert ended() is None, f"the site ended:\n{log.read_text()}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture
def on_site(
    chromium: Browser, demo_site: str, demo_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[Callable[..., Page], None, None]:
    """Call it with the first part of a demo address for a page in a browser where that person is logged in."""
    with ExitStack() as stack:

        def open_page(name: str = "pmo", width: int = 1280, **options: Any) -> Page:
            context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=demo_site, **options)
            stack.callback(context.close)
            context.set_default_timeout(30_000)
            with django_db_blocker.unblock(), using(demo_database):
                log_in(context, User.objects.get(email=f"{name}@demo.example"), demo_site)
            return context.new_page()

        yield open_page


def log_in(context: BrowserContext, user: User, url: str) -> None:
    """Give the browser a session of `user`, without the log-in page (which has its own test)."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
