"""The work of a demo team: items queue, are pulled within the WIP limit, worked on, blocked, tested and finished."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from connectors.demo.agenda import Agenda
from connectors.demo.clock import DAY
from connectors.demo.delivery import Delivery, Pull
from connectors.demo.titles import title
from connectors.demo.world import BLOCK_REASONS, PROCUREMENT, Stage

WEEK = 5 * DAY
_TYPES = (("Story", 52), ("Bug", 15), ("Task", 9), ("Enabler", 9), ("Tech debt", 9), ("Risk", 6))
_SIZES = ((1, 0.4), (2, 0.7), (3, 1.0), (5, 1.5), (8, 2.2))


@dataclass(slots=True)
class Item:
    """A work item and all that happened to it; `status` points into the workflow."""

    number: int
    created: int
    tool_type: str
    title: str
    points: int
    effort: float
    expedite: bool = False
    status: int = 0
    built_from: int = 0
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    blocks: list[tuple[int, int, str]] = field(default_factory=list)
    moves: list[tuple[int, str, str]] = field(default_factory=list)
    pull: Pull | None = None

    def move(self, at: int, to: int) -> int:
        """Record a step; two steps of an item are at least a minute apart. Returns the step's instant."""
        at = max(at, self.steps[-1][0] + 60 if self.steps else self.created + 60)
        self.steps.append((at, self.status, to))
        self.status = to
        return at


