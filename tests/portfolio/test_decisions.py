"""Decisions: raising, deciding with evidence frozen, dismissing; the pages, the API, who sees what."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry, Notice
from portfolio import actions
from portfolio.models import CostKind, Decision, DecisionState, Feature, Grant, Initiative, Role, Stage, Verdict
from portfolio.queries import decisions_due
from tests.cast import Cast
from tests.portfolio.test_api import Api

LIST = "/portfolio/decisions/"
PIVOT = {"kind": "pivot", "question": "Refunds: pivot or persevere?", "why": "Confidence falls."}


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(
        actor=None,
        stream=cast.payments,
        name="Refunds",
        stage=Stage.IMPLEMENTING,
        estimated_cost=Decimal(300_000),
        cost_of_delay=Decimal(18_000),
        owner=cast.leader,
    )


def raised(refunds: Initiative, **fields: Any) -> Decision:
    return actions.raise_decision(**{"actor": None, "initiative": refunds} | PIVOT | fields)


def fact(row: Decision, key: str) -> dict[str, Any]:
    [found] = [one for one in row.evidence if one["key"] == key]
    return dict(found)


def test_raising_keeps_evidence_and_tells_the_owner(cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds, actor=cast.pmo, cost_kind=CostKind.DELAY, cost_per_week=Decimal(18_000))
    assert (row.state, row.owner, row.stream) == (DecisionState.OPEN, cast.leader, None)
    assert [option["key"] for option in row.options] == ["persevere", "pivot", "stop"]
    assert fact(row, "cost_of_delay")["value"] == 18_000
    assert fact(row, "cost_of_delay")["is_money"]
    entry = AuditEntry.objects.filter(target_type="portfolio.decision").get()
    assert (entry.verb, entry.data["about"]) == ("raised", "Refunds")
    notice = Notice.objects.get(user=cast.leader)
    assert notice.url == f"{LIST}{row.pk}/"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"options": [{"key": "a", "label": "Only one"}]}, "options"),
        ({"options": [{"key": "a", "label": "Yes"}, {"key": "b", "label": "yes"}]}, "options"),
        ({"cost_kind": "delay"}, "cost_per_week"),
        ({"question": "  "}, "question"),
        ({"kind": "whim"}, "kind"),
    ],
)
def test_bad_questions_are_refused(refunds: Initiative, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        raised(refunds, **fields)
    assert field in refused.value.message_dict
    assert not Decision.objects.exists()


def test_deciding_freezes_the_evidence_of_that_moment(cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    assert fact(row, "estimated_cost")["value"] == 300_000
    changed = actions.change_initiative(actor=None, initiative=refunds, estimated_cost=Decimal(350_000))
    review_on = timezone.localdate() + timedelta(days=30)
    done = actions.decide(
        actor=cast.leader, decision=row, choice="persevere", reason=" The pilot ends soon. ", review_on=review_on
    )
    assert (done.state, done.choice, done.reason) == ("decided", "persevere", "The pilot ends soon.")
    assert (done.decided_by, done.review_on) == (cast.leader, review_on)
    assert fact(done, "estimated_cost")["value"] == 350_000
    # What comes later leaves it alone.
    actions.change_initiative(actor=None, initiative=changed, estimated_cost=Decimal(400_000))
    assert fact(Decision.objects.get(), "estimated_cost")["value"] == 350_000
    assert Initiative.objects.get().stage == Stage.IMPLEMENTING
    with pytest.raises(actions.Conflict, match="Leo Brandt decided"):
        actions.decide(actor=cast.leader, decision=row, choice="stop", reason="No, stop it.")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"choice": "maybe"}, "choice"),
        ({"reason": " "}, "reason"),
        ({"review_on": date(2020, 1, 1)}, "review_on"),
        ({"move": True}, "move"),
    ],
)
def test_bad_decisions_are_refused(cast: Cast, refunds: Initiative, fields: dict[str, Any], field: str) -> None:
    row = raised(refunds)
    given: dict[str, Any] = {"choice": "persevere", "reason": "So."} | fields
    with pytest.raises(ValidationError) as refused:
        actions.decide(actor=cast.leader, decision=row, **given)
    assert field in refused.value.message_dict
    assert Decision.objects.get().state == DecisionState.OPEN


def test_stop_moves_the_initiative_and_closes_its_features(cast: Cast, refunds: Initiative) -> None:
    part = Feature.objects.create(team=cast.falcon, initiative=refunds, name="Card", rank=1)
    row = raised(refunds)
    actions.decide(actor=cast.leader, decision=row, choice="stop", reason="Nobody needs it.", move=True)
    refunds.refresh_from_db()
    part.refresh_from_db()
    assert (refunds.stage, refunds.verdict) == (Stage.DONE, Verdict.STOP)
    assert refunds.ended_on == part.ended_on == timezone.localdate()


def test_stop_is_all_or_nothing(cast: Cast, refunds: Initiative) -> None:
    """A leader of Payments may not close Kite's feature, which is of Platform: then nothing is decided either."""
    Grant.objects.create(user=cast.coach, role=Role.LEADER, stream=cast.payments)
    Feature.objects.create(team=cast.kite, initiative=refunds, name="Keys", rank=1)
    row = raised(refunds)
    with pytest.raises(ValidationError) as refused:
        actions.decide(actor=cast.coach, decision=row, choice="stop", reason="Too dear.", move=True)
    assert "Keys (Kite)" in refused.value.message_dict["move"][0]
    assert Decision.objects.get().state == DecisionState.OPEN
    assert Initiative.objects.get().stage == Stage.IMPLEMENTING


