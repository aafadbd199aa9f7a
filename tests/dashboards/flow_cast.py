"""A board of team Falcon (stream Payments) whose pages can be told by hand, and pages read as people read them."""

import html
import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from metrics.load import upsert
from metrics.models import Source
from portfolio.models import Grant
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES

# 3 March 2025 is a Monday: from there four full weeks to Sunday, 30 March.
FOUR_WEEKS = {"scope": "team:falcon", "from": "2025-03-03", "to": "2025-03-30", "as_of": "2025-03-30"}
PAGES = ("/flow/", "/flow/times/", "/flow/ageing/", "/flow/blocked/", "/flow/mix/")


@dataclass(frozen=True)
class Said:
    """What a widget says; `html` is all of it."""

    question: str
    answer: str
    trend: str
    tag: str
    html: str


@dataclass(frozen=True)
class Shown:
    """A page: its heading, and its widgets by question."""

    heading: str
    widgets: dict[str, Said]
    html: str


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return html.unescape(found[1]).strip().replace("\u00a0", " ").replace("\u202f", " ") if found else ""


def read(text: str) -> Shown:
    """What a page says, with plain spaces."""
    widgets = [
        Said(
            _first(r"<h2>(.*?)</h2>", one),
            _first(r'class="answer">(.*?)<', one),
            _first(r'class="trend">(.*?)<', one),
            _first(r'class="tag[^>]*>(.*?)<', one),
            one,
        )
        for one in re.findall(r'<section class="widget.*?</section>', text, re.DOTALL)
    ]
    return Shown(_first(r"<h1>(.*?)</h1>", text), {one.question: one for one in widgets}, text)


def show(client: Client, path: str = "/flow/", **params: Any) -> Shown:
    answer = client.get(path, {**FOUR_WEEKS, **params})
    assert answer.status_code == 200, answer.content[:500]
    return read(answer.content.decode())


def cells(text: str) -> list[list[str]]:
    """The cells of the rows of a widget's own tables (those of its figure are not among them)."""
    bodies = re.findall(r'<table class="table rows.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in "".join(bodies).split("<tr>")[1:]]
    return [[_first(r"(.*)", re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in rows]


def number_of_queries(client: Client, path: str, **params: Any) -> int:
    """How many queries a page makes with nothing in the cache."""
    from django.db import connection

    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        show(client, path, **params)
    return len(queries)


@pytest.fixture
def board(db: None) -> Source:
    """Falcon's board, still empty."""
    made = source(team("falcon"), synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


@pytest.fixture
def reader(db: None) -> Client:
    """Somebody who sees everything."""
    user = User.objects.create_user(email="reader@example.org", password="A long pass-phrase", name="Reader")
    Grant.objects.create(user=user, role="leader")
    client = Client()
    client.force_login(user)
    return client
