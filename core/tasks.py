"""Housekeeping that beat starts, and the sending of mails."""

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from core import outbox
from core.models import LiveEvent

# Browsers that were away for longer load their page anew.
LIVE_LOG_HOURS = 24


@shared_task
def prune_live_log() -> None:
    LiveEvent.objects.filter(at__lt=Now() - timedelta(hours=LIVE_LOG_HOURS)).delete()


@shared_task
def send_mail(mail_id: int) -> None:
    outbox.deliver(mail_id)


@shared_task
def sweep_mails() -> None:
    outbox.sweep()
