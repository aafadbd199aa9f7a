"""Pages as of a past day: they say what pages of a portal say that holds only what had happened by then."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import User
from metrics.models import Deployment, ItemFlow, PullRequest, Source, Transition, WorkItem
from metrics.registry import METRICS
from portfolio.models import Grant
from tests.dashboards.conftest import WINDOW
from tests.metrics.test_as_of import cut, delivered, load
from tests.metrics.test_flow_naive import Undone, board, until  # noqa: F401 (board is a fixture)

# The end of a day in the middle of the demo's half year.
THEN = "2025-04-15"
END = datetime(2025, 4, 15, 22, tzinfo=UTC)  # midnight in Berlin
STATUSES = {"Idea": "backlog", "build": "active", "Wait": "waiting", "Shipped": "done"}


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-03-{text}").replace(tzinfo=UTC)


def item(key: str, created: str, *moves: tuple[str, str, str], team: str = "falcon", **fields: Any) -> dict[str, Any]:
    steps = [(day(at), before, after) for at, before, after in moves]
    status = steps[-1][2] if steps else "Idea"
    plain = {"key": key, "created": day(created), "status": status, "team": team, "kind": "feature"}
    return plain | {"moves": steps, "team_moves": [], "blocks": []} | fields


# T is 12 March: before, at the same day and after it.
T = day("12 12:00")
LOG = {
    "teams": {"falcon": "Europe/Berlin", "kestrel": "America/New_York"},
    "statuses": STATUSES,
    "items": [
        item("A-0", "03", ("04", "Idea", "build"), ("09", "build", "Shipped"), ("20", "Shipped", "build")),
        item("A-1", "05", ("06", "Idea", "build"), ("14", "build", "Wait"), blocks=[(day("07"), day("25"))]),
        item("A-2", "11", ("18", "Idea", "build"), kind="defect"),
        item("A-3", "16"),
        item("A-4", "05", ("06", "Idea", "build"), ("21", "build", "Shipped"), team="kestrel",
             team_moves=[(day("15"), "falcon", "kestrel")]),
    ],
}  # fmt: skip


def words(html: str) -> str:
    """What a page says, and its figures' data; ids of rows, which differ between databases, left out."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", html)
    html = re.sub(r"/(items|explain)/\d+/", r"/\1/N/", html)
    figures = re.sub(r'"ids": ?\[[\d, ]*\]', "", " ".join(re.findall(r"application/json\">(.*?)</script>", html)))
    figures = re.sub(r'"customdata": ?\[[^\]]*\]', "", figures)
    html = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", strip_tags(html.split("<main", 1)[1])) + figures


