"""Sheets as files: drawn as SVG, printed to PDF by WeasyPrint, made a picture by PDFium. Nothing is fetched."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from planning.exports.inks import INKS
from planning.exports.sheets import WIDTH, Sheet

# Pixels per millimetre of a picture: an A3 sheet is 1890 wide.
SCALE = 4.5
POINTS = 72 / 25.4
LEGEND = (
    ("healthy", "provided before it is needed", 8),
    ("risk", "in the same iteration", 56),
    ("conflict", "provided after it is needed", 94),
    ("unplanned", "one of both is not planned", 142),
    ("declined", "declined", 200),
)
# A picture of a board of a hundred rows would not fit into memory.
MOST_PIXELS = 40_000_000


def pdf(sheets: Sequence[Sheet], said: Callable[[int, int], None] | None = None) -> bytes:
    """A page per sheet; `said` is told how many are drawn, of how many."""
    # Only who prints waits for these to be loaded.
    from weasyprint import CSS, HTML

    height = max(sheet.height for sheet in sheets)
    style = CSS(string=_style(height), url_fetcher=_nothing)
    drawn = []
    for number, sheet in enumerate(sheets):
        if said:
            said(number, len(sheets))
        context = {"sheets": [sheet], "width": WIDTH, "height": height, "legend": LEGEND}
        text = render_to_string("planning/sheets.html", context)
        drawn.append(HTML(string=text, url_fetcher=_nothing).render(stylesheets=[style]))
    made: bytes = drawn[0].copy([page for document in drawn for page in document.pages]).write_pdf()
    return made


def _style(height: float) -> str:
    """The style sheet of paper, with its size and its colours."""
    path = finders.find("css/sheets.css")
    size = f"{WIDTH:.2f}mm {height:.2f}mm"
    sheet = f".sheet {{ width: {WIDTH:.2f}mm; height: {height:.2f}mm; }}"
    inks = " ".join(f".i-{name} {{ color: {color}; }}" for name, color in INKS.items())
    plain = Path(path).read_text(encoding="utf-8") if path else ""
    return f"@page {{ size: {size}; margin: 0; }} {sheet} {inks} {plain}"


def _nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    raise ValueError(f"A sheet fetches nothing, and not {url[:80]}.")


def png(sheets: Sequence[Sheet], said: Callable[[int, int], None] | None = None) -> bytes:
    """The first sheet as a picture."""
    from pypdfium2 import PdfDocument

    area = WIDTH * sheets[0].height
    scale = min(SCALE, (MOST_PIXELS / area) ** 0.5)
    document = PdfDocument(pdf(sheets[:1], said))
    try:
        picture = document[0].render(scale=scale / POINTS).to_pil()
        file = io.BytesIO()
        picture.save(file, "PNG", optimize=False)
        return file.getvalue()
    finally:
        document.close()
