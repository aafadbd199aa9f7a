"""Addresses of a widget of the overview: why, rows, CSV."""

from django import template
from django.urls import reverse

from portfolio.overview import Ask, Tile

register = template.Library()


@register.filter
def rows_of(tile: Tile, ask: Ask) -> str:
    """The page with all rows of the widget."""
    return f"{reverse('home-part', args=[tile.key])}?{ask.query}" if tile.has_rows else ""


@register.filter
def why_of(tile: Tile, ask: Ask) -> str:
    return f"{rows_of(tile, ask)}#why" if tile.has_rows else ""


@register.filter
def csv_of(tile: Tile, ask: Ask) -> str:
    return f"{reverse('home-csv', args=[tile.key])}?{ask.query}" if tile.has_rows else ""


@register.filter
def noun(tile: Tile) -> str:
    """What the rows that the page does not show are called; of all rows where it shows none."""
    return tile.noun_of(tile.more or len(tile.rows))
