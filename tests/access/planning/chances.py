"""Who may open what: chances explained, and the repair of a plan."""

from typing import Any

from tests.access.people import OF_FALCON, Row, post
from tests.access.planning.board import CARD, PI, WORK

MOVES: dict[str, Any] = {"moves": [{"card": "{plan_card.pk}", "iteration": "{plan_iteration.pk}", "version": 1}]}
ROUTES: dict[str, list[Row]] = {
    "plan-chance": [Row(OF_FALCON, CARD)],
    "plan-repair": [Row(OF_FALCON, PI), post(WORK, {"move": "{plan_card.pk}:1:{plan_iteration.pk}"}, **PI)],
    "api-plan-chances": [Row(OF_FALCON, PI)],
    "api-plan-repair": [Row(OF_FALCON, PI), post(WORK, MOVES, **PI)],
}
