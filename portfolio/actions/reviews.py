"""Business owners look at their initiatives (guardrail 4)."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from portfolio.actions.writing import create, delete
from portfolio.models import Initiative, Review
from portfolio.rules import Person, require


def record_review(*, actor: Person, initiative: Initiative, on: date | None = None, note: str = "") -> Review:
    """A business owner looked at it on a day (default: today): its owner, or who manages the portfolio there."""
    if actor is None or actor.pk != initiative.owner_id:
        require(actor, "manage_portfolio", initiative.stream)
    day = on or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError({"on": "A review cannot be in the future."})
    by = actor.pk if actor else None
    return create(actor, "reviewed", Review(initiative=initiative, on=day, by_id=by, note=note.strip()))


def remove_review(*, actor: Person, review: Review) -> None:
    """For one that never was."""
    if actor is None or actor.pk != review.by_id:
        require(actor, "manage_portfolio", review.initiative.stream)
    delete(actor, "removed a review of", review, {"on": review.on.isoformat(), "note": review.note})
