"""Bringing together what two people wrote: nothing is lost, and what both changed is asked."""

from hypothesis import given
from hypothesis import strategies as st

from core.merging import choose, merge, words

BASE = {"name": "Refunds in two days", "why": "Customers wait.", "owner": "3"}


def test_what_one_side_changed_is_kept() -> None:
    mine = {**BASE, "why": "Customers wait for weeks."}
    theirs = {**BASE, "name": "Refunds in one day"}
    found = merge(BASE, mine, theirs)
    assert found.merged == {"name": "Refunds in one day", "why": "Customers wait for weeks.", "owner": "3"}
    assert (found.clashes, found.kept) == ([], ["name"])


def test_what_both_changed_is_asked() -> None:
    mine, theirs = {**BASE, "name": "Refunds within a day"}, {**BASE, "name": "Refunds in one day", "owner": "4"}
    found = merge(BASE, mine, theirs)
    assert (found.clashes, found.kept) == (["name"], ["owner"])
    assert found.merged["name"] == "Refunds within a day"


def test_the_same_change_twice_is_no_clash() -> None:
    both = {**BASE, "name": "Refunds in one day"}
    assert merge(BASE, both, both).clashes == []


def test_line_ends_of_browsers_are_no_change() -> None:
    base = {"why": "One\nTwo"}
    assert merge(base, {"why": "One\r\nTwo"}, {"why": "One\nThree"}).merged == {"why": "One\nThree"}


def test_without_a_base_everything_different_is_asked() -> None:
    assert merge({}, {"name": "A"}, {"name": "B"}).clashes == ["name"]
    assert merge({}, {"name": "A"}, {"name": "A"}).clashes == []


def test_choosing() -> None:
    assert choose("theirs", "A", "B", is_long=True) == "A"
    assert choose("mine", "A", "B", is_long=True) == "B"
    assert choose("both", "A", "B", is_long=True) == "A\n\nB"
    assert choose("both", "A", "B", is_long=False) == "A / B"
    assert choose("both", "", "B", is_long=False) == "B"


def test_a_diff_of_words() -> None:
    assert words("Refunds in two days", "Refunds in one day") == [
        ("same", "Refunds in "),
        ("gone", "two days"),
        ("new", "one day"),
    ]
    assert words("", "New") == [("new", "New")]
    assert words("Same", "Same") == [("same", "Same")]


LINES = st.text(alphabet="ab \n.", max_size=40).map(str.strip)


@given(LINES, LINES)
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(text for kind, text in pieces if kind != "new") == before
    assert "".join(text for kind, text in pieces if kind != "gone") == after


SIDE = st.fixed_dictionaries({name: st.sampled_from(["x", "y", "z"]) for name in "abc"})


@given(SIDE, SIDE, SIDE)
def test_nothing_is_lost(base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]) -> None:
    """Whatever either side changed is in the result, or asked."""
    found = merge(base, mine, theirs)
    for name in base:
        if mine[name] != base[name]:
            assert found.merged[name] == mine[name]
        if theirs[name] != base[name]:
            assert found.merged[name] == theirs[name] or name in found.clashes
