"""Verbs on baselines and expectations: who may, what is refused at which field, what the audit trail says."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry
from metrics import actions, load, standards
from metrics.actions.standards import full_weeks
from metrics.models import CHARTED, Baseline, Expectation
from portfolio.models import Team, ValueStream
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.metrics.cast import at, source
from tests.metrics.test_behaviour import finish
from tests.metrics.test_flow import STATUSES

pytestmark = pytest.mark.django_db

# A Monday.
DAY = date(2025, 3, 3)
Place = ValueStream | Team | None


def baseline(cast: Cast, **fields: Any) -> Baseline:
    given = {"actor": None, "place": cast.falcon, "measure": "wip", "starts_on": DAY, "reason": "WIP limit"}
    return actions.set_baseline(**given | fields)


def expectation(cast: Cast, **fields: Any) -> Expectation:
    given = {"actor": None, "team": cast.falcon, "days": 9, "valid_from": DAY}
    return actions.set_expectation(**given | fields)


def refused(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, str]:
    return {name: " ".join(texts) for name, texts in error.value.message_dict.items()}


class TestBaselines:
    @pytest.mark.parametrize("person", ["coach", "leader", "stream_pmo", "pmo", "administrator"])
    def test_who_leads_or_coaches_a_team_may_set_them(self, cast: Cast, person: str) -> None:
        made = baseline(cast, actor=cast.person(person), reason="  WIP limit  ")
        assert (made.team, made.stream, made.reason) == (cast.falcon, None, "WIP limit")
        assert made.made_by == cast.person(person)
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.actor_id, entry.target_name) == ("set", made.made_by_id, str(made))
        assert entry.data["starts_on"] == "2025-03-03"

    @pytest.mark.parametrize("person", ["outsider", "member", "viewer"])
    def test_members_and_viewers_may_not(self, cast: Cast, person: str) -> None:
        with pytest.raises(PermissionDenied):
            baseline(cast, actor=cast.person(person))
        made = baseline(cast)
        with pytest.raises(PermissionDenied):
            actions.change_baseline(actor=cast.person(person), baseline=made, reason="Because")
        with pytest.raises(PermissionDenied):
            actions.remove_baseline(actor=cast.person(person), baseline=made)
        assert Baseline.objects.get().reason == "WIP limit"

    def test_those_of_a_stream_and_of_the_portfolio_need_the_right_there(self, cast: Cast) -> None:
        for person, place, may in (
            (cast.coach, cast.payments, True), (cast.coach, cast.platform, False), (cast.coach, None, False),
            (cast.leader, None, True),
        ):  # fmt: skip
            if may:
                baseline(cast, actor=person, place=place)
            else:
                with pytest.raises(PermissionDenied):
                    baseline(cast, actor=person, place=place)
        assert {(row.stream, row.team) for row in Baseline.objects.all()} == {(cast.payments, None), (None, None)}

    @pytest.mark.parametrize(
        ("fields", "name", "message"),
        [
            ({"starts_on": date(1969, 12, 31)}, "starts_on", "1970"),
            ({"starts_on": date(2100, 1, 1)}, "starts_on", "still to come"),
            ({"reason": "  "}, "reason", "Say what changed"),
            ({"reason": "x" * 201}, "reason", "200"),
            ({"measure": "cfd"}, "measure", "not a valid choice"),
            ({"ends_on": DAY - timedelta(days=1)}, "ends_on", "the earliest last day is 27 Apr 2025"),
            ({"ends_on": DAY + timedelta(days=54)}, "ends_on", "the earliest last day is 27 Apr 2025"),
            ({"starts_on": DAY + timedelta(days=1), "ends_on": date(2025, 5, 3)}, "ends_on", "is 4 May 2025"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(
        self, cast: Cast, fields: dict[str, Any], name: str, message: str
    ) -> None:
        with pytest.raises(ValidationError) as error:
            baseline(cast, **fields)
        assert message in refused(error)[name]
        assert not Baseline.objects.exists()
        assert not AuditEntry.objects.exists()

    def test_two_from_one_day_on_are_refused_for_one_measure_of_one_scope(self, cast: Cast) -> None:
        baseline(cast)
        for place, measure in ((cast.falcon, "throughput"), (cast.heron, "wip"), (cast.payments, "wip"), (None, "wip")):
            baseline(cast, place=place, measure=measure)
        for place in (cast.falcon, cast.payments, None):
            with pytest.raises(ValidationError) as error:
                baseline(cast, place=place)
            assert refused(error) == {"starts_on": "There is a baseline from 3 Mar 2025 on already."}

    def test_eight_full_weeks_are_from_monday_to_sunday(self) -> None:
        # From Monday 3 March, the eighth Sunday is 27 April; from Tuesday on the first week does not count.
        assert full_weeks(DAY, date(2025, 4, 27)) == 8
        assert full_weeks(DAY, date(2025, 4, 26)) == full_weeks(DAY + timedelta(days=1), date(2025, 4, 27)) == 7
        assert full_weeks(DAY, DAY) == full_weeks(DAY, DAY - timedelta(days=30)) == 0

    def test_a_team_ahead_of_the_portal_has_its_own_today(self, cast: Cast) -> None:
        cast.falcon.timezone = "Pacific/Kiritimati"
        cast.falcon.save()
        today = timezone.localdate(timezone=cast.falcon.zone)
        assert baseline(cast, starts_on=today).starts_on == today
        with pytest.raises(ValidationError):
            baseline(cast, starts_on=today + timedelta(days=1))

    def test_a_change_for_all_charts_keeps_what_is_there(self, cast: Cast) -> None:
        own = baseline(cast, reason="Own")
        measures = [key for key, _ in CHARTED]
        given: dict[str, Any] = {"actor": None, "place": cast.falcon, "measures": measures, "starts_on": DAY}
        made = actions.set_baselines(**given, reason="All")
        assert {row.measure for row in made} == set(measures) - {"wip"}
        own.refresh_from_db()
        assert own.reason == "Own"
        with pytest.raises(ValidationError):
            actions.set_baselines(**given, reason="Again")
        assert Baseline.objects.count() == 5

    def test_changing_and_removing(self, cast: Cast) -> None:
        made, other = baseline(cast), baseline(cast, starts_on=date(2025, 1, 6))
        changed = actions.change_baseline(actor=cast.coach, baseline=made, reason="Pairing", starts_on=made.starts_on)
        assert (changed.reason, AuditEntry.objects.latest("pk").data) == (
            "Pairing",
            {"reason": ["WIP limit", "Pairing"]},
        )
        with pytest.raises(ValidationError) as error:
            actions.change_baseline(actor=None, baseline=made, starts_on=other.starts_on)
        assert "starts_on" in refused(error)
        actions.remove_baseline(actor=cast.coach, baseline=changed)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.data["reason"], entry.data["measure"]) == ("removed", "Pairing", "wip")
        assert list(Baseline.objects.all()) == [other]

    def test_what_a_person_sees(self, cast: Cast) -> None:
        for place in (cast.falcon, cast.heron, cast.kite, cast.payments, None):
            baseline(cast, place=place)

        def seen(name: str) -> set[Place]:
            return {row.team or row.stream for row in standards.baselines_for(cast.person(name))}

        assert seen("viewer") == {cast.falcon}
        assert seen("coach") == {cast.falcon, cast.heron, cast.payments}
        assert seen("leader") == {cast.falcon, cast.heron, cast.kite, cast.payments, None}
        assert seen("outsider") == set()

    @pytest.mark.parametrize("text", ["team:falcon", "stream:payments", "portfolio"])
    def test_a_scope_and_its_place(self, cast: Cast, text: str) -> None:
        place = standards.place_of(find_scope(text, None))
        assert standards.scope_text(place) == text
        made = baseline(cast, place=place)
        assert standards.baselines_of(find_scope(text, None)) == {"wip": [made]}


class TestExpectations:
    @pytest.mark.parametrize("person", ["coach", "leader", "stream_pmo", "pmo", "administrator"])
    def test_who_leads_or_coaches_a_team_may_set_them(self, cast: Cast, person: str) -> None:
        made = expectation(cast, actor=cast.person(person), kind="feature")
        assert (made.percent, made.days, made.kind, made.made_by) == (85, 9, "feature", cast.person(person))
        assert AuditEntry.objects.get().data["valid_from"] == "2025-03-03"

    @pytest.mark.parametrize("person", ["outsider", "member", "viewer"])
    def test_members_and_viewers_may_not(self, cast: Cast, person: str) -> None:
        with pytest.raises(PermissionDenied):
            expectation(cast, actor=cast.person(person))
        made = expectation(cast)
        with pytest.raises(PermissionDenied):
            actions.change_expectation(actor=cast.person(person), expectation=made, days=3)
        with pytest.raises(PermissionDenied):
            actions.remove_expectation(actor=cast.person(person), expectation=made)
        assert Expectation.objects.get().days == 9

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"percent": 0}, "percent"),
            ({"percent": 100}, "percent"),
            ({"days": 0}, "days"),
            ({"days": 100_000}, "days"),
            ({"valid_from": date(1969, 12, 31)}, "valid_from"),
            ({"valid_from": date(2100, 1, 1)}, "valid_from"),
            ({"kind": "epic"}, "kind"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(self, cast: Cast, fields: dict[str, Any], name: str) -> None:
        with pytest.raises(ValidationError) as error:
            expectation(cast, **fields)
        assert list(refused(error)) == [name]
        assert not Expectation.objects.exists()

    def test_one_may_be_agreed_for_the_next_year_and_no_later(self, cast: Cast) -> None:
        today = timezone.localdate()
        assert expectation(cast, valid_from=today + timedelta(days=366)).days == 9
        with pytest.raises(ValidationError):
            expectation(cast, valid_from=today + timedelta(days=368))

    def test_two_from_one_day_on_are_refused_for_one_type(self, cast: Cast) -> None:
        expectation(cast)
        expectation(cast, kind="defect")
        expectation(cast, team=cast.heron)
        for kind in ("", "defect"):
            with pytest.raises(ValidationError) as error:
                expectation(cast, kind=kind, days=4)
            assert "3 Mar 2025" in refused(error)["valid_from"]

    def test_changing_and_removing(self, cast: Cast) -> None:
        made = expectation(cast)
        actions.change_expectation(actor=cast.coach, expectation=made, days=7, percent=85)
        assert AuditEntry.objects.latest("pk").data == {"days": [9, 7]}
        with pytest.raises(ValidationError):
            actions.change_expectation(actor=None, expectation=made, percent=0)
        actions.remove_expectation(actor=cast.coach, expectation=made)
        assert AuditEntry.objects.latest("pk").verb == "removed"
        assert not Expectation.objects.exists()

    def test_what_is_expected_on_a_day(self, cast: Cast) -> None:
        old, new = expectation(cast), expectation(cast, valid_from=date(2025, 6, 2), days=7)
        own = expectation(cast, valid_from=date(2025, 5, 5), kind="defect", days=3)

        def days(kind: str, on: date) -> int | None:
            found = standards.expectation_of(cast.falcon.pk, kind, on)
            return found.days if found else None

        assert days("feature", date(2025, 3, 2)) is None
        assert (days("feature", date(2025, 3, 3)), days("feature", date(2025, 6, 2))) == (9, 7)
        # A type with its own from May on; before that, what is expected of all.
        assert (days("defect", date(2025, 5, 4)), days("defect", date(2025, 5, 5))) == (9, 3)
        by_team = standards.expected_of([cast.falcon.pk, cast.heron.pk], date(2025, 5, 30))
        assert list(by_team) == [cast.falcon.pk]
        assert [(one.label, one.current, one.history) for one in by_team[cast.falcon.pk]] == [
            ("all types", old, (new, old)),
            ("defect", own, (own,)),
        ]


class TestApi:
    """The same verbs as the pages: what is refused is said by field."""

    def client(self, cast: Cast, name: str) -> Client:
        client = Client()
        client.force_login(cast.person(name))
        return client

    def test_an_empty_team_is_not_the_portfolio(self, cast: Cast) -> None:
        leader = self.client(cast, "leader")
        sent = {"measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit"}
        for name in ("team", "stream"):
            empty = leader.post("/api/v1/baselines/", {**sent, name: ""}, "application/json")
            assert (empty.status_code, empty.json()) == (400, {name: ["Give a short name, or null."]})
        assert not Baseline.objects.exists()

    def test_baselines(self, cast: Cast) -> None:
        coach = self.client(cast, "coach")
        sent = {"team": "falcon", "measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit"}
        made = coach.post("/api/v1/baselines/", sent, "application/json")
        assert made.status_code == 201
        data = made.json()
        assert {key: data[key] for key in ("team", "stream", "measure", "ends_on", "made_by")} == {
            "team": "falcon",
            "stream": None,
            "measure": "wip",
            "ends_on": None,
            "made_by": "Cora Lind",
        }
        again = coach.post("/api/v1/baselines/", sent, "application/json")
        assert (again.status_code, again.json()) == (
            400,
            {"starts_on": ["There is a baseline from 3 Mar 2025 on already."]},
        )
        both = coach.post("/api/v1/baselines/", {**sent, "stream": "payments"}, "application/json")
        assert list(both.json()) == ["stream"]
        changed = coach.patch(f"/api/v1/baselines/{data['id']}/", {"reason": "Pairing"}, "application/json")
        assert changed.json()["reason"] == "Pairing"
        assert coach.delete(f"/api/v1/baselines/{data['id']}/").status_code == 204
        assert [entry.verb for entry in AuditEntry.objects.order_by("pk")] == ["set", "changed", "removed"]

    def test_expectations(self, cast: Cast) -> None:
        coach = self.client(cast, "coach")
        sent = {"team": "falcon", "kind": "", "percent": 85, "days": 9, "valid_from": "2025-03-03"}
        made = coach.post("/api/v1/expectations/", sent, "application/json")
        assert made.status_code == 201
        for fields, name in (({"days": 0}, "days"), ({"percent": 100}, "percent"), ({}, "valid_from")):
            wrong = coach.post("/api/v1/expectations/", sent | fields, "application/json")
            assert wrong.status_code == 400
            assert name in wrong.json()
        kept = coach.patch(f"/api/v1/expectations/{made.json()['id']}/", {"team": "heron"}, "application/json")
        assert kept.json()["team"] == "falcon"
        listed = self.client(cast, "viewer").get("/api/v1/expectations/").json()["results"]
        assert [(row["team"], row["days"]) for row in listed] == [("falcon", 9)]
        assert self.client(cast, "outsider").get("/api/v1/expectations/").json()["results"] == []

    def test_process_behaviour(self, cast: Cast) -> None:
        board = source(cast.falcon, synced_at=at("2025-01-01"))
        load.upsert(board, STATUSES)
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 12])
        mark = baseline(cast, measure="throughput", starts_on=date(2025, 1, 6), ends_on=date(2025, 3, 2))
        query = {"scope": "team:falcon", "from": "2025-01-06", "to": "2025-03-09", "as_of": "2025-03-10"}
        found = self.client(cast, "viewer").get("/api/v1/behaviour/throughput/", query).json()
        assert [week["value"] for week in found["weeks"]] == [4, 6, 4, 6, 4, 6, 4, 6, 12]
        (segment,) = found["segments"]
        # Mean 5, moving ranges 2: 5 ± 2.66 × 2 (see test_behaviour.py).
        assert (segment["baseline"], segment["points"], segment["centre"], segment["lower"]) == (mark.pk, 8, 5, 0)
        assert segment["upper"] == pytest.approx(10.32)
        assert segment["signals"] == [
            {
                "weeks": ["2025-03-03"],
                "rule": "outside a natural limit",
                "text": "week of 3 Mar: 12 finished, above the upper limit 10.3",
            }
        ]
        assert self.client(cast, "viewer").get("/api/v1/behaviour/cfd/", query).status_code == 404
