"""The demo tool: a simulated tracker, repository and pipeline of one team of the demo organisation.

It goes through the protocol and the worker like any other tool. Each pull simulates the team from its first day up to
the context's now, with dice that depend on the seed and the team alone; so the history up to a day is the same on
whatever day it is made, and every new day adds to it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors.demo.conform import Record, records, statuses
from connectors.demo.simulation import simulate
from connectors.demo.world import BY_SLUG, PROFILES, Profile
from connectors.protocol import Batch, Check, ConnectorError, Context, Cursor, Field
from metrics.rows import Row

PAGE = 1000  # rows


class DemoConnector:
    """A simulated team. The cursor is the instant of the last change that was handed over."""

    tool: ClassVar[str] = "demo"
    label: ClassVar[str] = "Demo tool"
    summary: ClassVar[str] = "A simulated team: its work items, pull requests, deployments and incidents."
    fields: ClassVar[tuple[Field, ...]] = (
        Field("profile", "Team", "choice", required=True, choices=tuple((p.slug, p.name) for p in PROFILES),
              help="Which of the simulated teams this is."),
        Field("start", "First day", required=True, help="Year-month-day, for instance 2025-01-06."),
        Field("until", "Last day", help="Empty: each new day brings new work, up to today."),
        Field("seed", "Seed", "number", default="1", help="Another number gives another history."),
    )  # fmt: skip

    def __init__(self, settings: Mapping[str, str], context: Context) -> None:
        self.settings = settings
        self.context = context

    @property
    def profile(self) -> Profile:
        try:
            return BY_SLUG[self.settings.get("profile", "")]
        except KeyError:
            raise ConnectorError("There is no such simulated team.", permanent=True, field="profile") from None

    def _number(self, name: str, default: int) -> int:
        try:
            return int(self.settings.get(name) or default)
        except ValueError:
            raise ConnectorError("Give a whole number.", permanent=True, field=name) from None

    def _day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.settings.get(name, ""))
        except ValueError:
            raise ConnectorError("Give a day such as 2025-01-06.", permanent=True, field=name) from None

    def _now(self, zone: ZoneInfo) -> datetime:
        """The context's now, but not after the end of the last day, if there is one."""
        if not self.settings.get("until"):
            return self.context.now
        end = datetime.combine(self._day("until") + timedelta(days=1), time(), zone)
        return min(self.context.now, end.astimezone(UTC) - timedelta(seconds=1))

    @cached_property
    def _records(self) -> list[Record]:
        profile, start = self.profile, self._day("start")
        zone = ZoneInfo(profile.zone)
        now = self._now(zone)
        if now.astimezone(zone).date() <= start:
            return []
        team = simulate(profile, self._number("seed", 1), start, now)
        return sorted(records(team, int(now.timestamp())), key=lambda record: (record.at, record.kind, record.number))

    def check(self) -> Check:
        """What the simulation holds by now."""
        found = self._records
        items = sum(record.kind == "item" for record in found)
        since = self.settings["start"]
        summary = f"Team {self.profile.name}, simulated since {since}: {items} items, {len(found)} records in all."
        return Check(identity=f"demo:{self.profile.slug}:{self._number('seed', 1)}", summary=summary)

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """All records, or those changed after the cursor; a page never ends between two of the same second."""
        since = int(datetime.fromisoformat(cursor["at"]).timestamp()) if cursor else 0
        found = [record for record in self._records if record.at > since]
        start = dict(cursor) if cursor else {"at": datetime.fromtimestamp(0, UTC).isoformat()}
        yield Batch(rows=statuses(self.profile), cursor=start, phase="Workflow", total=len(found))
        rows: list[Row] = []
        for done, record in enumerate(found, 1):
            rows.extend(record.rows)
            is_last_of_second = done == len(found) or found[done].at > record.at
            if is_last_of_second and (len(rows) >= PAGE or done == len(found)):
                at = datetime.fromtimestamp(record.at, UTC).isoformat()
                yield Batch(rows=rows, cursor={"at": at}, phase="History", done=done, total=len(found))
                rows = []

    def sweep(self) -> None:
        """The demo tool never forgets an item."""
