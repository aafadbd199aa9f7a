"""The Limits page: each chart answers in words, says its signals and limits, and takes a change of the process."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics import actions, load
from metrics.models import CHARTED, Baseline
from portfolio.models import Grant, Role
from tests.cast import Cast
from tests.dashboards.conftest import WINDOW
from tests.metrics.cast import at, source
from tests.metrics.test_behaviour import finish, weeks_on
from tests.metrics.test_flow import STATUSES

# Eight weeks of 4 and 6 finished items, then eight of 1 and 2; from 6 January to 27 April 2025.
CHANGED = weeks_on(8)
COUNTS = [4, 6] * 4 + [1, 2] * 4
ASKED = {"scope": "team:falcon", "from": "2025-01-06", "to": "2025-04-27", "as_of": "2025-04-28"}
QUERY = "scope=team:falcon&from=2025-01-06&to=2025-04-27&as_of=2025-04-28"


@pytest.fixture
def falcon(cast: Cast) -> Cast:
    board = source(cast.falcon, synced_at=at("2025-01-01"))
    load.upsert(board, STATUSES)
    finish(board, COUNTS)
    return cast


def logged_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.person(name))
    return client


def page(client: Client, status: int = 200, **params: str) -> str:
    answer = client.get("/flow/limits/", {**ASKED, **params})
    assert answer.status_code == status, answer.content[:500]
    return unescape(answer.content.decode())


def widget(html: str, measure: str) -> str:
    """What the page says about a measure."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split(f'id="{measure}"')[1].split("</section>")[0]))


def answer(html: str, measure: str) -> str:
    found = re.search(r'<p class="answer">([^<]+)</p>', html.split(f'id="{measure}"')[1])
    assert found
    return found[1]


def baseline(cast: Cast, starts_on: date = CHANGED, measure: str = "throughput") -> Baseline:
    return actions.set_baseline(
        actor=cast.coach, place=cast.falcon, measure=measure, starts_on=starts_on, reason="WIP limit"
    )


def test_each_chart_asks_and_answers(falcon: Cast) -> None:
    html = page(logged_in(falcon, "viewer"))
    for question in (
        "Do we finish as many items a week as usual?",
        "Does as much work come in a week as usual?",
        "Is as much in progress as usual?",
        "Is the work in progress as old as usual?",
        "Does an item take as long as usual?",
    ):
        assert html.count(f"<h2>{question}</h2>") == 1
    # One process of 16 weeks: mean 3.25, limits up to 7.86 (see tests/metrics/test_behaviour.py).
    assert answer(html, "throughput") == (
        "Usually 0 to 7.9 a week since 6 Jan; 2 signals, the latest: weeks of 3 Mar to 21 Apr: 8 in a row below the "
        "mean 3.2."
    )
    assert "Weeks of 6 Jan to 24 Feb: 8 in a row above the mean 3.2" in widget(html, "throughput")
    # Every item takes three days.
    assert answer(html, "cycle_time") == "Within its usual 3 to 3 days since 6 Jan; no signal."
    assert "Falcon: throughput and arrivals changed by more than noise in the last 4 weeks" in html


def test_a_baseline_splits_the_chart_and_says_why(falcon: Cast) -> None:
    baseline(falcon)
    html = page(logged_in(falcon, "viewer"))
    assert answer(html, "throughput") == "Within its usual 0 to 4.2 a week since 3 Mar; no signal."
    said = widget(html, "throughput")
    assert "Mean 1.5 a week since 3 Mar (“WIP limit”), 5 a week before." in said
    assert "Since 3 Mar : mean 1.5, limits 0 to 4.2, from 8 weeks WIP limit · Cora Lind" in said
    assert "6 Jan to 2 Mar : mean 5, limits 0 to 10.3, from 8 weeks" in said
    assert "None: what moves here is noise." in said
    assert answer(html, "arrivals").startswith("Usually 0 to 7.9 a week"), "the others keep theirs"


def test_the_figure_has_a_piece_per_segment_and_a_line_at_the_change(falcon: Cast) -> None:
    baseline(falcon)
    html = page(logged_in(falcon, "viewer"))
    spec = json.loads(html.split('id="throughput"')[1].split('type="application/json">')[1].split("</script>")[0])
    points, *lines = spec["data"]
    assert points["y"] == COUNTS
    # Between the points of two Mondays: three and a half days before the first week, after the last.
    begin, cut, end = "2025-01-02T12:00:00", "2025-02-27T12:00:00", "2025-04-24T12:00:00"
    assert [(line["x"], line["y"][0]) for line in lines[:-1]] == [
        ([begin, cut], 5), ([begin, cut], pytest.approx(10.32)), ([begin, cut], 0),
        ([cut, end], 1.5), ([cut, end], pytest.approx(4.16)), ([cut, end], 0),
    ]  # fmt: skip
    assert (lines[-1]["x"], lines[-1]["name"]) == ([cut, cut], "3 Mar: WIP limit")
    texts = [note["text"] for note in spec["layout"]["annotations"]]
    assert {"3 Mar: WIP limit", "mean 1.5", "limit 4.2", "limit 0"} < set(texts)