class Work:
    """One team's board, from the first day to the agenda's end."""

    def __init__(self, agenda: Agenda, delivery: Delivery) -> None:
        self.agenda, self.delivery, self.profile = agenda, delivery, agenda.profile
        self.stages = self.profile.workflow
        self.items: list[Item] = []
        self.backlog: list[Item] = []
        self.in_progress = 0
        self.busy = [0] * len(self.stages)
        self.queues: list[deque[Item]] = [deque() for _ in self.stages]
        self.to_release: list[Item] = []
        self.first = next(i for i, stage in enumerate(self.stages) if stage.state in {"active", "waiting"})
        self.done = next(i for i, stage in enumerate(self.stages) if stage.state == "done")
        self.removed = len(self.stages) - 1
        self.build = next(i for i, stage in enumerate(self.stages) if stage.role == "build")
        self.reviews = any(stage.role == "review" for stage in self.stages)
        self.started_at = agenda.clock.opens[0]
        self.first_day = agenda.clock.days[0]

    def open(self) -> None:
        """Fill the first backlog and set the clockwork going."""
        self.delivery.on_incident = self.incident
        self.delivery.on_release = self.release
        for _ in range(int(self.profile.throughput * 2)):
            self.create(self.started_at + self.agenda.random.randrange(7200))
        self.agenda.put_after(self.started_at, 10, self.arrive)
        self.agenda.put_after(self.started_at, 60, self.morning)

    # Arrivals and the backlog

    def arrive(self, at: int) -> None:
        """A new item, and the next one sooner when the backlog is short."""
        self.create(at)
        target = self.profile.throughput * 3.5
        thirst = min(2.0, max(0.25, 2 - len(self.backlog) / target))
        rate = self.profile.throughput * 1.12 * thirst / WEEK
        self.agenda.put_after(at, self.agenda.random.expovariate(rate), self.arrive)

    def create(self, at: int, tool_type: str = "", expedite: bool = False) -> Item:
        random = self.agenda.random
        kind = tool_type or random.choices([t for t, _ in _TYPES], [w for _, w in _TYPES])[0]
        points, effort = random.choice(_SIZES)
        text = title(random, self.profile.stream, kind)
        item = Item(len(self.items) + 1, at, kind, text, points, effort, expedite)
        self.items.append(item)
        self.backlog.append(item)
        if not expedite and self.agenda.chance(0.06):
            self.agenda.put_after(at, random.uniform(3, 60) * DAY, lambda now: self.discard(now, item))
        return item

    def discard(self, at: int, item: Item) -> None:
        if item in self.backlog:
            self.backlog.remove(item)
            item.move(at, self.removed)

    def incident(self, at: int) -> None:
        """Users felt a failure: defects follow, and they overtake everything."""
        for _ in range(self.agenda.random.choice((1, 1, 2))):
            item = self.create(at + 60 * self.agenda.random.randrange(10, 90), "Bug", expedite=True)
            self.agenda.put_after(at, 30, lambda now, item=item: self.start(now, item))  # type: ignore[misc]

    # Pulling work

    def limit(self, at: int) -> int:
        """The WIP limit of the day: it grows over the first weeks and may be changed by an experiment."""
        age = (self.agenda.clock.day(at) - self.first_day).days
        if self.profile.limit_after and age >= self.profile.limit_after[0]:
            return self.profile.limit_after[1]
        return min(self.profile.wip_limit, 3 + int(age * self.profile.wip_limit / 28))

    def morning(self, at: int) -> None:
        """Replenish at the start of each working day."""
        self.replenish(at)
        self.agenda.put(self.agenda.clock.instant((self.agenda.clock.minutes(at) // DAY + 1) * DAY + 15), self.morning)

    def replenish(self, at: int) -> None:
        while self.backlog and self.in_progress < self.limit(at):
            place = int(len(self.backlog) * self.agenda.random.random() ** 2.5)
            self.start(at, self.backlog[place])

    def start(self, at: int, item: Item) -> None:
        """Pull an item out of the backlog: by way of "Selected" where the workflow has it."""
        if item not in self.backlog:
            return
        self.backlog.remove(item)
        self.in_progress += 1
        self.change_team(at, item, 0.015)
        if self.first > 1 and item.status == 0:
            item.move(at, 1)
        lag = 15 if item.expedite else self.agenda.random.expovariate(1 / 120)
        self.agenda.put_after(at, lag, lambda now: self.enter(now, item, self.first))

    def change_team(self, at: int, item: Item, share: float) -> None:
        if self.profile.sibling and not item.moves and self.agenda.chance(share):
            item.moves.append((max(at - 300, item.created + 30), self.profile.slug, self.profile.sibling))

    # Moving through the workflow

    def enter(self, at: int, item: Item, k: int) -> None:
        """Come to stage `k`: wait in it, or ask for somebody to work on it there."""
        stage = self.stages[k]
        if stage.state == "done":
            self.finish(at, item)
        elif stage.servers:
            self.request(at, item, k)
        elif stage.role == "release":
            item.move(at, k)
            self.to_release.append(item)
        else:
            item.move(at, k)
            self._later(at, lambda now: self.request(now, item, k + 1))

    def _later(self, at: int, action: Callable[[int], None]) -> None:
        self.agenda.put_after(at, self.agenda.random.uniform(5, 60), action)

    def request(self, at: int, item: Item, k: int) -> None:
        if self.busy[k] < self.stages[k].servers:
            self.begin(at, item, k)
            return
        if self.stages[item.status].state != "waiting" and item.status != k:
            item.move(at, k)  # no column to wait in: it is "in" the next one, untouched
        if item.expedite:
            self.queues[k].appendleft(item)
        else:
            self.queues[k].append(item)

    def begin(self, at: int, item: Item, k: int) -> None:
        self.busy[k] += 1
        if item.status != k:
            at = item.move(at, k)
        if k == self.build:
            item.built_from = at
        minutes = self.service(at, item, self.stages[k])
        if k == self.build and not self.reviews:  # a colleague reads along before the work counts as built
            self.agenda.put_after(at, minutes * 0.6, lambda now: self.open_pull(now, item))
        block = self.block(k)
        if block is None:
            self.agenda.put_after(at, minutes, lambda now: self.complete(now, item, k, False))
            return
        reason, stopped = block
        self.agenda.put_after(at, minutes / 2, lambda now: self.stop(now, item, k, reason, stopped))
        self.agenda.put_after(at, minutes + stopped, lambda now: self.complete(now, item, k, True))

    def service(self, at: int, item: Item, stage: Stage) -> float:
        """Working minutes this takes: by the team's throughput, the item's effort and the season."""
        mean = stage.servers * stage.load * WEEK / self.profile.throughput * 0.8
        return self.agenda.lognormal(mean * item.effort * season(self.agenda.clock.day(at)), 0.6)

    def free(self, at: int, k: int) -> None:
        """Somebody in stage `k` is free, and soon takes the next item from its queue."""
        self.busy[k] -= 1
        self._later(at, lambda now: self.take_next(now, k))

    def take_next(self, at: int, k: int) -> None:
        if self.queues[k] and self.busy[k] < self.stages[k].servers:
            self.begin(at, self.queues[k].popleft(), k)

    def complete(self, at: int, item: Item, k: int, was_blocked: bool) -> None:
        """The work of stage `k` is done: go on, go back, or leave."""
        if not was_blocked:
            self.free(at, k)
        role, chance = self.stages[k].role, self.agenda.chance
        if k == self.first and not item.expedite and chance(0.025):
            self.leave(at, item, 0)
            self.backlog.append(item)
        elif chance(0.008):
            self.leave(at, item, self.removed)
        elif role == "test" and chance(0.1):
            self.enter(at, item, self.build)
        else:
            self.hand_on(at, item, k)

    def hand_on(self, at: int, item: Item, k: int) -> None:
        role = self.stages[k].role
        if role == "build" and self.reviews:
            self.open_pull(at, item)
        elif role in {"build", "review"} and item.pull:
            self.delivery.merge(at, item.pull)
        self.change_team(at, item, 0.004)
        self.enter(at, item, k + 1)

    def open_pull(self, at: int, item: Item) -> None:
        title = f"{self.profile.key}-{item.number} {item.title}"
        item.pull = self.delivery.open_pull(at, item.built_from, title)

    def leave(self, at: int, item: Item, to: int) -> None:
        item.move(at, to)
        self.in_progress -= 1
        self._later(at, self.replenish)

    def finish(self, at: int, item: Item) -> None:
        self.leave(at, item, self.done)
        if self.agenda.chance(0.02):
            self.agenda.put_after(at, self.agenda.random.uniform(0.5, 12) * DAY, lambda now: self.reopen(now, item))

    def reopen(self, at: int, item: Item) -> None:
        self.in_progress += 1
        item.effort = 0.5
        self.enter(at, item, self.build)

    def release(self, at: int, since: int) -> None:
        """A deployment that began at `since` brought to production what was ready by then."""
        ready = [item for item in self.to_release if item.steps[-1][0] <= since]
        self.to_release = [item for item in self.to_release if item.steps[-1][0] > since]
        for item in ready:
            self.finish(at, item)

    # Blocks

    def block(self, k: int) -> tuple[str, float] | None:
        """A reason and working minutes, when the work in stage `k` is going to be blocked."""
        random = self.agenda.random
        if k == self.build and self.agenda.chance(self.profile.procurement):
            return PROCUREMENT, self.agenda.lognormal(15 * DAY, 0.5)
        if self.agenda.chance(0.025):
            reason, hours = random.choice(BLOCK_REASONS)
            return reason, self.agenda.lognormal(hours * 60, 0.6)
        return None

    def stop(self, at: int, item: Item, k: int, reason: str, minutes: float) -> None:
        """Half-way the item is blocked: whoever worked on it goes on to other work."""
        until = self.agenda.clock.after(at, minutes)
        item.blocks.append((at, until, reason))
        self.free(at, k)


def season(day: date) -> float:
    """How much slower work is: holidays in July and August, the end of December."""
    if (day.month, day.day) >= (12, 18):
        return 1.6
    return 1.35 if day.month in {7, 8} else 1.0
