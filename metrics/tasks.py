"""Celery's part: once a day, what came of the forecasts that are due; every few hours, the key figures it measures."""

from celery import shared_task
from django.utils import timezone

from metrics.actions import decide_outcomes, write_measure
from metrics.actions.measured import linked


@shared_task
def decide_forecasts() -> None:
    """Decide the outcomes of stored forecasts; running twice does no harm."""
    decide_outcomes(now=timezone.now())


@shared_task
def write_kpis() -> None:
    """Have every key figure that is a measure of the portal written up to yesterday, a task each."""
    for kpi_id in linked(timezone.now()):
        write_kpi.delay(kpi_id)


@shared_task
def write_kpi(kpi_id: int) -> None:
    """Write the days that are missing; running twice writes nothing twice."""
    write_measure(kpi_id=kpi_id, now=timezone.now())
