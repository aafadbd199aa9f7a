"""The page of a source's data quality: what is wrong, how much, since when, and where to mend it."""

import csv
import io

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from connectors.models import Rejection, SyncRun
from core.models import JobState
from metrics.load import upsert
from metrics.models import Source
from metrics.rows import StatusRow, TransitionRow, WorkItemRow
from tests.cast import Cast
from tests.metrics.cast import at

URL = "/sources/board/quality/"
STATUSES = [
    StatusRow("open", "Open", "backlog", 0),
    StatusRow("dev", "Dev", None, 1),
    StatusRow("done", "Done", "done", 2),
]


@pytest.fixture
def source(cast: Cast) -> Source:
    cache.clear()
    found = Source.objects.create(slug="board", name="Board", tool="csv", team=cast.falcon, synced_at=timezone.now())
    upsert(found, STATUSES)
    return found


def item(source: Source, key: str, *, shown: str = "done", url: str = "") -> None:
    """An item that went from Open to Done on 4 March; `shown` is what the tool says it is in."""
    row = WorkItemRow(key, key, f"Title of {key}", url, status=shown, created_at=at("2025-03-03"))
    upsert(source, [row, TransitionRow(f"{key}-1", key, at("2025-03-04 09:00"), "open", "done")])


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    client.force_login(cast.pmo)
    return client


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"{URL}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_finding_says_what_it_means_and_where_to_mend_it(pmo: Client, source: Source) -> None:
    item(source, "A-1")
    html = page(pmo)
    assert "1 thing to look at, which changes figures: statuses without a state (1 status)." in html
    assert "items in them count as active" in html
    assert 'href="/sources/board/mapping/"' in html
    assert "changes figures" in html
    assert "as of now" in html


def test_who_may_not_change_the_source_sees_the_remedy_without_its_link(
    client: Client, cast: Cast, source: Source
) -> None:
    item(source, "A-1")
    client.force_login(cast.viewer)
    html = page(client)
    assert "Choose a state for each in the mapping" in html
    assert "/sources/board/mapping/" not in html


def test_the_list_of_a_finding_names_each_item_and_links_it_here_and_in_the_tool(pmo: Client, source: Source) -> None:
    item(source, "A-1", shown="open", url="https://jira.example.org/browse/A-1")
    html = page(pmo, "?show=status_differs")
    pk = source.items.get().pk
    assert f'<a href="/items/{pk}/">A-1</a>' in html
    assert "moved to Done last, but shown in Open" in html
    assert 'href="https://jira.example.org/browse/A-1"' in html


def test_a_long_list_is_paged_and_its_csv_has_all(pmo: Client, source: Source) -> None:
    for n in range(60):
        item(source, f"A-{n:02}", shown="open")
    assert "1 to 50 of 60 findings" in page(pmo, "?show=status_differs")
    assert "51 to 60 of 60 findings" in page(pmo, "?show=status_differs&page=2")
    answer = pmo.get(f"{URL}?show=status_differs&format=csv")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert rows[0] == ["what", "title", "when", "finding", "address in the tool"]
    assert len(rows) == 61
    assert rows[1][0] == "A-00"


def test_a_clean_source_says_that_there_is_nothing_to_mend(pmo: Client, source: Source) -> None:
    source.statuses.filter(external_id="dev").update(state="active")
    item(source, "A-1")
    html = page(pmo)
    assert "Nothing to mend: " in html
    assert "Checked, and fine" in html


def test_a_source_without_data_teaches(pmo: Client, cast: Cast) -> None:
    Source.objects.create(slug="board", name="Board", tool="csv", team=cast.falcon)
    html = page(pmo)
    assert "Nothing to check yet: the source has delivered nothing." in html
    assert "the source has delivered no work items" in html


def test_rejected_records_lead_to_their_run(pmo: Client, source: Source) -> None:
    runs = [SyncRun.objects.create(source=source, state=JobState.FAILED, finished_at=timezone.now()) for _ in range(2)]
    for run in runs:
        Rejection.objects.create(source=source, run=run, place="line 7", reason="at is not a time")
    Rejection.objects.create(source=source, run=runs[0], place="line 9", reason="key is empty")
    html = page(pmo, "?show=rejected")
    assert "Records that could not be used: 2 records" in html
    assert "at is not a time" in html
    assert f'href="/sources/board/runs/{runs[1].pk}/"' in html


@pytest.mark.parametrize("query", ["?show=nonsense", "?show=nonsense&format=csv"])
def test_a_check_that_is_not_there_is_not_found(pmo: Client, source: Source, query: str) -> None:
    assert pmo.get(f"{URL}{query}").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "9" * 40])
def test_an_odd_page_shows_a_page(pmo: Client, source: Source, number: str) -> None:
    item(source, "A-1", shown="open")
    assert "A-1" in page(pmo, f"?show=status_differs&page={number}")


def test_programs_get_the_same(pmo: Client, source: Source) -> None:
    item(source, "A-1", shown="open")
    answer = pmo.get("/api/v1/sources/board/quality/?show=status_differs").json()
    assert answer["summary"].startswith("2 things to look at, both change figures: ")
    checks = {check["key"]: check for check in answer["checks"]}
    assert checks["unmapped_statuses"]["count"] == 1
    assert checks["same_key"]["count"] == 0
    assert checks["without_points"] | {"meaning": "", "remedy": ""} == {
        "key": "without_points",
        "title": "Items without points",
        "count": None,
        "severity": "changes figures",
        "meaning": "",
        "remedy": "",
        "reason": "no team that holds these items plans in points",
    }
    assert [line["name"] for line in answer["findings"]] == ["A-1"]


@pytest.mark.parametrize("query", ["show=nonsense", "show=status_differs&offset=-1", "show=status_differs&offset=x"])
def test_programs_are_told_what_is_wrong(pmo: Client, source: Source, query: str) -> None:
    assert pmo.get(f"/api/v1/sources/board/quality/?{query}").status_code == 400
