"""Two people changed the same thing: what each changed alone is kept, what both changed is shown word by word.

Values are texts, as forms show them; what they mean is the form's business. Nobody's words are lost: a field that both
changed stands in `clashes` until a person chose theirs, their own, or both.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Choice = Literal["theirs", "mine", "both"]
# Longer texts are compared line by line: comparing words takes the square of their number.
MOST_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Merge:
    """`merged` has every field: what only one side changed, and of `clashes` what the second writer wrote.

    `kept` are fields that only the others changed.
    """

    merged: dict[str, str]
    clashes: list[str]
    kept: list[str]


class Piece(NamedTuple):
    """A stretch of words that is the same in both texts, gone from the first, or new in the second."""

    kind: Literal["same", "gone", "new"]
    text: str


def normal(text: str) -> str:
    """A text as it is compared: browsers send other line ends than they were given."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def merge(base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merge:
    """Bring together what two people made of `base`; `theirs` is what is stored now, `mine` what is to be stored.

    A field that `base` does not know counts as changed by both, unless both say the same.
    """
    merged, clashes, kept = dict(theirs), [], []
    for name, wanted in mine.items():
        now, was = theirs.get(name, ""), base.get(name)
        if normal(wanted) == normal(now):
            continue
        if was is not None and normal(wanted) == normal(was):
            kept.append(name)
            continue
        merged[name] = wanted
        if was is None or normal(now) != normal(was):
            clashes.append(name)
    return Merge(merged, clashes, kept)


def choose(choice: Choice, theirs: str, mine: str, *, is_long: bool) -> str:
    """The text that was chosen; `both` is theirs and then mine, as paragraphs or on one line."""
    if choice == "theirs":
        return theirs
    if choice == "mine" or normal(theirs) == normal(mine):
        return mine
    gap = "\n\n" if is_long else " / "
    return gap.join(text for text in (theirs.strip(), mine.strip()) if text)


def _tokens(text: str) -> list[str]:
    words = re.findall(r"\s+|\w+|[^\w\s]", text)
    return words if len(words) <= MOST_WORDS else text.splitlines(keepends=True)


def words(before: str, after: str) -> list[Piece]:
    """What became of a text: without what is new the pieces are `before`, without what is gone `after`."""
    old, new = _tokens(normal(before)), _tokens(normal(after))
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[a:b])))
            continue
        pieces += [Piece("gone", "".join(old[a:b]))] if b > a else []
        pieces += [Piece("new", "".join(new[c:d]))] if d > c else []
    return _joined(pieces)


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Whole phrases instead of word after word: changes with only a blank between them become one."""
    found: list[Piece] = []
    waiting: list[Piece] = []
    for piece in [*pieces, Piece("same", "")]:
        if piece.kind != "same" or (waiting and piece.text.isspace() and "\n" not in piece.text):
            waiting.append(piece)
            continue
        found += _change(waiting)
        waiting = []
        found += [piece] if piece.text else []
    return found


def _change(pieces: list[Piece]) -> list[Piece]:
    """One change of some stretches: all that is gone, then all that is new."""
    tail: list[Piece] = []
    if pieces and pieces[-1].kind == "same":
        tail = [pieces.pop()]
    gone = "".join(piece.text for piece in pieces if piece.kind != "new")
    new = "".join(piece.text for piece in pieces if piece.kind != "gone")
    changed = [Piece("gone", gone)] if gone else []
    return [*changed, *([Piece("new", new)] if new else []), *tail]
