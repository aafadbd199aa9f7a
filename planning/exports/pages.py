"""Sheets as files: drawn as SVG, printed to PDF by WeasyPrint, made a picture by PDFium. Nothing is fetched."""

import io
from collections.abc import Sequence
from typing import Any

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
)
# A picture of a board of a hundred rows would not fit into memory.
MOST_PIXELS = 40_000_000


def pdf(sheets: Sequence[Sheet]) -> bytes:
    """A page per sheet."""
    # Only who prints waits for these to be loaded.
    from weasyprint import HTML

    height = max(sheet.height for sheet in sheets)
    context = {"sheets": sheets, "width": WIDTH, "height": height, "legend": LEGEND, "inks": INKS}
    text = render_to_string("planning/sheets.html", context)
    made: bytes = HTML(string=text, url_fetcher=_nothing).write_pdf()
    return made


def _nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    raise ValueError(f"A sheet fetches nothing, and not {url[:80]}.")


def png(sheets: Sequence[Sheet]) -> bytes:
    """The first sheet as a picture."""
    from pypdfium2 import PdfDocument

    area = WIDTH * sheets[0].height
    scale = min(SCALE, (MOST_PIXELS / area) ** 0.5)
    document = PdfDocument(pdf(sheets[:1]))
    try:
        picture = document[0].render(scale=scale / POINTS).to_pil()
        file = io.BytesIO()
        picture.save(file, "PNG", optimize=False)
        return file.getvalue()
    finally:
        document.close()
