"""A plan to take away: its cards as a table at once, its board as sheets of paper or a picture by a worker."""

from collections.abc import Callable
from typing import NamedTuple

from django.http import Http404, HttpResponseBase

from accounts.models import User
from core.exports import table_response
from planning.exports.pages import pdf, png
from planning.exports.sheets import sheets
from planning.exports.tables import HEAD, rows
from planning.models import Increment, PrintKind
from planning.queries.board import Shown, board_of


class Format(NamedTuple):
    """A kind of file: its ending, what it is called, what it is for."""

    ending: str
    name: str
    text: str


# Drawn by a worker, and made at once.
DRAWN = (
    Format("pdf", "A3 sheets", "A PDF to print: the board with its strings, on as many sheets as it needs."),
    Format("png", "PNG picture", "The whole board with its strings as one picture, for slides."),
)
TABLES = (
    Format("xlsx", "XLSX", "A row per card, with its place, load, chance and dependencies."),
    Format("csv", "CSV", "The same for programs; changed, it can be imported again."),
)
TYPES = {PrintKind.PDF: "application/pdf", PrintKind.PNG: "image/png"}


def response(increment: Increment, user: User, ending: str) -> HttpResponseBase:
    """The table as a download; raises Http404 for a format that there is not."""
    if ending not in {one.ending for one in TABLES}:
        raise Http404("There is no such format.")
    return table_response(ending, name_of(increment), HEAD, rows(board_of(increment, user), user))


def name_of(increment: Increment) -> str:
    """What its files are called, without their ending."""
    return f"{increment.train.slug}-{increment.slug}"


def drawn(board: Shown, kind: str, said: Callable[[int, int], None] | None = None) -> bytes:
    """The board as a file; `said` is told how many sheets are drawn, of how many."""
    if kind == PrintKind.PNG:
        return png(sheets(board, is_one=True), said)
    return pdf(sheets(board), said)