PAGES = [
    "/", "/flow/", "/delivery/", "/items/", "/pull-requests/", "/deployments/", "/explain/cycle_time/",
    "/explain/wip/", "/explain/change_lead_time/", "/explain/throughput/",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("scope", ["team:falcon", "stream:payments", "portfolio"])
def test_pages_of_the_whole_log_as_of_t_are_those_of_the_log_cut_at_t(board: Source, scope: str) -> None:  # noqa: F811
    leader = User.objects.create_user("leo@example.org", "x", name="Leo")
    Grant.objects.create(user=leader, role="leader")
    client, said = Client(), []
    client.force_login(leader)
    params = {"scope": scope, "from": "2025-02-20", "to": "2025-03-31", "as_of": T.isoformat()}
    delivery = delivered(6)
    for is_cut in (False, True):
        with Undone():
            load(board, until(LOG, T) if is_cut else LOG, cut(delivery, T) if is_cut else delivery)
            Source.objects.update(synced_at=timezone.now())
            said.append({page: words(client.get(page, params, follow=True).content.decode()) for page in PAGES})
    for page in PAGES:
        assert said[0][page] == said[1][page], page
    assert "A-0" in said[0]["/items/"]
    assert "A-3" not in said[0]["/items/"]


def csv_lines(client: Client, name: str, **params: str) -> list[str]:
    answer = client.get(f"/{name}/", {"scope": "team:falcon", "format": "csv", **params})
    return b"".join(answer.streaming_content).decode().splitlines()[1:]  # type: ignore[attr-defined]


def test_the_list_of_items_holds_what_was_there_then(leader: Client) -> None:
    rows = csv_lines(leader, "items", as_of=THEN)
    then = ItemFlow.objects.filter(created_at__lt=END, item__deleted_at=None, team__slug="falcon")
    later = set(ItemFlow.objects.filter(created_at__gte=END).values_list("item__key", flat=True))
    keys = {row.split(",")[0] for row in rows}
    assert later
    assert not keys & later
    # Those that never change teams are there, whatever became of them.
    stayed = then.filter(teams__len=1).values_list("item__key", flat=True)
    assert set(stayed) <= keys
    assert len(csv_lines(leader, "items", as_of=THEN, state="done")) < len(rows)


def test_an_item_finished_later_is_open_in_the_list_and_on_its_page(leader: Client) -> None:
    row = ItemFlow.objects.filter(team__slug="falcon", started_at__lt=END, finished_at__gt=END, teams__len=1)
    one = row.select_related("item").latest("finished_at")
    line = next(line for line in csv_lines(leader, "items", as_of=THEN) if line.startswith(f"{one.item.key},"))
    assert ",done," not in line
    assert line.endswith(",,,"), "not finished, no cycle time, no lead time"
    page = f"/items/{one.item_id}/"
    html = leader.get(page, {"as_of": THEN}).content.decode()
    assert "not finished" in html
    moves = Transition.objects.filter(item=one.item)
    assert html.count('<th scope="row">') == moves.filter(at__lt=END).count() + 1 < moves.count() + 1
    assert "not finished" not in leader.get(page).content.decode()


def test_the_page_of_an_item_that_was_not_there_yet_says_so_and_leads_to_today(leader: Client) -> None:
    row = ItemFlow.objects.filter(team__slug="falcon", created_at__gt=END).latest("created_at")
    answer = leader.get(f"/items/{row.item_id}/", {"as_of": THEN})
    assert answer.status_code == 404
    html = answer.content.decode()
    assert "It was not there yet" in html
    assert f'href="/items/{row.item_id}/"' in html


def test_pull_requests_merged_later_are_open(leader: Client) -> None:
    rows = PullRequest.objects.filter(source__team__slug="falcon")
    opened = rows.filter(opened_at__lt=END)
    assert len(csv_lines(leader, "pull-requests", as_of=THEN)) == opened.count() < rows.count()
    open_then = opened.exclude(merged_at__lt=END).exclude(closed_at__lt=END).count()
    assert len(csv_lines(leader, "pull-requests", as_of=THEN, state="open")) == open_then
    merged = opened.filter(merged_at__lt=END).count()
    assert len(csv_lines(leader, "pull-requests", as_of=THEN, state="merged")) == merged < opened.count()


def test_deployments_finished_later_are_not_there(leader: Client) -> None:
    rows = Deployment.objects.filter(service__team__slug="falcon")
    there = rows.filter(finished_at__lt=END)
    assert len(csv_lines(leader, "deployments", as_of=THEN)) == there.count() < rows.count()


@pytest.mark.parametrize("name", ["items", "pull-requests", "deployments"])
def test_the_api_lists_what_the_page_lists(leader: Client, name: str) -> None:
    path, found = f"/api/v1/{name}/?scope=team:falcon&as_of={THEN}", []
    while path:
        answer = leader.get(path).json()
        found += answer["results"]
        path = answer["next"]
    key = {"items": "key", "pull-requests": "number", "deployments": "ref"}[name]
    lines = csv_lines(leader, name, as_of=THEN)
    assert sorted(str(row[key]) for row in found) == sorted(line.split(",")[0].lstrip("'") for line in lines)
    if name == "items":
        ids = [row["id"] for row in found]
        assert ids == sorted(ids, reverse=True)
        assert all(row["finished_at"] is None for row in found if row["state"] != "done")


def test_links_between_pages_keep_the_day(leader: Client) -> None:
    params = {"scope": "team:falcon", "as_of": THEN}
    html = leader.get("/items/", params).content.decode()
    assert re.search(rf'href="/items/\d+/\?as_of={THEN}"', html)
    for page in ("/items/", "/pull-requests/", "/deployments/", "/flow/", "/delivery/", "/explain/cycle_time/"):
        html = leader.get(page, params).content.decode()
        crumbs_and_tabs = re.findall(r'href="(/(?:flow|delivery|items|pull-requests|deployments)/[^"]*)"', html)
        inside = [link for link in crumbs_and_tabs if "scope=" in link]
        assert inside, page
        assert all(f"as_of={THEN}" in link for link in inside), page
    one = ItemFlow.objects.filter(team__slug="falcon", created_at__lt=END).latest("created_at")
    html = leader.get(f"/items/{one.item_id}/", {"as_of": THEN}).content.decode()
    assert re.search(rf'<a href="/items/\?scope=team:[a-z]+[^"]*as_of={THEN}', html)


def test_the_filter_of_a_list_keeps_the_day_and_the_choice_of_items(leader: Client) -> None:
    html = leader.get("/items/", {"scope": "team:falcon", "as_of": THEN, "class": "Expedite"}).content.decode()
    form = html.split('class="filters"')[1].split("</form>")[0]
    assert f'name="as_of" value="{THEN}"' in form
    assert 'name="class" value="Expedite"' in form


def test_a_past_page_costs_the_same_for_one_row_and_for_fifty(
    leader: Client, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(**params: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert leader.get("/items/", {"scope": "team:falcon", "as_of": THEN, **params}).status_code == 200
        return len(caught)

    queries()
    one = WorkItem.objects.filter(team__slug="falcon", created_at__lt=END).earliest("created_at")
    assert queries(q=one.key, sort="key") == queries(q="FAL", sort="key")


def test_freshness_of_a_past_day_says_whether_everything_is_known(leader: Client) -> None:
    cache.clear()
    html = leader.get("/", {**WINDOW, "as_of": THEN}).content.decode()
    assert "Complete: every source has synced since then." in html
    Source.objects.filter(team__slug="heron").update(synced_at=END - timedelta(days=3))
    html = leader.get("/", {**WINDOW, "as_of": THEN}).content.decode()
    assert "not synced since then." in html
    assert "stale: last synced 3 days before" in html


@pytest.mark.parametrize("path", ["/", "/flow/", "/delivery/", "/items/", "/explain/wip/"])
def test_a_day_to_come_is_refused_in_words_and_today_is_now(leader: Client, path: str) -> None:
    later = (timezone.now() + timedelta(days=3)).date().isoformat()
    answer = leader.get(path, {"scope": "stream:payments", "as_of": later})
    assert answer.status_code == 400
    assert f"“{later}” has not come yet" in answer.content.decode()
    today = timezone.localdate().isoformat()
    answer = leader.get(path, {"scope": "stream:payments", "as_of": today})
    assert answer.status_code == 200
    assert 'aria-current="true"><span class="name">Now</span>' in answer.content.decode()


def test_every_measure_is_explained_as_of_the_day(as_demo: Callable[[str], Client]) -> None:
    client = as_demo("leader")
    for key in METRICS:
        answer = client.get(f"/explain/{key}/", {"scope": "team:falcon", "as_of": THEN})
        assert answer.status_code == 200, key
        html = answer.content.decode()
        assert "That is a fault of the portal" not in html, key
        links = re.findall(r'<a href="(/items/\d+/[^"]*)"', html)
        assert all(link.endswith(f"?as_of={THEN}") for link in links), key