def test_only_leaders_decide(cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    for person in (cast.pmo, cast.stream_pmo, cast.coach, cast.member):
        with pytest.raises(PermissionDenied):
            actions.decide(actor=person, decision=row, choice="stop", reason="So.")
    with pytest.raises(PermissionDenied):
        actions.dismiss_decision(actor=cast.coach, decision=row)
    actions.dismiss_decision(actor=cast.stream_pmo, decision=row)


def test_a_dismissal_can_be_undone(leader: Client, refunds: Initiative) -> None:
    row = raised(refunds, cause="pivot:1", fingerprint="a")
    answer = leader.post(f"{LIST}{row.pk}/dismiss/", {"reason": "Known already."}, follow=True)
    undo = str(answer.context["messages"]._loaded_data[-1].extra_tags)
    assert (Decision.objects.get().state, Decision.objects.get().reason) == ("dismissed", "Known already.")
    leader.post(undo)
    assert Decision.objects.get().state == DecisionState.OPEN
    actions.dismiss_decision(actor=None, decision=row)
    raised(refunds, cause="pivot:1", fingerprint="b")
    answer = leader.post(undo, follow=True)
    assert "It was proposed anew meanwhile" in answer.content.decode()


def test_a_review_that_is_decided_is_recorded_as_one(cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds, kind="review", question="Refunds: is it still right?")
    actions.decide(actor=cast.leader, decision=row, choice="confirmed", reason="Customers still wait.")
    review = refunds.reviews.get()
    assert (review.on, review.by, review.note) == (timezone.localdate(), cast.leader, "Customers still wait.")


def test_the_page_decides(leader: Client, refunds: Initiative) -> None:
    row = raised(refunds, cost_kind=CostKind.DELAY, cost_per_week=Decimal(18_000))
    page = leader.get(f"{LIST}{row.pk}/").content.decode()
    assert "18,000\xa0EUR" in page
    assert "If stopped: move Refunds to done" in page
    answer = leader.post(f"{LIST}{row.pk}/", {"choice": "stop", "reason": "", "move": "on"})
    assert "This field is required." in answer.content.decode()
    answer = leader.post(f"{LIST}{row.pk}/", {"choice": "stop", "reason": "Nobody needs it.", "move": "on"})
    assert answer.headers["Location"] == f"{LIST}{row.pk}/"
    assert Initiative.objects.get().verdict == Verdict.STOP
    page = leader.get(f"{LIST}{row.pk}/").content.decode()
    assert "Stop: spend nothing more on it" in page
    assert "When it was decided" in page
    # The box was ticked, but another option was chosen: nothing moves.
    again = raised(refunds)
    leader.post(f"{LIST}{again.pk}/", {"choice": "persevere", "reason": "It works.", "move": "on"})
    assert Decision.objects.get(pk=again.pk).choice == "persevere"


def test_who_comes_second_is_told(leader: Client, cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    actions.decide(actor=cast.administrator, decision=row, choice="pivot", reason="Another market.")
    answer = leader.post(f"{LIST}{row.pk}/", {"choice": "stop", "reason": "Too late."})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Ada Keller decided" in page
    assert "Another market." in page


def test_then_and_today_stand_side_by_side(leader: Client, cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    actions.decide(actor=cast.leader, decision=row, choice="persevere", reason="It works.")
    actions.change_initiative(actor=None, initiative=refunds, estimated_cost=Decimal(420_000))
    page = leader.get(f"{LIST}{row.pk}/")
    [pair] = [one for one in page.context["pairs"] if one.label == "Estimated cost"]
    assert (pair.then.text, pair.now.text, pair.differs) == ("300,000\xa0EUR", "420,000\xa0EUR", True)
    assert '<span class="tag accent">changed</span>' in page.content.decode()


def test_the_page_without_money(client: Client, cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds, cost_kind=CostKind.DELAY, cost_per_week=Decimal(18_000))
    client.force_login(cast.coach)
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "Refunds: pivot or persevere?" in page
    assert "18,000" not in page
    assert "300,000" not in page
    assert "18,000" not in client.get(LIST).content.decode()
    budget = actions.raise_decision(actor=None, kind="budget", question="Add 80,000?", stream=cast.payments)
    assert client.get(f"{LIST}{budget.pk}/").status_code == 404
    assert "Add 80,000?" not in client.get(LIST).content.decode()
    client.force_login(cast.stream_pmo)
    assert "Add 80,000?" in client.get(LIST).content.decode()


def test_due_ones_come_by_their_day_then_by_how_long_they_wait(cast: Cast, refunds: Initiative) -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    day = timedelta(days=1)
    waits = raised(refunds, question="Long", at=now - 9 * day)
    late = raised(refunds, question="Late", at=now - day, due_on=date(2026, 3, 9))
    soon = raised(refunds, question="Soon", at=now - 2 * day, due_on=date(2026, 3, 12))
    fresh = raised(refunds, question="Fresh", at=now)
    other = actions.raise_decision(actor=None, kind="other", question="All", at=now - 3 * day)
    found = decisions_due(cast.leader, None, now)
    assert [one.decision for one in found] == [late, soon, waits, other, fresh]
    assert [one.waiting for one in found] == [1, 2, 9, 3, 0]
    assert [one.is_late for one in found] == [True, False, False, False, False]
    assert [one.decision for one in decisions_due(cast.leader, [cast.platform], now)] == []
    # Two days before, three of them were there.
    before = decisions_due(cast.leader, [cast.payments], now - 2 * day)
    assert [one.decision for one in before] == [soon, waits]
    actions.decide(actor=cast.leader, decision=late, choice="stop", reason="So.", at=now + day)
    assert late in [one.decision for one in decisions_due(cast.leader, None, now)]
    assert late not in [one.decision for one in decisions_due(cast.leader, None, now + 2 * day)]


def test_the_log_is_filtered_and_exported(leader: Client, cast: Cast, refunds: Initiative) -> None:
    first, second = raised(refunds, question="=1+1 Refunds?"), raised(refunds, question="Bank?", kind="fund")
    actions.decide(actor=cast.leader, decision=first, choice="persevere", reason="It works.")
    actions.decide(actor=cast.leader, decision=second, choice="fund", reason="Customers ask for it.")
    actions.dismiss_decision(actor=cast.leader, decision=raised(refunds, question="Nothing?"))

    def shown(query: str) -> list[str]:
        return [row.question for row, _ in leader.get(LIST + query).context["rows"]]

    assert shown("") == ["Bank?", "=1+1 Refunds?"]
    assert shown("?q=customers") == ["Bank?"]
    assert shown("?kind=pivot") == ["=1+1 Refunds?"]
    assert shown("?stream=platform") == []
    assert shown("?first=2999-01-01") == []
    assert shown("?dismissed=on") == ["Nothing?", "Bank?", "=1+1 Refunds?"]
    answer = leader.get(f"{LIST}?format=csv&kind=pivot")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("Decided on,Kind,Question")
    assert "'=1+1 Refunds?" in lines[1]
    assert len(lines) == 2


def test_raising_by_the_form(leader: Client, cast: Cast, refunds: Initiative) -> None:
    sent = {"about": f"initiative:{refunds.pk}", "kind": "other", "question": "Which bank first?"}
    answer = leader.post(
        f"{LIST}new/", sent | {"options": "North\n\nSouth\n", "cost_kind": "", "owner": cast.leader.pk}
    )
    row = Decision.objects.get()
    assert answer.headers["Location"] == f"{LIST}{row.pk}/"
    assert [option["label"] for option in row.options] == ["North", "South"]
    answer = leader.post(f"{LIST}new/", sent | {"options": "North"})
    assert "from 2 to 6 options" in answer.content.decode()
    assert Decision.objects.count() == 1


def test_handing_over(leader: Client, cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    leader.post(f"{LIST}{row.pk}/assign/", {"owner": cast.administrator.pk, "due_on": "2030-01-02"})
    row.refresh_from_db()
    assert (row.owner, row.due_on) == (cast.administrator, date(2030, 1, 2))
    assert Notice.objects.filter(user=cast.administrator).count() == 1


def test_as_many_queries_for_one_as_for_three(leader: Client, refunds: Initiative) -> None:
    counts = []
    for n in (1, 2):
        for _ in range(n):
            raised(refunds, cost_kind=CostKind.DELAY, cost_per_week=Decimal(1))
        leader.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            assert len(leader.get(LIST).context["due"]) == 2 * n - 1
        counts.append(len(queries))
    assert counts[0] == counts[1]


def told(person: Any, method: str, path: str, data: object = None) -> tuple[int, Any]:
    return Api(person)(method, path, data)


def test_the_api(cast: Cast, refunds: Initiative) -> None:
    sent = {**PIVOT, "initiative": "refunds", "cost_kind": "delay", "cost_per_week": "18000"}
    status, made = told(cast.leader, "post", "decisions/", sent)
    assert status == 201, made
    assert (made["state"], made["cost_per_week"]) == ("open", "18000.00")
    url = f"decisions/{made['id']}/"
    # The coach sees the decision, but no money in it.
    _, seen = told(cast.coach, "get", url)
    assert "cost_per_week" not in seen
    assert {"estimated_cost", "cost_of_delay"}.isdisjoint(fact["key"] for fact in seen["evidence"])
    assert told(cast.pmo, "post", f"{url}decide/", {"choice": "stop", "reason": "So."})[0] == 403
    refused = told(cast.leader, "post", f"{url}decide/", {"choice": "never", "reason": "So."})
    assert refused == (400, {"choice": ["Choose one of the options."]})
    _, done = told(cast.leader, "post", f"{url}decide/", {"choice": "stop", "reason": "Useless.", "move": True})
    assert (done["state"], done["choice"]) == ("decided", "stop")
    assert Initiative.objects.get().verdict == Verdict.STOP
    status, late = told(cast.leader, "post", f"{url}decide/", {"choice": "pivot", "reason": "No."})
    assert (status, late["what"]) == (409, "decided")
    assert told(cast.leader, "get", "decisions/?state=open")[1]["results"] == []
    assert told(cast.leader, "get", "decisions/?as_of=2999-01-01")[0] == 400
    assert told(cast.outsider, "get", url)[0] == 404


def test_the_api_dismisses(cast: Cast, refunds: Initiative) -> None:
    row = raised(refunds)
    assert told(cast.pmo, "post", f"decisions/{row.pk}/dismiss/", {"reason": "Known."})[1]["state"] == "dismissed"
    assert told(cast.pmo, "post", f"decisions/{row.pk}/restore/")[1]["state"] == "open"
    assert told(cast.coach, "post", f"decisions/{row.pk}/dismiss/")[0] == 403


def test_only_who_sees_a_decision_is_asked(leader: Client, cast: Cast) -> None:
    """The question of a budget holds an amount: the coach of Payments does not see its money, nor a notice of it."""
    row = actions.raise_decision(actor=None, kind="budget", question="Add 80,661 EUR?", stream=cast.payments)
    page = leader.post(f"{LIST}{row.pk}/assign/", {"owner": cast.coach.pk}).content.decode()
    assert "Cora Lind does not see this decision: ask somebody who does." in page
    row.refresh_from_db()
    assert row.owner is None
    with pytest.raises(ValidationError, match="does not see this decision"):
        actions.raise_decision(actor=None, kind="other", question="?", stream=cast.payments, owner=cast.outsider)
    # The owner of an initiative is asked by default: of its money they are not told.
    mine = actions.create_initiative(actor=None, stream=cast.payments, name="Mine", owner=cast.coach)
    actions.raise_decision(actor=None, kind="budget", question="Add 80,661 EUR?", initiative=mine)
    assert not Notice.objects.exists()
    actions.raise_decision(actor=None, kind="pivot", question="Go on?", initiative=mine)
    assert Notice.objects.get().user == cast.coach
    # What is about everything and of money is for nobody of one stream only.
    whole = actions.raise_decision(actor=None, kind="scenario", question="Which one?")
    leader.force_login(cast.stream_pmo)
    assert leader.get(f"{LIST}{whole.pk}/").status_code == 404
