"""Lists of items, pull requests and deployments: search, filter, sort, pages, CSV."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics.models import Deployment, ItemFlow, PullRequest, WorkItem

LISTS = ["items", "pull-requests", "deployments"]


def html_of(client: Client, name: str, **params: str) -> str:
    answer = client.get(f"/{name}/", {"scope": "team:falcon", **params})
    assert answer.status_code == 200
    return answer.content.decode()


def keys(html: str) -> list[str]:
    return re.findall(r'<a href="/items/\d+/">([^<]+)</a>', html)


def csv_of(client: Client, name: str, **params: str) -> list[dict[str, str]]:
    answer = client.get(f"/{name}/", {"scope": "team:falcon", "format": "csv", **params})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_pages_and_leads_to_the_next(leader: Client, name: str) -> None:
    html = html_of(leader, name)
    assert re.search(r"1 to 50 of [\d,]+", html)
    assert "2 to" not in html
    second = html_of(leader, name, page="2")
    assert "51 to" in second
    assert set(re.findall(r'<tr>\s*<th scope="row">(.*?)</tr>', second, re.DOTALL)).isdisjoint(
        re.findall(r'<tr>\s*<th scope="row">(.*?)</tr>', html, re.DOTALL)
    )


def test_the_csv_holds_every_row_of_the_filter(leader: Client) -> None:
    falcon = ItemFlow.objects.filter(team__slug="falcon", item__deleted_at=None)
    assert len(csv_of(leader, "items")) == falcon.count()
    assert len(csv_of(leader, "items", state="done")) == falcon.filter(state="done").count() < falcon.count()
    of_falcon = PullRequest.objects.filter(source__team__slug="falcon")
    assert len(csv_of(leader, "pull-requests")) == of_falcon.count() > 0
    deployed = Deployment.objects.filter(service__team__slug="falcon")
    assert len(csv_of(leader, "deployments")) == deployed.count() > 0


def test_a_search_finds_the_start_of_a_key_and_words_of_a_title(leader: Client) -> None:
    item = WorkItem.objects.filter(team__slug="falcon").exclude(title="").latest("pk")
    assert item.key in keys(html_of(leader, "items", q=item.key.lower()))
    word = max(item.title.split(), key=len)
    found = csv_of(leader, "items", q=word)
    assert item.key in {row["key"] for row in found}
    assert all(word.lower() in row["title"].lower() for row in found)
    assert "Nothing found" in html_of(leader, "items", q="zzzzzz")


def test_sorting_puts_what_has_no_value_last(leader: Client) -> None:
    for by in ("cycle", "-cycle"):
        days = [row["cycle time (days)"] for row in csv_of(leader, "items", sort=by)]
        first_empty = days.index("")
        numbers = [int(day) for day in days[:first_empty]]
        assert numbers == sorted(numbers, reverse=by.startswith("-"))
        assert set(days[first_empty:]) == {""}


@pytest.mark.parametrize("params", [{"sort": "cycle; DROP"}, {"state": "nope"}, {"page": "99999"}, {"page": "x"}])
def test_bad_parameters_break_nothing(leader: Client, params: dict[str, str]) -> None:
    assert leader.get("/items/", {"scope": "team:falcon", **params}).status_code == 200


def test_cells_that_a_spreadsheet_would_run_are_made_text(leader: Client) -> None:
    WorkItem.objects.filter(pk=WorkItem.objects.filter(team__slug="falcon").latest("pk").pk).update(
        title='=HYPERLINK("http://example.org")'
    )
    titles = [row["title"] for row in csv_of(leader, "items") if "HYPERLINK" in row["title"]]
    assert titles == ['\'=HYPERLINK("http://example.org")']


def test_htmx_gets_the_rows_alone(leader: Client) -> None:
    answer = leader.get("/items/", {"scope": "team:falcon"}, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert keys(answer.content.decode())


@pytest.mark.parametrize("name", LISTS)
def test_a_page_costs_the_same_for_one_row_and_for_fifty(leader: Client, name: str) -> None:
    def queries(**params: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            html_of(leader, name, **params)
        return len(caught)

    known = {
        "items": WorkItem.objects.filter(team__slug="falcon"),
        "pull-requests": PullRequest.objects.filter(source__team__slug="falcon"),
        "deployments": Deployment.objects.filter(service__team__slug="falcon"),
    }
    one = known[name].latest("pk")
    q = {"items": "key", "pull-requests": "number", "deployments": "ref"}[name]
    html_of(leader, name)
    assert queries() == queries(q=str(getattr(one, q)))


def test_a_stranger_finds_no_item(as_demo: Callable[[str], Client]) -> None:
    other = WorkItem.objects.filter(team__slug="kite").latest("pk")
    assert as_demo("member").get(f"/items/{other.pk}/").status_code == 404
    assert as_demo("leader").get(f"/items/{other.pk}/").status_code == 200
