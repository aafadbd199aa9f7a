"""Housekeeping that beat starts, and the sending of mails."""

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from core import hooks, outbox
from core.models import HookCall, LiveEvent

# Browsers that were away for longer load their page anew.
LIVE_LOG_HOURS = 24
# What other programs answered is of interest while somebody looks for a mistake.
CALL_DAYS = 30


@shared_task
def prune_live_log() -> None:
    LiveEvent.objects.filter(at__lt=Now() - timedelta(hours=LIVE_LOG_HOURS)).delete()


@shared_task
def send_mail(mail_id: int) -> None:
    outbox.deliver(mail_id)


@shared_task
def sweep_mails() -> None:
    outbox.sweep()


@shared_task
def send_call(call_id: int) -> None:
    hooks.deliver(call_id)


@shared_task
def sweep_calls() -> None:
    """Wake workers for calls that wait, and forget old ones."""
    hooks.sweep()
    HookCall.objects.filter(finished_at__lt=Now() - timedelta(days=CALL_DAYS)).delete()
