"""What people do to strategic themes: directions of the whole portfolio."""

from datetime import date
from typing import Any

from portfolio.actions.writing import change, create, short_name
from portfolio.models import Theme
from portfolio.rules import Person, require


def create_theme(*, actor: Person, name: str, slug: str = "", **fields: Any) -> Theme:
    """`fields`: description, position, started_on, ended_on. The slug is made from the name when not given."""
    require(actor, "manage_portfolio")
    return create(actor, "created", Theme(name=name, slug=short_name(name, slug, 60), **fields))


def change_theme(*, actor: Person, theme: Theme, **fields: Any) -> Theme:
    require(actor, "manage_portfolio")
    return change(actor, "changed", theme, fields)


def end_theme(*, actor: Person, theme: Theme, on: date) -> Theme:
    """`on` is its last day; initiatives and objectives that serve it keep it."""
    require(actor, "manage_portfolio")
    return change(actor, "ended", theme, {"ended_on": on})


def reopen_theme(*, actor: Person, theme: Theme) -> Theme:
    require(actor, "manage_portfolio")
    return change(actor, "reopened", theme, {"ended_on": None})
