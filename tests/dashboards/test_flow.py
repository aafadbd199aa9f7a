"""The Flow page: every widget answers in words, with its time, its freshness and the way to its rows."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.dashboards.conftest import WINDOW

QUESTIONS = [
    "How long does an item take once it is started?",
    "How many items do we finish?",
    "Where is flow stuck?",
    "How old is the work in progress?",
    "Where does work pile up?",
    "How much is in progress?",
    "Does more come in than goes out?",
    "What share of the time in progress is work?",
    "What kind of work do we finish?",
    "How much age has the work in progress gathered?",
    "How long does an item take from its creation?",
]


def page(client: Client, path: str = "/flow/", **params: str) -> str:
    answer = client.get(path, {**WINDOW, **params})
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.mark.parametrize("scope", ["team:falcon", "stream:payments", "portfolio"])
def test_every_widget_answers_with_its_time_and_freshness(leader: Client, scope: str) -> None:
    html = page(leader, scope=scope)
    for question in QUESTIONS:
        assert html.count(f"<h2>{question}</h2>") == 1, question
    answers = re.findall(r'<p class="answer">([^<]+)</p>', html)
    assert len(answers) == len(QUESTIONS)
    assert not [answer for answer in answers if re.search(r"nan|inf|None|n/a", answer, re.IGNORECASE)]
    assert html.count("as of 30 Jun 2025, 01:00" if scope == "team:falcon" else "as of 29 Jun 2025, 23:00") >= len(
        QUESTIONS
    )
    assert html.count("Rows<span") == html.count("CSV<span") == html.count("Why?<span") == len(QUESTIONS)
    assert html.count("synced ") >= len(QUESTIONS)


def test_figures_are_in_the_page_as_data_and_as_tables(leader: Client) -> None:
    html = page(leader, scope="team:falcon")
    assert html.count('<script id="figure-') == html.count("Data as a table") == len(QUESTIONS)
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", html), "no inline script"
    assert "style=" not in html


def test_the_title_says_the_finding(leader: Client) -> None:
    said = r"Falcon: 85\u00a0% of items take \d+ days or less, and [\w ]+ holds \d+\u00a0% of the time"
    assert re.search(f"<h1>{said}</h1>", page(leader, scope="team:falcon"))


def test_the_policy_allows_no_inline_style_but_an_empty_element(leader: Client) -> None:
    policy = leader.get("/flow/", WINDOW).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='" in policy


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"as_of": "yesterday-ish"}, "is neither a date such as 2026-02-14 nor an instant"),
        ({"as_of": "1900-01-01"}, "The year 1900 is outside"),
        ({"to": "2100-01-01"}, "The year 2100 is outside"),
        ({"from": "2025-05-02", "to": "2025-05-01"}, "a window starts before it ends"),
        ({"from": "1990-01-01"}, "A window has at most"),
        ({"from": "2025-02-30"}, "is not a date"),
        ({"from": "-3"}, "is not a date"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_usual_shown(leader: Client, params: dict[str, str], message: str) -> None:
    answer = leader.get("/flow/", {"scope": "team:falcon", **WINDOW, **params})
    assert answer.status_code == 400
    assert message in answer.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("scope", ["team:nobody", "stream:none", "nonsense", "team:", "portfolio:x"])
def test_a_scope_that_is_not_there_is_not_found(leader: Client, scope: str) -> None:
    assert leader.get("/flow/", {"scope": scope}).status_code == 404


def test_a_time_before_all_data_says_so_and_breaks_nothing(leader: Client) -> None:
    answer = leader.get("/flow/", {"scope": "team:falcon", "as_of": "2001-01-01"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert ">n/a<" in html
    assert not re.search(r"\bnan\b|Infinity|None", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))


def test_the_number_of_queries_does_not_grow_with_the_items(leader: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(60):
        leader.get("/flow/?" + urlencode({"scope": "portfolio", **WINDOW}))
