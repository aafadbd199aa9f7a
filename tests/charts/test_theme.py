"""The theme of figures is the style sheet's."""

import re

import pytest

from charts import theme

SHEET = """
/* --ink: #comment; */
:root { --ink: #111; --line: rgb(1 2 3 / .5); --s1: 4px }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { --ink: #eee; } }
@media print { :root { --ink: #000; } }
"""


def test_dark_says_what_differs_and_keeps_the_rest() -> None:
    read = theme.parse(SHEET)
    assert read["light"] == {"ink": "#111", "line": "rgb(1 2 3 / .5)", "s1": "4px"}
    assert read["dark"] == {"ink": "#eee", "line": "rgb(1 2 3 / .5)", "s1": "4px"}


def test_the_choice_of_a_reader_and_of_the_system_are_the_same_dark() -> None:
    css = theme.css_path().read_text()
    blocks = re.findall(r"\{([^{}]*--ink:[^{}]*)\}", css)
    assert len(blocks) == 3, "light, dark by choice, dark by the system"
    chosen, system = (dict(re.findall(r"--([\w-]+):\s*([^;]+);", block)) for block in blocks[1:])
    assert chosen == system


@pytest.mark.parametrize("name", [*theme.SERIES, *theme.STATES.values()])
def test_every_token_that_figures_use_is_in_both_themes(name: str) -> None:
    assert theme.colour(name) == f"var(--{name})"
    assert theme.values("light")[name] != theme.values("dark")[name]


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(theme.UnknownToken):
        theme.colour("crimson")


def test_paper_is_light_whatever_theme_the_reader_has() -> None:
    sheet = (theme.css_path().parent / "print.css").read_text()
    on_paper = dict(re.findall(r"--([\w-]+):\s*([^;]+);", sheet))
    light, dark = theme.values("light"), theme.values("dark")
    missing = {name for name in dark if dark[name] != light[name]} - set(on_paper)
    assert not missing, "print.css says what these are on paper"
    colours = [name for name in light if name.startswith(("series-", "seq-", "div-"))]
    assert {name: on_paper[name] for name in colours} == {name: light[name] for name in colours}
