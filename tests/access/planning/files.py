"""Who may open what: imports and exports of a plan."""

from typing import Any

from tests.access.people import MANAGE_FALCON, NOBODY, OF_FALCON, Row, post

PI: dict[str, Any] = {"slug": "pi-26-1"}
# Who writes the row of Falcon.
PLAN = MANAGE_FALCON | {"member", "coach", "leader"}
SCOPE: dict[str, Any] = {"kind": "plan-cards"}
ROUTES: dict[str, list[Row]] = {
    "plan-files": [Row(OF_FALCON, PI), Row(OF_FALCON, PI, query="find=1&label=none")],
    "plan-files-check": [post(PLAN, {"key": "none"}, **PI)],
    # Each person finds their own files only.
    "plan-print": [post(OF_FALCON, {"kind": "pdf"}, **PI)],
    "plan-print-file": [Row(NOBODY, {**PI, "print_id": 1})],
    "plan-export": [Row(OF_FALCON, {**PI, "fmt": "csv"}), Row(OF_FALCON, {**PI, "fmt": "xlsx"})],
}
