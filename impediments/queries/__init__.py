"""What the pages of impediments show."""

from impediments.queries.board import Board, board_of
from impediments.queries.items import Offer, offers, unlogged
from impediments.queries.listing import Asked, listed
from impediments.queries.page import Page, page_of
from impediments.queries.people import may_log_somewhere, teams_to_log, usual_team, workable
from impediments.queries.rows import Row, Summary, rows_of, seen, summary

__all__ = [
    "Asked",
    "Board",
    "Offer",
    "Page",
    "Row",
    "Summary",
    "board_of",
    "listed",
    "may_log_somewhere",
    "offers",
    "page_of",
    "rows_of",
    "seen",
    "summary",
    "teams_to_log",
    "unlogged",
    "usual_team",
    "workable",
]
