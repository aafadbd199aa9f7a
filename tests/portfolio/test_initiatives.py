"""Initiatives: making, changing, closing; who sees which; the list, the palette and the API."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from core.search import find
from portfolio import actions
from portfolio.models import Feature, Initiative
from tests.cast import Cast
from tests.portfolio.test_api import Api

NEW = "/portfolio/initiatives/new/?stream=payments"
URL = "/portfolio/initiatives/refunds/"
EDIT = f"{URL}edit/"


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds")


def fields(cast: Cast, **changed: Any) -> dict[str, Any]:
    return {"name": "Refunds", "stream": cast.payments.pk, "value_type": "feature", "position": 0} | changed


def cast_list(found: Any) -> list[dict[str, Any]]:
    assert isinstance(found, list)
    return found


def undo_of(answer: Any) -> str:
    return str(answer.context["messages"]._loaded_data[-1].extra_tags)


def test_create(leader: Client, cast: Cast) -> None:
    sent = {"name": "Refunds in one minute", "value_type": "feature", "position": 2, "due_on": "2027-03-31"}
    answer = leader.post(NEW, sent | {"teams": [cast.heron.pk]})
    assert answer.headers["Location"] == "/portfolio/initiatives/refunds-in-one-minute/"
    made = Initiative.objects.get()
    assert (made.stream, made.due_on, list(made.teams.all())) == (cast.payments, date(2027, 3, 31), [cast.heron])
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.data["teams"]) == ("created", ["Heron"])


def test_the_same_goal_in_two_streams_has_two_short_names(cast: Cast) -> None:
    slugs = [
        actions.create_initiative(actor=None, stream=stream, name="Less cost").slug
        for stream in (cast.payments, cast.platform, cast.platform)
    ]
    assert slugs == ["less-cost", "less-cost-2", "less-cost-3"]


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"due_on": "2025-01-01", "started_on": "2025-02-01"}, "due_on", "It would be due before it starts."),
        ({"slug": "new"}, "slug", "“new” is an address of the portal"),
        ({"due_on": "2025-13-01"}, "due_on", "Enter a valid date."),
        ({"position": -1}, "position", "greater than or equal to 0"),
        ({"teams": [999]}, "teams", "999 is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(leader: Client, sent: dict[str, Any], field: str, said: str) -> None:
    seen = leader.post(NEW, {"name": "Typed", "value_type": "risk", "position": 0} | sent).content.decode()
    assert f'id="id_{field}_error"' in seen
    assert said in seen
    assert "Nothing was saved." in seen
    assert '<option value="risk" selected>' in seen
    assert not Initiative.objects.exists()


def test_a_name_without_latin_letters_asks_for_a_short_name(leader: Client) -> None:
    seen = leader.post(NEW, {"name": "退款", "value_type": "feature", "position": 0}).content.decode()
    assert 'id="id_slug_error"' in seen


def test_change_records_what_was_before(leader: Client, cast: Cast, refunds: Initiative) -> None:
    leader.post(EDIT, fields(cast, name="Fast refunds", teams=[cast.falcon.pk]))
    refunds.refresh_from_db()
    assert (refunds.name, refunds.slug, list(refunds.teams.all())) == ("Fast refunds", "refunds", [cast.falcon])
    data = AuditEntry.objects.first().data  # type: ignore[union-attr]
    assert data == {"name": ["Refunds", "Fast refunds"], "teams": ["", "Falcon"]}


def test_changing_nothing_writes_nothing(leader: Client, cast: Cast, refunds: Initiative) -> None:
    before = AuditEntry.objects.count()
    leader.post(EDIT, fields(cast))
    assert AuditEntry.objects.count() == before


def test_moving_it_needs_the_right_there_too(cast: Cast, refunds: Initiative) -> None:
    with pytest.raises(PermissionDenied):
        actions.change_initiative(actor=cast.coach, initiative=refunds, stream=cast.platform)
    actions.change_initiative(actor=cast.leader, initiative=refunds, stream=cast.platform)
    assert Initiative.objects.get().stream == cast.platform


def test_teams_one_may_not_see_stay(client: Client, cast: Cast, refunds: Initiative) -> None:
    """Cora coaches Payments: she sees Falcon and Heron, not Kite of Platform."""
    refunds.teams.set([cast.falcon, cast.kite])
    client.force_login(cast.coach)
    assert "Kite" not in client.get(URL).content.decode()
    client.post(EDIT, fields(cast, teams=[cast.heron.pk]))
    assert {team.slug for team in refunds.teams.all()} == {"heron", "kite"}
    assert "Kite" not in client.get(URL).content.decode()
    shown = Api(cast.coach)("get", "initiatives/refunds/")[1]
    assert shown["teams"] == ["heron"]  # type: ignore[index]
    Api(cast.coach)("patch", "initiatives/refunds/", {"teams": ["falcon"]})
    assert {team.slug for team in refunds.teams.all()} == {"falcon", "kite"}


def test_close_and_undo(leader: Client, refunds: Initiative) -> None:
    done = leader.post(f"{URL}move/", {"stage": "done", "verdict": "stop", "on": "2030-01-31"}, follow=True)
    refunds.refresh_from_db()
    assert (refunds.stage, refunds.verdict, refunds.ended_on) == ("done", "stop", date(2030, 1, 31))
    leader.post(undo_of(done))
    refunds.refresh_from_db()
    assert (refunds.stage, refunds.verdict, refunds.ended_on) == ("funnel", "", None)


def test_it_does_not_close_before_its_features(leader: Client, cast: Cast, refunds: Initiative) -> None:
    """One feature is open, one was closed before the day: one goes on."""
    kept = actions.create_feature(actor=None, team=cast.falcon, name="Kept", initiative=refunds)
    ended = actions.create_feature(actor=None, team=cast.falcon, name="Ended", initiative=refunds)
    actions.close_feature(actor=None, feature=ended, on=date(2029, 1, 1))
    sent = {"stage": "done", "verdict": "persevere", "on": "2030-01-31"}
    seen = leader.post(f"{URL}move/", sent).content.decode()
    assert "1 feature of it goes on after that day" in seen
    assert 'value="2030-01-31"' in seen
    actions.close_feature(actor=None, feature=kept, on=date(2030, 1, 31))
    leader.post(f"{URL}move/", sent)
    refunds.refresh_from_db()
    assert refunds.ended_on == date(2030, 1, 31)


def test_a_closed_one_takes_no_features(cast: Cast, refunds: Initiative) -> None:
    actions.close_initiative(actor=None, initiative=refunds, on=date(2025, 1, 1))
    refunds.refresh_from_db()
    with pytest.raises(ValidationError, match="Refunds is closed"):
        actions.create_feature(actor=None, team=cast.falcon, name="Late", initiative=refunds)


def test_members_see_what_their_work_belongs_to(client: Client, cast: Cast, refunds: Initiative) -> None:
    """Max is in Falcon: he sees the initiative once Falcon has a part in it, and of its features only Falcon's."""
    client.force_login(cast.member)
    assert client.get(URL).status_code == 404
    for team in (cast.falcon, cast.heron):
        actions.create_feature(actor=None, team=team, name=f"Part of {team}", initiative=refunds)
    seen = client.get(URL).content.decode()
    assert "Part of Falcon" in seen
    assert "Part of Heron" not in seen
    assert "Change" not in seen
    with pytest.raises(PermissionDenied, match="Only leaders, coaches and the PMO"):
        actions.change_initiative(actor=cast.member, initiative=refunds, name="Mine")


