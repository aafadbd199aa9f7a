"""Two at the same moment: both wait for the row, then one does it and the other is told; nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils import timezone

from core.models import AuditEntry, Mail, Notice
from dashboards.digest import send_digests
from funding import actions as funding
from funding.models import Amendment, DayCost
from funding.rollups import prepare
from impediments import rollups as blocked
from impediments.actions import set_limit
from impediments.models import BlockedDay, Impediment, Limit, Proposal
from impediments.proposals import accept_proposal, dismiss_proposal
from impediments.proposals import propose as propose_impediments
from okrs import actions as okrs
from okrs.models import Reminder
from okrs.reminders import remind
from portfolio import actions
from portfolio.actions import Conflict
from portfolio.models import Approval, ApprovalThreshold, Decision, Initiative, StageEntry
from portfolio.proposals import propose
from portfolio.quarters import Quarter
from tests.access import Props
from tests.cast import make_cast
from tests.okrs.goals import key_result, objective, running_cycle, said
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def props() -> Props:
    return Props(make_cast())


def _told(verb: Callable[[], object]) -> str:
    try:
        verb()
        return "done"
    except (ValidationError, Conflict) as error:
        return type(error).__name__
    finally:
        connection.close()


def waiting() -> int:
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL shows the activity of its first look again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


def at_once(held: models.Model, *verbs: Callable[[], object]) -> list[str]:
    """What becomes of verbs that have all come to the row `held` before any of them got it."""
    with ThreadPoolExecutor(len(verbs)) as pool:
        with transaction.atomic():
            type(held)._base_manager.select_for_update().get(pk=held.pk)
            running = [pool.submit(_told, verb) for verb in verbs]
            until(lambda: waiting() == len(verbs), seconds=120, what="everybody waiting")
        return sorted(one.result() for one in running)


def together(verb: Callable[[], object], times: int = 3) -> None:
    """Do the same in several connections, begun at the same moment."""
    barrier = Barrier(times)

    def one(_: int) -> str:
        barrier.wait()
        return _told(verb)

    with ThreadPoolExecutor(times) as pool:
        assert list(pool.map(one, range(times))) == ["done"] * times


def entries(verb: str) -> int:
    return AuditEntry.objects.filter(verb=verb).count()


def test_two_decide_on_the_same_request(props: Props) -> None:
    def answer(name: str, approve: bool) -> Callable[[], object]:
        row = Approval.objects.get(pk=props.approval.pk)
        return lambda: actions.decide_approval(actor=props.cast.person(name), approval=row, approve=approve)

    found = at_once(props.approval, answer("leader", True), answer("administrator", False))
    assert found == ["ValidationError", "done"]
    assert entries("approved") + entries("refused") == 1


def test_two_ask_for_the_same_approval(props: Props) -> None:
    thing = Initiative.objects.get(slug="refunds-2")
    ask = [
        lambda who=who: actions.ask_approval(actor=who, initiative=thing, amount=Decimal(9), reason="So")
        for who in (props.cast.leader, props.cast.pmo)
    ]
    assert at_once(thing, *ask) == ["ValidationError", "done"]
    assert thing.approvals.count() == 1


def test_two_decide_the_same_decision(props: Props) -> None:
    def choose(name: str, choice: str) -> Callable[[], object]:
        row = Decision.objects.get(pk=props.decision.pk)
        return lambda: actions.decide(actor=props.cast.person(name), decision=row, choice=choice, reason="So.")

    assert at_once(props.decision, choose("leader", "stop"), choose("administrator", "pivot")) == ["Conflict", "done"]
    assert entries("decided") == 1


def test_two_move_the_same_initiative(props: Props) -> None:
    thing: Initiative = props.initiative
    before = StageEntry.objects.filter(initiative=thing).count()

    def move(stage: str) -> Callable[[], object]:
        row = Initiative.objects.get(pk=thing.pk)
        return lambda: actions.move_initiative(
            actor=props.cast.leader, initiative=row, stage=stage, version=row.version
        )

    assert at_once(thing, move("reviewing"), move("analysing")) == ["Conflict", "done"]
    assert StageEntry.objects.filter(initiative=thing).count() == before + 1


def test_two_adopt_the_same_scenario(props: Props) -> None:
    row = props.scenario
    funding.change_scenario(actor=None, scenario=row, budgets={props.cast.payments: Decimal(500)})
    before = Amendment.objects.count()
    adopt = [
        lambda who=who: funding.adopt_scenario(actor=who, scenario=row, reason="Now")
        for who in (props.cast.leader, props.cast.administrator)
    ]
    assert at_once(row, *adopt) == ["ValidationError", "done"]
    assert Amendment.objects.count() == before + row.budgets.count()
    assert Decision.objects.filter(kind="scenario").count() == 1


def test_two_set_the_same_budget(props: Props) -> None:
    quarter = Quarter.of(timezone.localdate())
    put = [
        lambda amount=amount: funding.set_budget(
            actor=props.cast.leader, stream=props.cast.payments, quarter=quarter, amount=Decimal(amount), seen=0
        )
        for amount in (100, 200)
    ]
    assert at_once(props.cast.payments, *put) == ["ValidationError", "done"]
    assert Amendment.objects.filter(quarter=quarter.first).count() == 1


def test_two_close_the_same_event_objective_and_cycle(props: Props) -> None:
    leader, event, goal = props.cast.leader, props.open_event, props.okr_goal
    close: Callable[[], object] = lambda: funding.close_event(actor=leader, event=event)  # noqa: E731
    assert at_once(event, close, close) == ["done", "done"]
    assert AuditEntry.objects.filter(verb="closed", target_type="funding.event").count() == 1
    said = [
        lambda text=text: okrs.close_objective(actor=leader, objective=goal, lessons=text) for text in ("One", "Two")
    ]
    assert at_once(goal, *said) == ["ValidationError", "done"]
    for other in goal.cycle.objectives.filter(closed_at=None):
        okrs.close_objective(actor=leader, objective=other)
    end: Callable[[], object] = lambda: okrs.close_cycle(actor=leader, cycle=goal.cycle)  # noqa: E731
    assert at_once(goal.cycle, end, end) == ["done", "done"]
    assert AuditEntry.objects.filter(verb="closed", target_type="okrs.cycle").count() == 1


def test_two_carry_the_same_objective_over(props: Props) -> None:
    goal, later = props.okr_goal, type(props.okr_goal.cycle).objects.get(slug="later")
    carry: Callable[[], object] = lambda: okrs.carry_over(  # noqa: E731
        actor=props.cast.leader, objective=goal, cycle=later
    )
    assert at_once(later, carry, carry) == ["ValidationError", "done"]
    assert later.objectives.count() == 1


def test_two_check_in_for_the_same_day(props: Props) -> None:
    today, row = timezone.localdate(), props.okr_kr
    say = [
        lambda value=value: okrs.check_in(actor=props.cast.leader, key_result=row, on=today, value=value, confidence=5)
        for value in (2, 3)
    ]
    assert at_once(row, *say) == ["done", "done"]
    assert row.check_ins.filter(on=today).count() == 1
    # The second one is a correction of the first, and the trail says so.
    assert (entries("checked in"), entries("corrected the check-in of")) == (1, 1)


def test_two_delete_the_same_check_in(props: Props) -> None:
    row = props.okr_check_in
    gone = [lambda: okrs.delete_check_in(actor=props.cast.leader, check_in=row.__class__.objects.get(pk=row.pk))] * 2
    assert at_once(props.okr_kr, *gone) == ["ValidationError", "done"]
    assert entries("deleted the check-in of") == 1


def test_the_first_threshold_set_by_several_at_once(props: Props) -> None:
    def put() -> None:
        actions.set_threshold(actor=None, amount=Decimal(50))

    together(put)
    assert ApprovalThreshold.objects.filter(stream=None).count() == 1


def test_two_answer_the_same_proposal(props: Props) -> None:
    row = props.impediment_proposal
    answers: list[Callable[[], object]] = [
        lambda: accept_proposal(actor=props.cast.leader, proposal=row),
        lambda: dismiss_proposal(actor=props.cast.member, proposal=row, reason="Known"),
        lambda: accept_proposal(actor=props.cast.pmo, proposal=row),
    ]
    assert at_once(row, *answers) == ["Conflict", "Conflict", "done"]
    row.refresh_from_db()
    assert Impediment.objects.filter(via="data").count() == int(row.state == "accepted")


def test_two_close_the_same_action_and_two_set_the_same_limit(props: Props) -> None:
    row, pmo = props.action, props.cast.pmo
    close: Callable[[], object] = lambda: actions.close_action(actor=pmo, action=row)  # noqa: E731
    assert at_once(row, close, close) == ["Conflict", "done"]
    assert AuditEntry.objects.filter(verb="finished", target_type="portfolio.action").count() == 1
    change = [
        lambda name=name: actions.change_action(actor=pmo, action=row, version=2, name=name) for name in ("One", "Two")
    ]
    assert at_once(row, *change) == ["Conflict", "done"]
    limit = set_limit(actor=None, level=1, hours=Decimal(6))
    put = [lambda hours=hours: set_limit(actor=pmo, level=1, hours=Decimal(hours)) for hours in (4, 5)]
    assert at_once(limit, *put) == ["done", "done"]
    assert Limit.objects.filter(level=1, category="").count() == 1


def test_the_first_limit_set_by_several_at_once(props: Props) -> None:
    together(lambda: set_limit(actor=None, level=2, category="legal", hours=Decimal(16)))
    assert Limit.objects.filter(level=2, category="legal").count() == 1


def test_what_runs_by_itself_does_nothing_twice(props: Props) -> None:
    """Several workers at the same moment: proposals, reminders, digests and prepared costs are there once."""
    now = timezone.now()
    # The next one: what was made just now is news of its week.
    monday = now + timedelta(days=7 - timezone.localtime(now).weekday())
    row = key_result(objective(running_cycle(), props.cast.payments), props.cast.leader)
    said(row, timezone.localdate(), 35)
    # What was checked in today is due again in a week; nobody did.
    due = timezone.localtime(now + timedelta(days=7)).replace(hour=9)
    monday = timezone.localtime(monday).replace(hour=9, minute=0)
    actions.move_initiative(actor=None, initiative=props.initiative, stage="implementing")
    StageEntry.objects.filter(initiative=props.initiative).update(at=now - timedelta(days=100))
    for verb in (lambda: propose(now), lambda: remind(due), lambda: send_digests(monday), lambda: prepare(now)):
        together(verb)
    together(lambda: propose_impediments(now))
    together(lambda: blocked.prepare(now))
    open_causes = list(Proposal.objects.filter(state="open").values_list("cause", flat=True))
    assert len(open_causes) == len(set(open_causes))
    causes = list(Decision.objects.exclude(cause="").values_list("cause", flat=True))
    assert causes
    assert len(causes) == len(set(causes))
    for model, columns in (
        (Mail, ("key",)),
        (Notice, ("user", "key")),
        (DayCost, ("team", "on", "initiative")),
        (BlockedDay, ("impediment", "team", "on")),
    ):
        rows = list(model.objects.values_list(*columns))
        assert len(rows) == len(set(rows))
    assert Mail.objects.filter(key__startswith="digest:").exists()
    told = list(Reminder.objects.values_list("key_result", "due_on", "step", "to"))
    assert len(told) == len(set(told))
    assert told
