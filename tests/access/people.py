"""The people of the table, what they may see, and what a row is."""

from dataclasses import dataclass, field
from typing import Any

PEOPLE = ["anonymous", "outsider", "member", "viewer", "coach", "leader", "stream_pmo", "pmo", "administrator"]
ALL = frozenset(PEOPLE)
KNOWN = ALL - {"anonymous"}
OF_FALCON = KNOWN - {"outsider"}
OF_PAYMENTS = frozenset({"coach", "leader", "stream_pmo", "pmo", "administrator"})
GLOBAL = frozenset({"leader", "pmo", "administrator"})
MANAGE_FALCON = frozenset({"stream_pmo", "pmo", "administrator"})
MANAGE_ALL = frozenset({"pmo", "administrator"})
ADMINISTRATOR = frozenset({"administrator"})
# Initiatives, features and policies of Payments and its teams.
PLAN = frozenset({"coach", "leader", "stream_pmo", "pmo", "administrator"})
# The money of Payments.
MONEY = frozenset({"leader", "stream_pmo", "pmo", "administrator"})
# Where the money of Payments goes: stages, scores, limits, requests; who may approve what somebody else asked for.
STEER = frozenset({"leader", "stream_pmo", "pmo", "administrator"})
APPROVE = frozenset({"leader", "administrator"})
# Routes of one's own things: each person finds only theirs, so the ids of others are not found.
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    may: frozenset[str]
    args: dict[str, Any] = field(default_factory=dict)
    method: str = "get"
    query: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    # Who gets in may still be told that the data will not do.
    served: int = 200


def post(may: frozenset[str], data: dict[str, Any] | None = None, query: str = "", **args: Any) -> Row:
    return Row(may, args, "post", query, data or {})


FALCON: dict[str, Any] = {"slug": "falcon"}
PAYMENTS: dict[str, Any] = {"slug": "payments"}
SOURCE: dict[str, Any] = {"slug": "falcon-git"}
INITIATIVE: dict[str, Any] = {"slug": "refunds"}
SCORE = {"initiative": "{initiative.pk}", "part": "business_value", "score": 3}
FEATURE: dict[str, Any] = {**FALCON, "feature_id": "{feature.pk}"}
# Leaders decide; with the PMO they raise decisions, and dismiss them.
DECIDE = frozenset({"leader", "administrator"})
SCOPE, STREAM = "scope=team:falcon", "scope=stream:payments"
