"""Celery's part: clocks that run out, pauses that end, marks of tools that are followed."""

from celery import shared_task
from django.utils import timezone

from impediments import escalation, marks, rollups
from impediments.actions.spells import reckon_all
from impediments.clocks import due_pauses
from impediments.mail import intake, reading
from impediments.proposals import news


@shared_task
def escalate() -> None:
    """End pauses whose day has come, then raise what was left for too long; any number may run at once."""
    now = timezone.now()
    # A task each: one that fails stops no other.
    for pause_id in due_pauses(now):
        end_pause.delay(pause_id)
    for impediment_id in reckon_all(now):
        escalate_one.delay(impediment_id)


@shared_task
def end_pause(pause_id: int) -> None:
    """End a pause whose day has come; the clock was read as running since then already."""
    escalation.end_due_pause(pause_id=pause_id, now=timezone.now())


@shared_task
def escalate_one(impediment_id: int) -> None:
    """Raise one impediment; running twice raises it once."""
    escalation.escalate(impediment_id=impediment_id)


@shared_task
def follow_marks() -> None:
    """End what tools show as blocked no more, then log what they show and nobody logged, where a team wants that."""
    now = timezone.now()
    for impediment_id in marks.ended(now):
        end_ended.delay(impediment_id)
    for team_id in marks.following(now):
        log_marks.delay(team_id)


@shared_task
def end_ended(impediment_id: int) -> None:
    marks.end_ended(impediment_id=impediment_id, now=timezone.now())


@shared_task
def log_marks(team_id: int) -> None:
    marks.log_marks(team_id=team_id, now=timezone.now())


@shared_task
def prepare_blocked_days(team_ids: list[int] | None = None) -> int:
    """Prepare what blocked items took from teams (None: all) where it is behind; the number of teams computed."""
    return rollups.prepare(timezone.now(), team_ids)


@shared_task
def read_mail(mail_id: int) -> None:
    reading.read(mail_id)


@shared_task
def sweep_incoming_mails() -> None:
    """Wake workers for mails that nobody has read, and forget the mails themselves after some days."""
    intake.sweep()
    intake.forget()


@shared_task
def propose() -> int:
    """Propose what data show where there is news: a sync, something logged, a new day. The number of streams."""
    return news.look(timezone.now())