def test_a_reason_is_text_wherever_it_stands(falcon: Cast) -> None:
    mark = baseline(falcon)
    actions.change_baseline(actor=None, baseline=mark, reason="<b>bold</b> & <script>alert(1)</script>")
    raw = logged_in(falcon, "viewer").get("/flow/limits/", ASKED).content.decode()
    assert "<b>bold" not in raw
    assert "<script>alert" not in raw
    spec = json.loads(raw.split('id="throughput"')[1].split('type="application/json">')[1].split("</script>")[0])
    assert not [note for note in spec["layout"]["annotations"] if "<b>" in note["text"]]


def test_a_change_before_the_window_is_one_click_away(falcon: Cast) -> None:
    baseline(falcon)
    html = page(logged_in(falcon, "viewer"), 200, **{"from": "2025-04-07"})
    # Limits of all eight weeks since the change, though three are shown; half a year (182 days) before it.
    assert "Since 3 Mar : mean 1.5, limits 0 to 4.2, from 8 weeks" in widget(html, "throughput")
    assert "from=2024-09-02&to=2025-04-27" in html


def test_a_later_baseline_is_named_but_not_drawn(falcon: Cast) -> None:
    baseline(falcon, date(2025, 5, 5))
    html = page(logged_in(falcon, "viewer"))
    assert "The baseline of 5 May 2025 (throughput: WIP limit) is after what is shown here." in html
    assert answer(html, "throughput").startswith("Usually 0 to 7.9 a week since 6 Jan")


def test_who_may_not_is_offered_no_form(falcon: Cast) -> None:
    mark = baseline(falcon)
    seen = page(logged_in(falcon, "viewer"))
    assert "The process changed on …" not in seen
    assert "/flow/limits/baselines/" not in seen
    offered = page(logged_in(falcon, "coach"))
    assert offered.count("The process changed on …") == len(CHARTED)
    assert f"/flow/limits/baselines/{mark.pk}/remove/" in offered


def test_saying_when_the_process_changed(falcon: Cast) -> None:
    coach = logged_in(falcon, "coach")
    sent = {"measure": "throughput", "starts_on": "2025-03-03", "reason": "WIP limit", "ends_on": "2025-04-27"}
    done = coach.post(f"/flow/limits/?{QUERY}", sent, follow=True)
    assert done.redirect_chain[-1][0].endswith("#throughput")
    assert "New limits from 3 Mar 2025 on: WIP limit." in done.content.decode()
    made = Baseline.objects.get()
    assert (made.team, made.measure, made.ends_on) == (falcon.falcon, "throughput", date(2025, 4, 27))
    assert made.made_by == falcon.coach


