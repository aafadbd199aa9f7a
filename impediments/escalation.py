"""What the portal does by itself to clocks: ends pauses whose day has come, and raises what was left for too long.

Each impediment is one transaction under the lock of its row, which computes its clock anew: so any number of workers
may run this at once, be killed half-way and run again, and a level is left once, with one notice to each.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from impediments.actions.held import hold, publish
from impediments.actions.levels import end_pause
from impediments.actions.spells import is_due, to_level
from impediments.actions.telling import tell_day_has_come, tell_level
from impediments.clocks import HOUR, Standing, due_pauses, standing
from impediments.models import Escalation, Pause


def end_due_pauses(now: datetime) -> int:
    """End the pauses whose day has begun, as of that instant; how many."""
    return sum(end_due_pause(pause_id=pause_id, now=now) for pause_id in due_pauses(now))


def end_due_pause(*, pause_id: int, now: datetime) -> bool:
    """End one of them, unless somebody did or chose another day in the meantime."""
    with transaction.atomic():
        stop = Pause.objects.filter(pk=pause_id).first()
        row = hold(stop.impediment_id) if stop else None
        at = due_pauses(now, pause_id).get(pause_id)
        if stop is None or row is None or at is None:
            return False
        stop.refresh_from_db()
        end_pause(None, row, stop, at)
        tell_day_has_come(row, stop)
        publish(row, "resumed")
    return True


def escalate(*, impediment_id: int, now: datetime | None = None) -> Escalation | None:
    """Raise an impediment by a level if the clock of its level has run out by now; None: it has not (any more)."""
    with transaction.atomic():
        row = hold(impediment_id)
        if row is None or not row.is_open:
            return None
        now = now or timezone.now()
        found = standing([row], now).get(row.pk)
        if found is None or not is_due(found):
            return None
        made = Escalation.objects.create(
            spell_id=found.spell_id, at=now, breached_at=found.breach_at or now, to_level=row.level + 1
        )
        why = _why(found)
        to_level(None, "escalated", row, row.level + 1, now, reason=why)
        tell_level(row, None, reason=why, key=f"escalation:{found.spell_id}")
        publish(row, "level")
    return made


def _why(found: Standing) -> str:
    hours = f"{(found.limit_seconds or 0) / HOUR:g}"
    return f"It was at level {found.level} for its {hours} business hours."
