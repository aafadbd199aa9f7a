"""Check-ins that the portal writes by itself: of key results that are linked to a key figure."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

# A value of the figure is a check-in of its day; what people said of that day (confidence, note) stays.
_WRITE = """
    INSERT INTO okrs_checkin (key_result_id, "on", value, confidence, note, blocker, by_id, is_automatic, at)
    SELECT kr.id, v."on", v.value, NULL, '', '', NULL, TRUE, %(now)s
    FROM okrs_keyresult AS kr
    JOIN okrs_objective AS o ON o.id = kr.objective_id AND o.closed_at IS NULL
    JOIN okrs_cycle AS c ON c.id = o.cycle_id AND c.closed_at IS NULL
    JOIN metrics_kpivalue AS v ON v.kpi_id = kr.kpi_id AND v."on" BETWEEN c.starts_on AND least(c.ends_on, %(today)s)
    ON CONFLICT (key_result_id, "on") DO UPDATE SET value = EXCLUDED.value, is_automatic = TRUE, at = EXCLUDED.at
    WHERE okrs_checkin.value IS DISTINCT FROM EXCLUDED.value OR NOT okrs_checkin.is_automatic
"""
# Of a day without a value that people spoke of: the newest value before it.
_CARRY = """
    UPDATE okrs_checkin AS said SET value = newest.value, at = %(now)s
    FROM okrs_checkin AS one
    JOIN okrs_keyresult AS kr ON kr.id = one.key_result_id
    JOIN okrs_objective AS o ON o.id = kr.objective_id AND o.closed_at IS NULL
    JOIN okrs_cycle AS c ON c.id = o.cycle_id AND c.closed_at IS NULL
    CROSS JOIN LATERAL (
        SELECT value FROM metrics_kpivalue WHERE kpi_id = kr.kpi_id AND "on" <= one."on" ORDER BY "on" DESC LIMIT 1
    ) AS newest
    WHERE one.is_automatic AND one.confidence IS NOT NULL
      AND said.id = one.id AND said.value IS DISTINCT FROM newest.value
"""
# A value that was taken back takes its check-in along, unless people spoke of that day.
_REMOVE = """
    DELETE FROM okrs_checkin AS gone
    USING okrs_keyresult AS kr, okrs_objective AS o, okrs_cycle AS c
    WHERE gone.key_result_id = kr.id AND gone.is_automatic AND gone.confidence IS NULL AND kr.kpi_id IS NOT NULL
      AND o.id = kr.objective_id AND o.closed_at IS NULL AND c.id = o.cycle_id AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM metrics_kpivalue AS v WHERE v.kpi_id = kr.kpi_id AND v."on" = gone."on")
"""


def write_linked(now: datetime | None = None) -> int:
    """Bring the check-ins of linked key results in line with their figures, late data included; how many changed.

    Only of open objectives in open cycles. Running it again changes nothing.
    """
    now = now or timezone.now()
    values = {"now": now, "today": timezone.localdate(now)}
    with transaction.atomic(), connection.cursor() as cursor:
        changed = 0
        for statement in (_WRITE, _CARRY, _REMOVE):
            cursor.execute(statement, values)
            changed += cursor.rowcount
    return changed