def test_an_unrefined_one_says_so_and_offers_the_way(leader: Client, cast: Cast, refunds: Initiative) -> None:
    refunds.teams.set([cast.falcon])
    seen = leader.get(URL).content.decode()
    assert "not broken down" in seen
    assert "/organisation/teams/falcon/features/new/?initiative=refunds" in seen
    new = leader.get("/organisation/teams/falcon/features/new/?initiative=refunds").content.decode()
    assert f'<option value="{refunds.pk}" selected>' in new


def test_the_list_groups_by_stream_and_hides_closed_ones(leader: Client, cast: Cast, refunds: Initiative) -> None:
    old = actions.create_initiative(actor=None, stream=cast.payments, name="Old goal")
    actions.close_initiative(actor=None, initiative=old, on=date(2025, 1, 1))
    seen = leader.get("/organisation/initiatives/").content.decode()
    assert "1 initiative in 1 value stream" in seen
    assert "Old goal" not in seen
    assert "No open initiatives." in seen  # Platform has none
    assert "Old goal" in leader.get("/organisation/initiatives/?closed=1").content.decode()


@pytest.mark.parametrize("path", ["/organisation/initiatives/", "/organisation/streams/payments/", URL])
def test_as_many_queries_for_one_as_for_three(leader: Client, cast: Cast, refunds: Initiative, path: str) -> None:
    actions.create_feature(actor=None, team=cast.falcon, name="F0", initiative=refunds)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert leader.get(path).status_code == 200
        return len(found)

    leader.get(path)
    one = queries()
    for n in (1, 2):
        other = actions.create_initiative(actor=None, stream=cast.payments, name=f"Goal {n}")
        actions.create_feature(actor=None, team=cast.heron, name=f"F{n}", initiative=refunds)
        actions.create_feature(actor=None, team=cast.heron, name=f"G{n}", initiative=other)
    assert queries() == one


