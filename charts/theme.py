"""The tokens of static/css/tokens.css, for figures.

A figure names its colours as `var(--token)`; static/js/figures.js puts in the value of the theme the page is in, so one
spec serves both. `values` reads the tokens for those who have no browser at hand (tests, mail, print).
"""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from django.conf import settings

Theme = Literal["light", "dark"]

SERIES = ("series-1", "series-2", "series-3", "series-4", "series-5", "series-6")
# What the states of work look like, everywhere.
STATES = {
    "backlog": "line-strong",
    "active": "series-1",
    "waiting": "series-2",
    "done": "series-3",
    "removed": "ink-3",
}
_DECLARATION = re.compile(r"--([a-z0-9-]+)\s*:\s*(.+)", re.DOTALL)
_PART = re.compile(r"([^{};]*)([{};])")


class UnknownToken(KeyError):
    """A figure names a token that tokens.css does not have."""


def css_path() -> Path:
    return Path(settings.BASE_DIR) / "static" / "css" / "tokens.css"


def parse(css: str) -> dict[Theme, dict[str, str]]:
    """The custom properties of a style sheet by theme; dark holds light's where it does not say otherwise."""
    found: dict[Theme, dict[str, str]] = {"light": {}, "dark": {}}
    heads: list[str] = []
    for text, end in _PART.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if end == "{":
            heads.append(text)
            continue
        if (declaration := _DECLARATION.match(text.strip())) and "print" not in " ".join(heads):
            found[_theme(heads)][declaration[1]] = declaration[2].strip()
        if end == "}":
            heads.pop()
    return {"light": found["light"], "dark": found["light"] | found["dark"]}


def _theme(heads: list[str]) -> Theme:
    """Whose tokens a block holds: `:root:not([data-theme="light"])` in a query for dark is dark's."""
    said = re.sub(r":not\([^)]*\)", "", " ".join(heads))
    return "dark" if "dark" in said else "light"


@cache
def values(theme: Theme) -> dict[str, str]:
    """Token name → value in `theme`, as tokens.css says."""
    return parse(css_path().read_text())[theme]


def colour(token: str) -> str:
    """How a figure names a colour. Raises UnknownToken."""
    if token not in values("light"):
        raise UnknownToken(token)
    return f"var(--{token})"


def series(index: int) -> str:
    """The colour of the n-th series, from 0; they repeat after six."""
    return colour(SERIES[index % len(SERIES)])
