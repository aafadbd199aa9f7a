"""An item's own history: its stays from creation on, by the same columns that every figure is computed from."""

from dataclasses import dataclass
from datetime import datetime

from metrics.columns.facts import read_items
from metrics.columns.flow import derive
from metrics.columns.shapes import NEVER, OPEN, FlowColumns
from metrics.columns.zones import instant, local_day, micros
from metrics.models import WorkItem
from metrics.rows import STATES
from metrics.templatetags.measures import lasting
from portfolio.models import Team


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in one status and team. `until` None: still there. `left` and `width` are shares (0…100) of the whole."""

    status: str
    state: str
    team: str
    at: datetime
    until: datetime | None
    seconds: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Block:
    at: datetime
    until: datetime | None
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class History:
    """`stays` in order. `cycle_days` and `lead_days` are for finished items, `age_days` for those in progress."""

    stays: list[Stay]
    blocks: list[Block]
    state: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    cycle_days: int | None
    lead_days: int | None
    age_days: int | None

    @property
    def answer(self) -> str:
        """Where its time went, in a sentence."""
        busy = sum(stay.seconds for stay in self.stays if stay.state == "active")
        idle = sum(stay.seconds for stay in self.stays if stay.state == "waiting")
        if not busy + idle:
            return "It has not been worked on yet." if not self.finished else "It went straight to done."
        longest = max((stay for stay in self.stays if stay.state in {"active", "waiting"}), key=lambda s: s.seconds)
        share = round(100 * busy / (busy + idle))
        times = f"Active for {lasting(busy)}, waiting for {lasting(idle)} ({share} % active)"
        return f"{times}; longest in {longest.status}."


def history(item: WorkItem, as_of: datetime) -> History | None:
    """The item's history as at `as_of`; None when it is not there yet by then."""
    columns = derive(read_items([item.pk]), micros(as_of), frozenset())
    if not len(columns.ids):
        return None
    last = int(columns.last[0])
    state = STATES[int(columns.state[last])]
    is_going = state in {"active", "waiting"}
    return History(
        stays=_stays(columns),
        blocks=_blocks(columns),
        state=state,
        created=instant(int(columns.created[0])),
        started=_known(int(columns.began[last])),
        finished=_known(int(columns.ended[last])),
        **_lengths(columns, last),
        age_days=columns.teams[int(columns.team[last])].as_of_day - int(columns.began_day[last]) + 1
        if is_going
        else None,
    )


def _known(at: int) -> datetime | None:
    return None if at == NEVER else instant(at)


def _lengths(columns: FlowColumns, last: int) -> dict[str, int | None]:
    """Cycle and lead time in the zone of the team at the finish; none of what is not finished."""
    if int(columns.ended[last]) == NEVER:
        return {"cycle_days": None, "lead_days": None}
    finishing = int(columns.finishing[last])
    day = int(columns.day[finishing])
    created = local_day(instant(int(columns.created[0])), columns.teams[int(columns.team[finishing])].zone)
    return {"cycle_days": day - int(columns.began_day[finishing]) + 1, "lead_days": day - created + 1}


def _place(columns: FlowColumns, at: int, until: int) -> tuple[float, float]:
    """Where a time lies in the item's whole, in per cent: left and width."""
    start = int(columns.created[0])
    whole = max(1, columns.as_of - start)
    end = min(until, columns.as_of)
    return round(100 * (at - start) / whole, 3), round(100 * max(0, end - at) / whole, 3)


def _stays(columns: FlowColumns) -> list[Stay]:
    teams = dict(Team.objects.filter(pk__in=[team.id for team in columns.teams]).values_list("pk", "name"))
    stays = []
    for i in range(len(columns.at)):
        at, until = int(columns.at[i]), int(columns.until[i])
        left, width = _place(columns, at, until)
        stays.append(
            Stay(
                status=columns.statuses[int(columns.status[i])].name,
                state=STATES[int(columns.state[i])],
                team=teams[columns.teams[int(columns.team[i])].id],
                at=instant(at),
                until=None if until == OPEN else instant(until),
                seconds=(min(until, columns.as_of) - at) / 1e6,
                left=left,
                width=width,
            )
        )
    return stays


def _blocks(columns: FlowColumns) -> list[Block]:
    blocks = []
    for i in range(len(columns.blocked_item)):
        at, until = int(columns.blocked_from[i]), int(columns.blocked_until[i])
        blocks.append(Block(instant(at), None if until == OPEN else instant(until), *_place(columns, at, until)))
    return blocks