def test_the_palette_finds_initiatives_and_features(cast: Cast, refunds: Initiative) -> None:
    feature = actions.create_feature(actor=None, team=cast.falcon, name="Faster refunds", initiative=refunds)
    hits = {(hit.label, hit.kind, hit.url) for hit in find("refu", cast.leader)}
    assert ("Refunds", "initiative of Payments", URL) in hits
    assert ("Faster refunds", "feature of Falcon", f"/organisation/teams/falcon/features/{feature.pk}/") in hits
    assert not [hit for hit in find("refu", cast.outsider) if "efunds" in hit.label]
    assert find("(refu\\", cast.leader) == []


def test_the_api_does_the_same(cast: Cast) -> None:
    api = Api(cast.leader)
    status, made = api("post", "initiatives/", {"name": "Refunds", "stream": "payments", "teams": ["falcon"]})
    assert (status, made["slug"], made["teams"]) == (201, "refunds", ["falcon"])  # type: ignore[index]
    assert api("patch", "initiatives/refunds/", {"due_on": "2027-01-31"})[0] == 200
    bad = {"started_on": "2028-01-01"}
    assert api("patch", "initiatives/refunds/", bad) == (400, {"due_on": ["It would be due before it starts."]})
    assert api("patch", "initiatives/refunds/", {"ended_on": "2027-02-01"})[0] == 200
    assert Initiative.objects.get().ended_on == date(2027, 2, 1)
    assert api("patch", "initiatives/refunds/", {"ended_on": None})[0] == 200
    status, said = api("post", "features/", {"name": "F", "team": "falcon", "initiative": "none"})
    assert (status, list(said)) == (400, ["initiative"])  # type: ignore[call-overload]
    assert not Feature.objects.exists()


def test_the_old_addresses_lead_to_the_new_ones(leader: Client, refunds: Initiative) -> None:
    for old, new in (("initiatives/refunds/", URL), ("streams/payments/initiatives/new/", NEW)):
        answer = leader.get(f"/organisation/{old}")
        assert (answer.status_code, answer.headers["Location"]) == (301, new)