def test_a_change_for_all_charts(falcon: Cast) -> None:
    sent = {"measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit", "for_all": "on"}
    logged_in(falcon, "coach").post(f"/flow/limits/?{QUERY}", sent)
    assert {row.measure for row in Baseline.objects.all()} == {key for key, _ in CHARTED}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"starts_on": ""}, "This field is required."),
        ({"starts_on": "31.2."}, "Enter a valid date."),
        ({"starts_on": "2100-01-01"}, "This day is still to come"),
        ({"starts_on": "1950-01-01"}, "Records begin in 1970"),
        ({"reason": ""}, "This field is required."),
        ({"ends_on": "2025-03-09"}, "the earliest last day is 27 Apr 2025"),
        ({"starts_on": "2025-01-06"}, "There is a baseline from 6 Jan 2025 on already."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(
    falcon: Cast, fields: dict[str, str], message: str
) -> None:
    baseline(falcon, date(2025, 1, 6))
    sent = {"measure": "throughput", "starts_on": "2025-03-03", "reason": "Pairing, all day", "ends_on": ""} | fields
    html = logged_in(falcon, "coach").post(f"/flow/limits/?{QUERY}", sent).content.decode()
    own = html.split('id="throughput"')[1].split("</section>")[0]
    assert message in unescape(own.split('<details class="more" open>')[1])
    assert html.count('<details class="more" open>') == 1
    if fields.get("reason") != "":
        assert 'value="Pairing, all day"' in own
    assert Baseline.objects.count() == 1


def test_a_chart_that_is_not_there_is_not_found(falcon: Cast) -> None:
    sent = {"measure": "cfd", "starts_on": "2025-03-03", "reason": "WIP limit"}
    assert logged_in(falcon, "coach").post(f"/flow/limits/?{QUERY}", sent).status_code == 404


def test_changing_one(falcon: Cast) -> None:
    mark, coach = baseline(falcon), logged_in(falcon, "coach")
    address = f"/flow/limits/baselines/{mark.pk}/?{QUERY}"
    assert 'value="2025-03-03"' in coach.get(address).content.decode()
    wrong = coach.post(address, {"starts_on": "2100-01-01", "reason": "Pairing"}).content.decode()
    assert "This day is still to come" in wrong
    assert 'value="Pairing"' in wrong
    right = coach.post(address, {"starts_on": "2025-03-10", "reason": "Pairing"})
    assert right.headers["Location"].endswith("#throughput")
    assert ASKED["as_of"] in right.headers["Location"]
    mark.refresh_from_db()
    assert (mark.starts_on, mark.reason) == (date(2025, 3, 10), "Pairing")


def test_removing_can_be_undone(falcon: Cast) -> None:
    mark, coach = baseline(falcon), logged_in(falcon, "coach")
    actions.change_baseline(actor=None, baseline=mark, ends_on=date(2025, 4, 27), reason="Limit & pairs")
    done = coach.post(f"/flow/limits/baselines/{mark.pk}/remove/?{QUERY}", follow=True)
    assert not Baseline.objects.exists()
    undo = re.search(r'<form method="post" action="(/flow/limits/baselines/restore/[^"]+)"', done.content.decode())
    assert undo
    coach.post(unescape(undo[1]))
    again = Baseline.objects.get()
    assert (again.team, again.measure, again.starts_on) == (falcon.falcon, "throughput", CHANGED)
    assert (again.ends_on, again.reason) == (date(2025, 4, 27), "Limit & pairs")


def test_removing_from_elsewhere_is_undone_where_it_was(falcon: Cast) -> None:
    """The address asks for another scope; the baseline stays the team's."""
    mark, leader = baseline(falcon), logged_in(falcon, "leader")
    done = leader.post(f"/flow/limits/baselines/{mark.pk}/remove/?scope=portfolio", follow=True)
    undo = re.search(r'action="(/flow/limits/baselines/restore/[^"]+)"', done.content.decode())
    assert undo
    leader.post(unescape(undo[1]))
    assert Baseline.objects.get().team == falcon.falcon


def test_the_weeks_as_csv(falcon: Cast) -> None:
    baseline(falcon)
    coach = logged_in(falcon, "coach")
    answer = coach.get("/flow/limits/", {**ASKED, "measure": "throughput", "format": "csv"})
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert [int(row["value"]) for row in rows] == COUNTS
    assert (rows[0]["week"], rows[0]["mean"], rows[0]["baseline from"]) == ("2025-01-06", "5.0", "")
    assert (rows[8]["mean"], rows[8]["baseline from"], rows[8]["reason"]) == ("1.5", "2025-03-03", "WIP limit")


def test_as_many_queries_for_three_baselines_as_for_one(falcon: Cast) -> None:
    coach = logged_in(falcon, "coach")

    def queries(day: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            page(coach, as_of=day)
        return len(seen)

    baseline(falcon)
    one = queries("2025-04-29")
    for measure in ("wip", "cycle_time"):
        baseline(falcon, measure=measure)
    baseline(falcon, CHANGED + timedelta(weeks=2))
    assert queries("2025-04-30") == one


@pytest.mark.parametrize("scope", ["stream:payments", "portfolio"])
def test_streams_and_the_portfolio_have_baselines_of_their_own(falcon: Cast, scope: str) -> None:
    leader = logged_in(falcon, "leader")
    sent = {"measure": "wip", "starts_on": "2025-03-03", "reason": "New policy"}
    leader.post(f"/flow/limits/?scope={scope}", sent)
    made = Baseline.objects.get()
    assert (made.team, made.stream) == (None, falcon.payments if scope == "stream:payments" else None)
    assert "New policy" in widget(page(leader, scope=scope), "wip")
    assert "New policy" not in widget(page(leader), "wip")


def test_a_coach_of_one_stream_sets_none_for_the_portfolio(falcon: Cast) -> None:
    Grant.objects.create(user=falcon.coach, role=Role.VIEWER)
    coach = logged_in(falcon, "coach")
    assert "The process changed on …" not in page(coach, scope="portfolio")
    sent = {"measure": "wip", "starts_on": "2025-03-03", "reason": "New policy"}
    assert coach.post("/flow/limits/?scope=portfolio", sent).status_code == 403
    assert not Baseline.objects.exists()


def test_where_there_is_nothing_it_says_so(cast: Cast) -> None:
    html = page(logged_in(cast, "viewer"))
    assert "Falcon: too little data to tell signals from noise" in html
    assert "n/a" in widget(html, "wip")


def test_what_cannot_be_shown_is_said(falcon: Cast) -> None:
    assert "is not a date" in page(logged_in(falcon, "viewer"), status=400, **{"from": "yesterday"})


@pytest.mark.parametrize("scope", ["team:kite", "stream:payments", "portfolio"])
def test_every_chart_of_the_demo_answers(as_demo: Callable[[str], Client], scope: str) -> None:
    html = as_demo("leader").get("/flow/limits/", {**WINDOW, "scope": scope}).content.decode()
    answers = re.findall(r'<p class="answer">([^<]+)</p>', html)
    assert len(answers) == len(CHARTED)
    assert not [said for said in answers if re.search(r"nan|inf|None|n/a", said)]
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", html)
