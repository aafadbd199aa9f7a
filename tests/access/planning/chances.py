"""Who may open what: chances explained, and the repair of a plan."""

from tests.access.people import OF_FALCON, Row, post
from tests.access.planning.board import CARD, PI, WORK

ROUTES: dict[str, list[Row]] = {
    "plan-chance": [Row(OF_FALCON, CARD)],
    "plan-repair": [Row(OF_FALCON, PI), post(WORK, {"move": "{plan_card.pk}:1:{plan_iteration.pk}"}, **PI)],
}
