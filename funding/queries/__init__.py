"""What was budgeted and spent: the same figures for pages, the API, panels and evidence."""

from funding.queries.budgets import StreamMoney, budgets, history, money, source_of
from funding.queries.spend import Part, parts, spend_by_initiative, spend_by_stream

__all__ = [
    "Part",
    "StreamMoney",
    "budgets",
    "history",
    "money",
    "parts",
    "source_of",
    "spend_by_initiative",
    "spend_by_stream",
]
