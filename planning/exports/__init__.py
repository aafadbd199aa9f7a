"""A plan to take away: its cards as a table, its board as a sheet of paper or a picture."""

from collections.abc import Callable
from typing import NamedTuple

from django.http import Http404, HttpResponse, HttpResponseBase

from accounts.models import User
from core.exports import table_response
from planning.exports.pages import pdf, png
from planning.exports.sheets import sheets
from planning.exports.tables import HEAD, rows
from planning.models import Increment
from planning.queries.board import Shown, board_of


class Format(NamedTuple):
    """A kind of file: its ending, what it is called, what it is for."""

    ending: str
    name: str
    text: str


FORMATS = (
    Format("pdf", "A3, to print", "The board with its strings, on as many sheets as it needs."),
    Format("png", "PNG", "The whole board with its strings as one picture, for slides."),
    Format("xlsx", "XLSX", "A row per card, with its place, load, chance and dependencies."),
    Format("csv", "CSV", "The same for programs; changed, it can be imported again."),
)


def response(increment: Increment, user: User, ending: str) -> HttpResponseBase:
    """The download; raises Http404 for a format that there is not."""
    name = f"{increment.train.slug}-{increment.slug}"
    board = board_of(increment, user)
    if ending in {"csv", "xlsx"}:
        return table_response(ending, name, HEAD, rows(board, user))
    makers: dict[str, tuple[Callable[[Shown], bytes], str]] = {
        "pdf": (lambda shown: pdf(sheets(shown)), "application/pdf"),
        "png": (lambda shown: png(sheets(shown, is_one=True)), "image/png"),
    }
    if ending not in makers:
        raise Http404("There is no such format.")
    make, kind = makers[ending]
    answer = HttpResponse(make(board), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return answer
