"""The Flow page: every widget answers in words, with its time, its freshness and the way to its rows."""

import re

import pytest
from django.test import Client

from tests.dashboards.conftest import WINDOW
from tests.dashboards.flow_cast import number_of_queries

PAGES: dict[str, list[str]] = {
    "/flow/": [
        "Where does work get stuck, and since when?",
        "How many items do we finish?",
        "How long does an item take once it is started?",
        "Does more come in than goes out?",
        "How much is in progress, and of what kind?",
        "How old is the work in progress?",
        "Where does work pile up?",
    ],
    "/flow/times/": [
        "How long does an item take once it is started?",
        "How are cycle times spread?",
        "Do items take longer or shorter than they did?",
        "What share of the time in progress is work?",
        "Where do items spend their time?",
        "Where has the work in progress spent its time so far?",
        "How long does an item take from its creation?",
        "How are lead times spread?",
    ],
    "/flow/ageing/": [
        "How old is the work in progress?",
        "Which items are about to be late?",
        "How much age has the work in progress gathered?",
    ],
    "/flow/blocked/": [
        "What blocks the work?",
        "How long was work blocked, and by what?",
        "Which items were blocked, and which are now?",
    ],
    "/flow/mix/": [
        "What kind of work do we finish?",
        "How does the mix of finished work change?",
        "How much is in progress, and of what kind?",
        "How much do we finish per iteration?",
    ],
}
SCOPES = ["team:falcon", "stream:payments", "portfolio"]


def page(client: Client, path: str = "/flow/", **params: str) -> str:
    answer = client.get(path, {**WINDOW, **params})
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("path", PAGES)
def test_every_widget_answers_with_its_time_and_freshness(leader: Client, scope: str, path: str) -> None:
    html, questions = page(leader, path, scope=scope), PAGES[path]
    assert re.findall(r"<h2>([^<]+)</h2>", html) == questions
    answers = re.findall(r'<p class="answer">([^<]+)</p>', html)
    assert len(answers) == len(questions)
    assert not [answer for answer in answers if re.search(r"nan|inf|None|n/a", answer, re.IGNORECASE)]
    assert html.count("as of 30 Jun 2025, 01:00" if scope == "team:falcon" else "as of 29 Jun 2025, 23:00") >= len(
        questions
    )
    assert html.count("Rows<span") == html.count("CSV<span") == html.count("Why?<span") == len(questions)


def test_figures_are_in_the_page_as_data_and_as_tables(leader: Client) -> None:
    html = page(leader, scope="team:falcon")
    assert html.count('<script id="figure-') == html.count("Data as a table") == len(PAGES["/flow/"])
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", html), "no inline script"
    assert "style=" not in html


def test_the_title_names_the_constraint(leader: Client) -> None:
    said = r"Heron: Ready for test holds the work up since the week of [^:]+: \d+ of \d+ items in progress stand there"
    html = page(leader, scope="team:heron", as_of="2025-06-29")
    assert re.search(f"<h1>{said}</h1>", html), re.findall("<h1>.*</h1>", html)


@pytest.mark.parametrize("path", PAGES)
def test_tabs_lead_to_the_other_pages_and_keep_what_was_asked(leader: Client, path: str) -> None:
    html = page(leader, path, scope="team:falcon", type="defect", p="50,90")
    tabs = re.findall(r'<nav class="tabs".*?</nav>', html, re.DOTALL)[0]
    links = dict(re.findall(r'href="([^"?]+)\?([^"]*)"', tabs))
    assert {*PAGES, "/items/", "/delivery/"} <= set(links)
    assert "/flow/compare/" not in links, "one team has nobody to stand beside"
    wanted = ("scope=team:falcon", "from=2025-04-01", "to=2025-06-29", "as_of=", "type=defect", "p=50,90")
    assert all(part in query for query in links.values() for part in wanted)
    assert re.search(rf'href="{path}\?[^"]*" aria-current="page"', tabs)


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


@pytest.mark.parametrize("path", [*PAGES, "/flow/compare/"])
def test_a_time_before_all_data_says_so_and_breaks_nothing(leader: Client, path: str) -> None:
    answer = leader.get(path, {"scope": "stream:payments", "as_of": "2001-01-01"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert not re.search(r"\bnan\b|Infinity|None\b(?! \w)", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))


@pytest.mark.parametrize("path", [*PAGES, "/flow/compare/"])
def test_the_number_of_queries_does_not_grow_with_the_items(leader: Client, path: str) -> None:
    few = number_of_queries(leader, path, **WINDOW | {"scope": "portfolio", "from": "2025-06-01"})
    assert number_of_queries(leader, path, **WINDOW | {"scope": "portfolio"}) == few


@pytest.mark.parametrize("path", [*PAGES, "/flow/compare/"])
def test_facets_hold_on_every_page(leader: Client, path: str) -> None:
    html = page(leader, path, scope="stream:payments", type="risk")
    assert "type=risk" in html
