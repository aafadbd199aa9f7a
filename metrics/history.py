"""An item's own history: its stays from creation on, by the same columns that every figure is computed from."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from metrics.columns.facts import read_items
from metrics.columns.flow import derive
from metrics.columns.shapes import NEVER, OPEN, FlowColumns
from metrics.columns.zones import instant, local_day, micros
from metrics.models import WorkItem
from metrics.rows import STATES
from metrics.states import ACTIVE, WAITING
from metrics.templatetags.measures import lasting

Ints = npt.NDArray[np.int64]
# More stays than this are drawn as what held in the middle of each of so many equal parts of the item's life.
MOST_DRAWN = 300


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in one status and team. `until` None: still there."""

    status: str
    state: str
    team: str
    at: datetime
    until: datetime | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the drawing: a state, what it is called, and its share (0…100) of the whole, from `left` on."""

    state: str
    title: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Block:
    at: datetime
    until: datetime | None
    reason: str
    left: float
    width: float


@dataclass(frozen=True)
class History:
    """An item as at an instant. `stays` are in order; `drawn` stands for them in the drawing."""

    columns: FlowColumns

    def __len__(self) -> int:
        return len(self.columns.at)

    @property
    def _last(self) -> int:
        return int(self.columns.last[0])

    @property
    def state(self) -> str:
        return STATES[int(self.columns.state[self._last])]

    @property
    def status(self) -> str:
        return self.columns.statuses[int(self.columns.status[self._last])].name

    @property
    def team(self) -> str:
        return self.columns.teams[int(self.columns.team[self._last])].name

    @property
    def created(self) -> datetime:
        return instant(int(self.columns.created[0]))

    @property
    def started(self) -> datetime | None:
        return _known(int(self.columns.began[self._last]))

    @property
    def finished(self) -> datetime | None:
        return _known(int(self.columns.ended[self._last]))

    @property
    def _finish_day(self) -> int:
        return int(self.columns.day[int(self.columns.finishing[self._last])])

    @property
    def cycle_days(self) -> int | None:
        """Of a finished item, in the zone of the team at the finish."""
        if self.finished is None:
            return None
        finishing = int(self.columns.finishing[self._last])
        return self._finish_day - int(self.columns.began_day[finishing]) + 1

    @property
    def lead_days(self) -> int | None:
        """Of a finished item, in the zone of the team at the finish."""
        if self.finished is None:
            return None
        finishing = int(self.columns.finishing[self._last])
        zone = self.columns.teams[int(self.columns.team[finishing])].zone
        return self._finish_day - local_day(self.created, zone) + 1

    @property
    def age_days(self) -> int | None:
        """Of an item in progress."""
        if self.state not in {"active", "waiting"}:
            return None
        today = self.columns.teams[int(self.columns.team[self._last])].as_of_day
        return today - int(self.columns.began_day[self._last]) + 1

    @cached_property
    def _seconds(self) -> npt.NDArray[np.float64]:
        """How long each stay lasted, up to as_of."""
        lengths: npt.NDArray[np.float64] = (np.minimum(self.columns.until, self.columns.as_of) - self.columns.at) / 1e6
        return lengths

    @property
    def answer(self) -> str:
        """Where its time went, in a sentence."""
        columns = self.columns
        busy, idle = (float(self._seconds[columns.state == state].sum()) for state in (ACTIVE, WAITING))
        if not busy + idle:
            return "It has not been worked on yet." if not self.finished else "It went straight to done."
        longest = int(np.argmax(np.where(np.isin(columns.state, (ACTIVE, WAITING)), self._seconds, -1)))
        share = round(100 * busy / (busy + idle))
        times = f"Active for {lasting(busy)}, waiting for {lasting(idle)} ({share} % active)"
        return f"{times}; longest in {columns.statuses[int(columns.status[longest])].name}."

    @property
    def stays(self) -> list[Stay]:
        return self[: len(self)]

    def __getitem__(self, part: slice) -> list[Stay]:
        """Some of the stays: a page of them."""
        return [self._stay(place) for place in range(len(self))[part]]

    def _stay(self, place: int) -> Stay:
        columns, until = self.columns, int(self.columns.until[place])
        return Stay(
            status=columns.statuses[int(columns.status[place])].name,
            state=STATES[int(columns.state[place])],
            team=columns.teams[int(columns.team[place])].name,
            at=instant(int(columns.at[place])),
            until=None if until == OPEN else instant(until),
            seconds=float(self._seconds[place]),
        )

    @property
    def drawn(self) -> list[Piece]:
        """The stays as parts of a drawing; of very many, those that can be told apart."""
        columns = self.columns
        if len(self) <= MOST_DRAWN:
            return [self._piece(place) for place in range(len(self))]
        step = 100 / MOST_DRAWN
        middles = np.linspace(int(columns.created[0]), columns.as_of, 2 * MOST_DRAWN + 1)[1::2]
        state = columns.state[np.maximum(np.searchsorted(columns.at, middles, side="right") - 1, 0)]
        edges = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), MOST_DRAWN]
        return [
            Piece(STATES[int(state[low])], f"mostly {STATES[int(state[low])]}", low * step, (high - low) * step)
            for low, high in pairwise(edges)
        ]

    def _piece(self, place: int) -> Piece:
        stay = self._stay(place)
        at, until = int(self.columns.at[place]), int(self.columns.until[place])
        return Piece(stay.state, f"{stay.status}: {lasting(stay.seconds)}", *_place(self.columns, at, until))

    @property
    def blocks(self) -> list[Block]:
        columns = self.columns
        spans = zip(columns.blocked_from.tolist(), columns.blocked_until.tolist(), strict=True)
        reasons = [columns.reasons[number] for number in columns.blocked_reason.tolist()]
        return [
            Block(instant(at), None if until == OPEN else instant(until), reason, *_place(columns, at, until))
            for (at, until), reason in zip(spans, reasons, strict=True)
        ]


def history(item: WorkItem, as_of: datetime) -> History | None:
    """The item's history as at `as_of`; None when it is not there yet by then."""
    columns = derive(read_items([item.pk]), micros(as_of), frozenset())
    return History(columns) if len(columns.ids) else None


def _known(at: int) -> datetime | None:
    return None if at == NEVER else instant(at)


def _place(columns: FlowColumns, at: int, until: int) -> tuple[float, float]:
    """Where a time lies in the item's whole, in per cent: left and width."""
    start = int(columns.created[0])
    whole = max(1, columns.as_of - start)
    end = min(until, columns.as_of)
    return round(100 * (at - start) / whole, 3), round(100 * max(0, end - at) / whole, 3)
