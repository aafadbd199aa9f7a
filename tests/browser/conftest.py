"""A real Chromium for the browser tests."""

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User
from tests.browser.pages import FLAGS
from tests.browser.site import demo_site, log_in, on_site  # noqa: F401 (fixtures)


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser, None, None]:
    """The browser of CHROMIUM, else the machine's, else Playwright's own."""
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    # Playwright runs an event loop in this thread; Django is not used from inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path if os.path.exists(path) else None, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def as_person(chromium: Browser, live_server: object) -> Generator[Callable[..., Page], None, None]:
    """Call it with a user (None: nobody) for a page in a browser where they are logged in."""
    with ExitStack() as stack:

        def open_page(user: User | None, width: int = 1280, **options: object) -> Page:
            context = chromium.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            if user is not None:
                log_in(context, user, live_server.url)  # type: ignore[attr-defined]
            return context.new_page()

        yield open_page
