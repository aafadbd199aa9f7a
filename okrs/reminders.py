"""Reminders of check-ins: on the due day, one day later, on the last day of grace; then the coordinator is told.

A step of a due day reaches a person once, however often and by however many workers this runs: the reminder, the
mail and the notice are one transaction, under the lock of the person's row. A person gets one mail a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import outbox
from core.models import Mail
from okrs import links
from okrs.formulas.progress import GRACE_DAYS
from okrs.models import KeyResult, Reminder, ReminderStep
from okrs.queries.coordinators import Coordinators
from okrs.queries.due import Due, by_hand, standing
from okrs.rules import may_check_in, zone_of

# Nobody is reminded at night: only from this hour on, where the objective belongs.
MORNING = 7
# What has been due for longer than this was told to everybody, or lay there before the portal could tell.
LATEST = timedelta(days=31)
Key = tuple[int, object, str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """A reminder that a person should get; `why` is for the coordinator."""

    to: User
    due: Due
    step: ReminderStep
    why: str = ""

    @property
    def key(self) -> Key:
        return self.due.key_result.pk, self.due.due_on, self.step, self.to.pk

    @property
    def is_own(self) -> bool:
        return self.step != ReminderStep.COORDINATOR

    @property
    def address(self) -> str:
        """Where to check in: by a signed link for one's own, on the portal's page for the coordinator."""
        one = self.due.key_result
        path = links.check_in_link(self.to, one) if self.is_own else reverse("check-in", args=[one.pk])
        return outbox.absolute(path)


def remind(now: datetime | None = None) -> int:
    """Send what is to be sent now; how many people got a mail."""
    now = now or timezone.now()
    waiting = [one for one in standing(by_hand(KeyResult.objects.all()), now) if _is_time(one, now)]
    known = _known(waiting)
    calls: dict[int, list[Call]] = {}
    coordinators = Coordinators()
    for due in waiting:
        for call in _calls(due, known, coordinators):
            if call.key not in known:
                calls.setdefault(call.to.pk, []).append(call)
    return sum(_tell(own, now) for own in calls.values())


def _is_time(due: Due, now: datetime) -> bool:
    is_morning = now.astimezone(zone_of(due.key_result.objective)).hour >= MORNING
    return due.is_due and is_morning and due.late <= LATEST.days


def _known(waiting: Iterable[Due]) -> set[Key]:
    """The reminders that were sent."""
    rows = Reminder.objects.filter(key_result__in=[due.key_result for due in waiting])
    return set(rows.values_list("key_result", "due_on", "step", "to"))


def step_of(late: int) -> ReminderStep:
    """Which step the owner is at, `late` days after the due day; earlier ones that nobody sent are left out."""
    if late >= GRACE_DAYS:
        return ReminderStep.OUTDATED
    return ReminderStep.NEXT_DAY if late else ReminderStep.DUE


def _calls(due: Due, known: set[Key], coordinators: Coordinators) -> list[Call]:
    owner, one = due.responsible, due.key_result
    step = step_of(due.late)
    if owner is not None and (one.pk, due.due_on, step, owner.pk) not in known and not may_check_in(owner, one):
        owner = None
    calls = [Call(owner, due, step)] if owner else []
    if owner is None or due.late > GRACE_DAYS:
        why = f"{owner} has not checked in" if owner else "nobody is there to check in"
        told = coordinators.of(one.objective, besides=owner)
        calls += [Call(person, due, ReminderStep.COORDINATOR, why) for person in told]
    return calls


def _tell(calls: list[Call], now: datetime) -> bool:
    """Tell a person, unless that was done in the meantime, or they got today's mail: then tomorrow."""
    person = calls[0].to
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        key = f"check-ins:{person.pk}:{timezone.localdate(now)}"
        fresh = _still(calls, now)
        if not fresh or Mail.objects.filter(key=key).exists():
            return False
        Reminder.objects.bulk_create(
            Reminder(key_result=call.due.key_result, due_on=call.due.due_on, step=call.step, to=person, sent_at=now)
            for call in fresh
        )
        subject = _subject(fresh)
        own, others = [call for call in fresh if call.is_own], [call for call in fresh if not call.is_own]
        values = {"person": person, "subject": subject, "own": own, "others": others}
        text, html = outbox.letter("check_ins", {**values, "page": outbox.absolute(reverse("check-ins"))})
        outbox.send(key=key, to=person.email, subject=subject, text=text, html=html)
        outbox.notify(user_id=person.pk, key=key, text=subject, url=_page(fresh))
    return True


def _still(calls: list[Call], now: datetime) -> list[Call]:
    """Those that nobody has sent and that are due at this moment: somebody may have checked in since."""
    known = _known(call.due for call in calls)
    rows = KeyResult.objects.filter(pk__in=[call.due.key_result.pk for call in calls])
    due = {(one.key_result.pk, one.due_on) for one in standing(by_hand(rows), now)}
    return [call for call in calls if call.key not in known and call.key[:2] in due]


def _subject(calls: list[Call]) -> str:
    own, others = [call for call in calls if call.is_own], [call for call in calls if not call.is_own]
    if not own:
        return (
            f"No check-in: {others[0].due.key_result}" if len(others) == 1 else f"{len(others)} check-ins are missing"
        )
    said = f"Check-in due: {own[0].due.key_result}" if len(own) == 1 else f"{len(own)} check-ins are due"
    return f"{said}, {len(others)} missing" if others else said


def _page(calls: list[Call]) -> str:
    one = calls[0].due.key_result
    return reverse("check-in", args=[one.pk]) if len(calls) == 1 else reverse("check-ins")
