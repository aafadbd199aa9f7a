"""Scopes: what a figure is about. A scope is a team, a value stream or the whole portfolio, as a set of teams."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Scope:
    """`teams` are the ids of its teams (ended ones too: they keep their history), `zone` the zone of its days' ends."""

    kind: Literal["team", "stream", "portfolio"]
    slug: str
    name: str
    zone: ZoneInfo
    teams: tuple[int, ...]

    @property
    def text(self) -> str:
        """As written in URLs and commands: `team:falcon`, `stream:payments`, `portfolio`."""
        return "portfolio" if self.kind == "portfolio" else f"{self.kind}:{self.slug}"
