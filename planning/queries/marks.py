"""What a reader is shown on cards beside what everybody sees: marks that other apps have about their features."""

from collections.abc import Mapping

from django.template.loader import get_template
from django.utils import timezone

from accounts.models import User
from planning.models import Card, Increment
from portfolio import panels
from portfolio.models import Feature, Initiative


def marks_of(increment: Increment, user: User) -> dict[int, str]:
    """HTML by card: the initiative, where the reader may see it, blocked marks and key results."""
    cards = Card.objects.filter(increment=increment, removed_at=None).exclude(feature=None)
    seen = Feature.objects.for_user(user).order_by()
    of_card = dict(cards.filter(feature__in=seen).values_list("pk", "feature"))
    said = panels.marks("feature", list(of_card.values()), user, timezone.now())
    initiatives = _initiatives(of_card, user)
    template = get_template("planning/marks.html")
    found = {
        pk: template.render({"marks": said.get(feature, []), "initiative": initiatives.get(feature)})
        for pk, feature in of_card.items()
    }
    return {pk: html for pk, html in found.items() if html.strip()}


def _initiatives(of_card: Mapping[int, int | None], user: User) -> dict[int, Initiative]:
    """By feature, its initiative that the reader may see."""
    seen = Initiative.objects.for_user(user).order_by()
    rows = Feature.objects.filter(pk__in=[pk for pk in of_card.values() if pk], initiative__in=seen)
    return {row.pk: row.initiative for row in rows.select_related("initiative") if row.initiative}