def test_two_who_change_it_at_once(leader: Client, cast: Cast, refunds: Initiative) -> None:
    """The second is told who did what and keeps what they typed; saving once more writes it over."""
    actions.change_initiative(actor=cast.pmo, initiative=refunds, name="Refunds at once", estimated_cost=5000)
    answer = leader.post(EDIT, fields(cast, name="Faster refunds", version=1))
    seen = answer.content.decode()
    assert answer.status_code == 409
    assert "Pia Ito changed it" in seen
    assert "name: Refunds → Refunds at once" in seen
    assert 'value="Faster refunds"' in seen
    assert 'name="version" value="2"' in seen
    assert leader.post(EDIT, fields(cast, name="Faster refunds", version=2)).status_code == 302
    assert Initiative.objects.get().name == "Faster refunds"


def test_who_sees_no_money_sees_and_loses_none(client: Client, cast: Cast, refunds: Initiative) -> None:
    """Cora coaches Payments: she changes the words; the cost stays what it was and is nowhere on her pages."""
    actions.change_initiative(actor=cast.pmo, initiative=refunds, estimated_cost=987_654, cost_of_delay=4_321)
    client.force_login(cast.coach)
    client.post(EDIT, fields(cast, name="Renamed"))
    refunds.refresh_from_db()
    assert (refunds.name, refunds.estimated_cost) == ("Renamed", Decimal(987_654))
    for page in (URL, EDIT, "/portfolio/"):
        seen = client.get(page).content.decode()
        assert "987" not in seen
        assert "4,321" not in seen
    assert not {"estimated_cost", "cost_of_delay"} & Api(cast.coach)("get", "initiatives/refunds/")[1].keys()  # type: ignore[attr-defined]
    assert Api(cast.coach)("patch", "initiatives/refunds/", {"estimated_cost": "1"})[0] == 403
    client.force_login(cast.leader)
    assert "987,654" in client.get(URL).content.decode()


def test_scores_are_on_the_scale(leader: Client, cast: Cast, refunds: Initiative) -> None:
    """(5 + 8 + 2) ÷ 3 = 5; a size of 0 or 4 is refused at the field, and a rank by hand without its reason."""
    parts = {"business_value": 5, "time_criticality": 8, "risk_reduction": 2, "job_size": 3}
    leader.post(EDIT, fields(cast, **parts))
    assert "WSJF 5.0" in leader.get(URL).content.decode()
    assert Api(cast.leader)("get", "initiatives/refunds/")[1]["wsjf"] == 5.0  # type: ignore[index]
    for size in (0, 4):
        assert (
            'id="id_job_size_error"' in leader.post(EDIT, fields(cast, **parts | {"job_size": size})).content.decode()
        )
        assert Api(cast.leader)("patch", "initiatives/refunds/", {"job_size": size})[0] == 400
    seen = leader.post(EDIT, fields(cast, **parts, manual_rank=1)).content.decode()
    assert "A rank given by hand needs a reason." in seen
    assert Initiative.objects.get().job_size == 3


def test_as_of_a_day_its_stage_is_that_day_s_and_nothing_is_offered(leader: Client, cast: Cast) -> None:
    made = actions.create_initiative(actor=None, stream=cast.payments, name="Old", on=date(2025, 3, 3))
    actions.move_initiative(actor=None, initiative=made, stage="analysing", on=date(2025, 3, 10))
    seen = leader.get("/portfolio/initiatives/old/?as_of=2025-03-09").content.decode()
    assert "Old: funnel for 7 days, as of 9 Mar 2025" in seen
    assert "Move to…" not in seen
    assert Api(cast.leader)("get", "initiatives/old/?as_of=2025-03-09")[1]["stage"] == "funnel"  # type: ignore[index]
    assert Api(cast.leader)("get", "initiatives/old/?as_of=2025-03-02")[1]["stage"] is None  # type: ignore[index]
    assert Api(cast.leader)("get", "initiatives/old/?as_of=tomorrow")[0] == 400
    stays = Api(cast.leader)("get", "initiatives/old/stages/")[1]
    assert [stay["stage"] for stay in cast_list(stays)] == ["funnel", "analysing"]
