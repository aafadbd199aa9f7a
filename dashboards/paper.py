"""The overview on paper: one A4 page, laid out by WeasyPrint from the widgets of the page."""

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template.loader import render_to_string

from dashboards.queries.home import Overview
from portfolio.overview import Tile

STYLES = "css/paper.css"
# Rows of a widget at most and at least: the largest number with which everything fits on the page is taken.
MOST_ROWS, FEWEST_ROWS = 16, 1
# Of some widgets a few rows say enough, however much room there is.
MOST_OF = {"objectives": 6, "decisions": 8}
# Not on paper: it is about the screen.
LEFT_OUT = {"fresh"}


class NoPaper(RuntimeError):
    """What lays out pages cannot be used here; the message says why."""


def library() -> Any:
    """WeasyPrint. Raises NoPaper when it, or Pango which it draws with, is not there."""
    # It tells of every step it takes.
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise NoPaper(str(error).splitlines()[0]) from error


def _refuse(url: str, *args: object, **kwargs: object) -> Any:
    """Nothing is fetched: everything is in the page."""
    raise ValueError(f"{url} is not fetched")


def lines(overview: Overview, rows: int) -> list[list[Tile]]:
    """The widgets by their lines on the page, each with at most so many rows."""
    shown = [replace(tile, shown=min(MOST_OF.get(tile.key, rows), rows)) for tile in overview.tiles]
    shown = [tile for tile in shown if tile.key not in LEFT_OUT]
    found: list[list[Tile]] = []
    for tile in shown:
        is_second = tile.size in {"w4", "w5", "w6"} and found and len(found[-1]) == 1 and found[-1][0].size != "w12"
        if is_second:
            found[-1].append(tile)
        else:
            found.append([tile])
    return found


def pdf(request: HttpRequest, context: Mapping[str, Any]) -> bytes:
    """The page as PDF, with as many rows of each widget as fit. Raises NoPaper."""
    weasyprint = library()
    styles = weasyprint.CSS(string=Path(str(finders.find(STYLES))).read_text())
    document = _fitting(lambda rows: _document(weasyprint, request, dict(context), rows, styles))
    made: bytes = document.copy(document.pages[:1]).write_pdf()
    return made


def _fitting(lay_out: Callable[[int], Any]) -> Any:
    """The document with most rows that is one page; with the fewest if none is."""
    best, low, high = lay_out(MOST_ROWS), FEWEST_ROWS, MOST_ROWS - 1
    if len(best.pages) == 1:
        return best
    best = lay_out(low)
    while low < high:
        rows = (low + high + 1) // 2
        tried = lay_out(rows)
        if len(tried.pages) == 1:
            best, low = tried, rows
        else:
            high = rows - 1
    return best


def _document(weasyprint: Any, request: HttpRequest, context: dict[str, Any], rows: int, styles: Any) -> Any:
    context |= {"rows": lines(context["overview"], rows), "paper": True}
    html = render_to_string("dashboards/home/paper.html", context, request=request)
    return weasyprint.HTML(string=html, url_fetcher=_refuse).render(stylesheets=[styles])
