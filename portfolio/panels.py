"""What other apps add to the pages of the nouns, so that no app needs to import its siblings.

An app registers, when the portal starts (AppConfig.ready), `marks`: short facts about many things in one call, shown
where they are listed; and `panel`: a section of one thing's page.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.http import HttpRequest

from accounts.models import User

# What can be listed or has a page of its own.
Noun = Literal["stream", "team", "initiative", "feature", "action"]


class Mark(NamedTuple):
    """A short fact. As a tag it has a tone (see the tag component); `share` (0…1) is drawn as a bar below it."""

    text: str
    is_tag: bool = False
    tone: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of a page: a template with its context. It begins with a heading of its own."""

    template: str
    context: Mapping[str, Any]


# Of things by their ids, as `user` may see them, as at an instant; what has nothing to say about a thing leaves it out.
Marks = Callable[[Collection[int], User, datetime], Mapping[int, Sequence[Mark]]]
# Of the thing with this id, for the reader of this request; None: nothing to say.
MakePanel = Callable[[int, HttpRequest], Panel | None]
_marks: dict[tuple[Noun, Marks], int] = {}
_panels: dict[tuple[Noun, MakePanel], int] = {}


def register(noun: Noun, *, rank: int, marks: Marks | None = None, panel: MakePanel | None = None) -> None:
    """Called once by an app; what has the lowest rank comes first."""
    if marks is not None:
        _marks[noun, marks] = rank
    if panel is not None:
        _panels[noun, panel] = rank


def _ranked(registered: Mapping[tuple[Noun, Any], int], noun: Noun) -> Iterable[Any]:
    ranked = sorted(registered.items(), key=lambda pair: pair[1])
    return [maker for (of, maker), _ in ranked if of == noun]


def marks(noun: Noun, ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """The marks of every app about the things with these ids; each id has a list."""
    found: dict[int, list[Mark]] = {pk: [] for pk in ids}
    for maker in _ranked(_marks, noun) if ids else ():
        for pk, given in maker(ids, user, as_of).items():
            found[pk].extend(given)
    return found


def panels(noun: Noun, pk: int, request: HttpRequest) -> list[Panel]:
    """The sections that apps add to the page of a thing."""
    made = (maker(pk, request) for maker in _ranked(_panels, noun))
    return [panel for panel in made if panel is not None]
