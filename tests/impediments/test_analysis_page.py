"""The Analysis page: times, levels, causes; of a window, as at an instant, with money for those who may see it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from impediments.analysis import Cases, analysis, cases, part
from impediments.analysis.part import Part
from impediments.models import BlockedDay, Escalation, Impediment
from metrics.forms import Asked
from metrics.measurement import Window
from portfolio.models import Grant, Role, Team
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.funding.cast import at
from tests.impediments.costs_cast import impediment

pytestmark = pytest.mark.django_db

# 2 March 2026 is a Monday.
MARCH = Window(date(2026, 3, 1), date(2026, 3, 31))
PAGE = "/impediments/analysis/"
OF_MARCH = "scope=stream:payments&from=2026-03-01&to=2026-03-31"


def read(user: User, as_of: str = "2026-04-10", window: Window = MARCH, scope: str = "stream:payments") -> Cases:
    asked = Asked(find_scope(scope, None), window, at(as_of))
    return cases(asked, user, at(as_of))


def one(found: Cases, key: str, by: str = "category") -> Part:
    made = part(found, key, by)
    assert made is not None
    return made


def texts(found: Part) -> list[list[str]]:
    return [[cell.text for cell in row] for row in found.rows]


def took(thing: Impediment, team: Team, on: str, items: float, amount: str) -> None:
    day = date.fromisoformat(on)
    BlockedDay.objects.create(impediment=thing, team=team, on=day, items=items, in_progress=4, amount=Decimal(amount))


def spell(thing: Impediment, level: int, since: str, until: str, limit: int | None) -> None:
    made = thing.spells.create(level=level, from_at=at(since), to_at=at(until), limit_hours=limit)
    if limit == 8:
        Escalation.objects.create(spell=made, at=at(until), breached_at=at(until), to_level=level + 1)


def test_each_resolution_is_in_one_window(cast: Cast) -> None:
    # At the midnight between February and March: March's alone, and of February's window one that is open at its end.
    impediment(cast.falcon, "Form", "2026-02-26", "2026-03-01 00:00")
    february = Window(date(2026, 2, 1), date(2026, 2, 28))
    assert [len(read(cast.coach, window=window).resolved) for window in (february, MARCH)] == [0, 1]
    assert len(read(cast.coach, window=february).open) == 1


def test_the_period_before_begins_by_the_days_of_the_scope(cast: Cast) -> None:
    # April of Berlin's clocks: 30 days before the 1st of April is the 2nd of March, 00:00 there (UTC+1) 23:00 UTC on
    # the 1st. 30 × 24 hours before 1 April 00:00 (UTC+2) would be 22:00 UTC on the 1st.
    Team.objects.filter(pk=cast.falcon.pk).update(timezone="Europe/Berlin")
    impediment(cast.falcon, "Late on the 1st", "2026-02-26", "2026-03-01 22:30")
    impediment(cast.falcon, "Early on the 2nd", "2026-02-26", "2026-03-01 23:30")
    april = Window(date(2026, 4, 1), date(2026, 4, 30))
    assert len(read(cast.coach, "2026-05-01", april, scope="team:falcon").before) == 1


def test_times_to_resolution_are_working_days_of_those_resolved_in_the_window(cast: Cast) -> None:
    # Monday and Tuesday: 2; Monday to Thursday: 4; Friday to Tuesday: 2 (Friday and Monday); open: since the 30th.
    impediment(cast.falcon, "Form", "2026-03-02", "2026-03-04")
    impediment(cast.heron, "Key", "2026-03-09", "2026-03-13")
    impediment(cast.falcon, "Law", "2026-03-13", "2026-03-17")
    impediment(cast.falcon, "Still", "2026-03-30")
    impediment(cast.kite, "Elsewhere", "2026-03-02", "2026-03-30")
    # Resolved before: 3 working days, Tuesday to Thursday.
    impediment(cast.falcon, "Before", "2026-02-03", "2026-02-06")
    found = read(cast.coach)
    assert [(case.one.what, case.days) for case in found.resolved] == [("Form", 2), ("Key", 4), ("Law", 2)]
    told = one(found, "resolution")
    assert told.answer == (
        "Of 3 resolved, half took 2 working days or less, 85 % 4 or less. "
        "Natural limits: too little data: 3 of 8 points."
    )
    assert told.trend == "Half took 3 working days or less in the 31 days before (1 resolved)."
    # At the end of the window, two days (30 and 31 March) after it began.
    assert one(found, "ageing").answer == "1 is open: half for 2 working days or less, 85 % for 2 or less."
    assert analysis(found)[0] == "Payments: half of the impediments are gone within 2 working days, 85 % within 4"


def test_natural_limits_are_those_of_the_process_behaviour_charts(cast: Cast) -> None:
    # Eight in a row, one a week: 1, 2, 1, 2, 1, 2, 1, 4 working days from each Monday on.
    lengths = [1, 2, 1, 2, 1, 2, 1, 4]
    mondays = ["01-05", "01-12", "01-19", "01-26", "02-02", "02-09", "02-16", "02-23"]
    for number, (monday, length) in enumerate(zip(mondays, lengths, strict=True)):
        month, day = monday.split("-")
        until = f"2026-{month}-{int(day) + length:02}"
        impediment(cast.falcon, f"Form {number}", f"2026-{monday}", until)
    told = one(read(cast.coach, window=Window(date(2026, 1, 1), date(2026, 3, 31))), "resolution")
    # Mean 14 / 8 = 1.75; moving ranges 1, 1, 1, 1, 1, 1, 3: 9 / 7; 1.75 + 2.66 × 9 / 7 = 5.17; below: 0.
    assert told.answer.endswith("Usually 0 to 5.2, 1.8 on average.")
    assert told.said == []


def test_a_past_as_of_knows_nothing_of_what_came_later(cast: Cast) -> None:
    impediment(cast.falcon, "Form", "2026-03-02", "2026-03-11")
    impediment(cast.falcon, "Later", "2026-03-10", "2026-03-12")
    found = read(cast.coach, "2026-03-06")
    assert [(case.one.what, case.days) for case in found.open] == [("Form", 4)]
    assert found.resolved == []


def test_a_duplicate_is_left_out(cast: Cast) -> None:
    form = impediment(cast.falcon, "Form", "2026-03-02", "2026-03-04")
    double = impediment(cast.falcon, "Forms", "2026-03-02", "2026-03-03")
    Impediment.objects.filter(pk=double.pk).update(merged_into=form)
    found = read(cast.coach)
    assert ([case.one for case in found.all], found.duplicates) == ([form], 1)


def test_levels_are_left_in_time_before_their_limit_in_business_hours(cast: Cast) -> None:
    form = impediment(cast.falcon, "Form", "2026-03-02", "2026-03-06")
    # Two working days (16 h) of 8; then one of 24; the third level has none here.
    spell(form, 1, "2026-03-02", "2026-03-04", 8)
    spell(form, 2, "2026-03-04", "2026-03-05", 24)
    spell(form, 4, "2026-03-05", "2026-03-06", None)
    told = one(read(cast.coach), "levels")
    assert told.answer == "Left in time: 0\u00a0% of 1 at level 1 (Team), 100\u00a0% of 1 at level 2 (PMO)."
    assert texts(told) == [
        ["1 · Team", "1", "0", "0\u00a0%", "16", "16"],
        ["2 · PMO", "1", "1", "100\u00a0%", "8", "8"],
        ["4 · Executive", "1", "n/a", "n/a", "n/a", "n/a"],
    ]


def test_the_few_that_take_most_come_first_with_their_cost(cast: Cast) -> None:
    form = impediment(cast.falcon, "Form", "2026-03-02", category="procurement")
    law = impediment(cast.heron, "Law", "2026-03-02", category="legal")
    took(form, cast.falcon, "2026-03-02", 1, "600")
    took(law, cast.heron, "2026-03-02", 2, "1200")
    took(law, cast.heron, "2026-03-03", 1, "600")
    # Not in the window.
    took(law, cast.heron, "2026-02-27", 4, "2400")
    told = one(read(cast.leader), "pareto")
    assert texts(told) == [
        ["Legal", "1", "3", "75\u00a0%", "75\u00a0%", "1,800"],
        ["Procurement", "1", "1", "25\u00a0%", "100\u00a0%", "600"],
    ]
    assert told.answer == "“Legal” takes 75\u00a0% of 4 lost item-days; 2 of 2 categories make up the first 80 %."
    assert told.trend.startswith("Their capacity cost in the window: 2,400")
    assert [row[0] for row in texts(one(read(cast.leader), "pareto", "team"))] == ["Heron", "Falcon"]


@pytest.fixture
def dear(cast: Cast) -> Impediment:
    """Falcon costs 2,400 a day, Heron 9,600; one of four items is blocked, of Falcon for three days, of Heron for one.

    Procurement 3 × 2,400 ÷ 4 = 1,800, legal 9,600 ÷ 4 = 2,400: 4,200 together, of which 57.14 % and 42.86 %.
    """
    form = impediment(cast.falcon, "Form", "2026-03-02", category="procurement")
    law = impediment(cast.heron, "Law", "2026-03-02", category="legal")
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        took(form, cast.falcon, day, 1, "600")
    took(law, cast.heron, "2026-03-02", 1, "2400")
    return law


def lines(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    return b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]


def test_few_days_of_an_expensive_team_lead_by_cost_and_not_by_days(
    client: Client, cast: Cast, dear: Impediment
) -> None:
    found = read(cast.leader)
    by_days, by_cost = (part(found, "pareto", "category", ranked) for ranked in ("days", "cost"))
    assert by_days is not None and by_cost is not None  # noqa: PT018
    assert by_days.answer.startswith("“Procurement” takes 75\u00a0% of 4 lost item-days;")
    assert (by_cost.answer, by_cost.trend) == (
        "“Legal” makes 57\u00a0% of 4,200\u00a0EUR capacity cost; 2 of 2 categories make up the first 80 %.",
        "They took 4 lost item-days in the window.",
    )
    assert texts(by_cost) == [
        ["Legal", "1", "1", "2,400", "57\u00a0%", "57\u00a0%"],
        ["Procurement", "1", "3", "1,800", "43\u00a0%", "100\u00a0%"],
    ]
    # The figure, whose first bar is the last of its data, in money.
    assert by_cost.spec is not None
    assert (by_cost.spec["data"][0]["y"], by_cost.spec["data"][0]["x"]) == (["Procurement", "Legal"], [1800, 2400])
    assert by_cost.spec["layout"]["meta"]["table"]["head"][1] == "EUR"
    # The page and its file.
    client.force_login(cast.leader)
    page = client.get(f"{PAGE}?{OF_MARCH}&ranked=cost").content.decode()
    assert "“Legal” makes 57" in page
    assert "Ranked by" in page
    assert lines(client, f"{PAGE}?{OF_MARCH}&ranked=cost&part=pareto&format=csv") == [
        'Category,Impediments,Lost item-days,"Cost, EUR",Share of the cost,Together',
        "Legal,1,1.0,2400.00,0.5714,0.5714",
        "Procurement,1,3.0,1800.00,0.4286,1.0",
    ]


def test_who_sees_not_all_of_the_money_gets_days(client: Client, cast: Cast, dear: Impediment) -> None:
    # Paul is PMO of Payments and coaches all: he sees the money of Payments, and not that of Platform.
    took(impediment(cast.kite, "Key", "2026-03-02"), cast.kite, "2026-03-02", 1, "600")
    Grant.objects.create(user=cast.stream_pmo, role=Role.COACH)
    of_all = OF_MARCH.replace("stream:payments", "portfolio")
    for person, address in ((cast.coach, OF_MARCH), (cast.stream_pmo, of_all)):
        client.force_login(person)
        page = client.get(f"{PAGE}?{address}&ranked=cost").content.decode()
        assert "“Procurement” takes" in page
        assert "Ranked by" not in page
        assert client.get(f"{PAGE}?{address}&ranked=cost").context["ranked"] == "Days"
        first, *_ = lines(client, f"{PAGE}?{address}&ranked=cost&part=pareto&format=csv")
        assert "Cost" not in first
    assert "“Legal” makes" in client.get(f"{PAGE}?{OF_MARCH}&ranked=cost").content.decode()


def test_the_api_ranks_by_cost_too(client: Client, cast: Cast, dear: Impediment) -> None:
    def asked(person: User, ranked: str) -> tuple[str, list[str]]:
        client.force_login(person)
        found = client.get(f"/api/v1/impediment-analysis/?{OF_MARCH}&ranked={ranked}").json()
        pareto = next(one for one in found["parts"] if one["key"] == "pareto")
        return found["ranked_by"], [row[0] for row in pareto["rows"]]

    assert asked(cast.leader, "cost") == ("cost", ["Legal", "Procurement"])
    assert asked(cast.leader, "days") == ("days", ["Procurement", "Legal"])
    assert asked(cast.coach, "cost") == ("days", ["Procurement", "Legal"])
    assert client.get(f"/api/v1/impediment-analysis/?{OF_MARCH}&ranked=whim").status_code == 400


def test_days_without_a_price_have_no_share_of_the_cost(cast: Cast, dear: Impediment) -> None:
    key = impediment(cast.heron, "Key", "2026-03-02", category="access")
    BlockedDay.objects.create(impediment=key, team=cast.heron, on=date(2026, 3, 5), items=1, in_progress=4)
    found = part(read(cast.leader), "pareto", "category", "cost")
    assert found is not None
    assert texts(found)[-1] == ["Access or security", "1", "1", "n/a", "n/a", "n/a"]
    assert found.trend == (
        "They took 5 lost item-days in the window. Not all of them have a price: nobody said what a day of Heron costs."
    )


def test_money_is_left_out_for_who_may_not_see_it(client: Client, cast: Cast) -> None:
    form = impediment(cast.falcon, "Form", "2026-03-02")
    took(form, cast.falcon, "2026-03-02", 1, "4711")
    for person, sees in ((cast.leader, True), (cast.stream_pmo, True), (cast.coach, False)):
        client.force_login(person)
        page = client.get(f"{PAGE}?{OF_MARCH}").content.decode()
        file = client.get(f"{PAGE}?{OF_MARCH}&part=pareto&format=csv")
        assert ("4,711" in page) is sees
        assert ("4711" in b"".join(file.streaming_content).decode()) is sees  # type: ignore[attr-defined]


def test_what_comes_back_is_told_with_its_root_cause(cast: Cast) -> None:
    impediment(cast.falcon, "Legal review", "2026-03-02", "2026-03-04")
    impediment(cast.heron, "Waiting for a legal review", "2026-03-09")
    impediment(cast.falcon, "Vendor", "2026-03-02")
    told = one(read(cast.coach), "reasons")
    assert texts(told) == [
        ["Legal review", "2", "1", "Falcon, Heron", "2", "0", "Process or approval takes long"],
    ]
    assert told.rows[0][0].note == "also “Waiting for a legal review”"


def test_internal_stands_against_external(cast: Cast) -> None:
    impediment(cast.falcon, "Form", "2026-03-02", "2026-03-04")
    vendor = impediment(cast.falcon, "Vendor", "2026-03-02", "2026-03-09")
    Impediment.objects.filter(pk=vendor.pk).update(is_external=True)
    took(vendor, cast.falcon, "2026-03-02", 1, "600")
    told = one(read(cast.coach), "origin")
    # The working week from Monday to Friday: 5.
    assert texts(told) == [["Internal", "1", "0", "2", "2", "0"], ["External", "1", "0", "5", "5", "1"]]
    assert told.answer == "1 of 2 impediments has its cause inside, and 0\u00a0% of the lost item-days."


def test_the_page_asks_as_often_for_three_as_for_one(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)

    def asked() -> int:
        with CaptureQueriesContext(connection) as log:
            assert client.get(f"{PAGE}?{OF_MARCH}").status_code == 200
        return len(log)

    for number in range(2):
        form = impediment(cast.falcon, f"Form {number}", "2026-03-02", "2026-03-04")
        spell(form, 1, "2026-03-02", "2026-03-04", 8)
        took(form, cast.falcon, "2026-03-02", 1, "600")
        if not number:
            asked()
            first = asked()
            impediment(cast.heron, "Law", "2026-03-02")
    assert asked() == first


def test_there_is_a_page_without_any_and_none_of_a_foreign_scope(client: Client, cast: Cast) -> None:
    client.force_login(cast.member)
    assert "No impediment in this window" in client.get(PAGE).content.decode()
    assert client.get(f"{PAGE}?scope=team:heron").status_code == 404
    assert client.get(f"{PAGE}?scope=team:falcon&as_of=nonsense").status_code == 400
