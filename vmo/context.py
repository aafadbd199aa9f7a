"""What every template may use."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from core import outbox
from impediments.views.logging import address_for
from portfolio.rules import Verb, can

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

# The jobs of the navigation, in order. One appears when the app that does it has its page (a URL of that name).
JOBS = [
    ("overview", "Overview", "home"),
    ("portfolio", "Portfolio", "portfolio"),
    ("objectives", "Objectives", "objectives"),
    ("flow", "Flow", "flow"),
    ("delivery", "Delivery", "delivery"),
    ("planning", "Planning", "planning"),
    ("impediments", "Impediments", "impediments"),
    ("improvement", "Improvement", "improvement"),
    ("sources", "Sources", "sources"),
    ("organisation", "Organisation", "organisation"),
]
THEMES = [("light", "Light theme", "sun"), ("system", "Theme as the system", "system"), ("dark", "Dark theme", "moon")]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the navigation; `key` is also its icon and what a view gives as `nav` to mark it."""

    key: str
    label: str
    url: str
    is_here: bool = False


def address(name: str) -> str:
    """The address of a page, or nothing while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def navigation(path: str) -> list[Entry]:
    """The jobs whose pages exist; the one whose address `path` begins with is here."""
    found = [(key, label, address(name)) for key, label, name in JOBS]
    return [
        Entry(key, label, url, path == url or (url != "/" and path.startswith(url))) for key, label, url in found if url
    ]


# Pages behind those, for the command palette: name, URL, the verb that opens it.
BEHIND: list[tuple[str, str, Verb | None]] = [
    ("Calendars", "calendars", None),
    ("People", "people", "administer"),
    ("Audit trail", "audit", "see_audit"),
    ("Notices", "notices", None),
    ("Profile", "profile", None),
    ("Password", "password", None),
    ("API tokens", "tokens", None),
    ("API documentation", "api-docs", None),
    ("Administration", "admin:index", "administer"),
]


def pages(user: "AbstractBaseUser") -> list[tuple[str, str]]:
    """Label and address of the pages that are open to `user` by their roles."""
    jobs = [(entry.label, entry.url) for entry in navigation("")]
    behind = [(label, address(name)) for label, name, verb in BEHIND if verb is None or can(user, verb)]
    return jobs + [(label, url) for label, url in behind if url]


def portal(request: HttpRequest) -> dict[str, Any]:
    """The navigation, the address of the live stream, the portal's currency and zone."""
    host = request.get_host().rsplit(":", 1)[0]
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    return {
        "live_url": settings.LIVE_URL or f"//{host}:{settings.LIVE_PORT}/live/",
        "live_poll_url": address("live-poll"),
        "live_poll_key_url": address("live-poll-key"),
        "currency": settings.CURRENCY,
        "time_zone": settings.TIME_ZONE,
        "navigation": navigation(request.path) if is_known else [],
        "themes": THEMES,
        "search_url": address("search") if is_known else "",
        "theme_url": address("theme"),
        "profile_url": address("profile"),
        "logout_url": address("logout"),
        "notices_url": address("notices") if is_known else "",
        "log_url": SimpleLazyObject(lambda: address_for(request) if is_known else ""),
        # Counted when the page's frame is rendered: parts of pages and answers to programs do not ask.
        "unread_notices": SimpleLazyObject(lambda: outbox.unread(user.pk) if user is not None and user.pk else 0),
        "foot_links": [{"label": "API", "url": url} for url in [address("api-docs")] if url],
    }
