"""manage.py report: the figures of a scope in a window, as a table or as JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from metrics import queries
from metrics.forms import parse_day, parse_facets, parse_ranks, past
from metrics.measurement import Facets, Window
from metrics.registry import METRICS
from portfolio.queries import Scope, ScopeNotFound, find_scope

DAYS = 90


def asked_scope(text: str) -> Scope:
    """The scope written as `text`. Raises CommandError."""
    try:
        return find_scope(text, None)
    except ScopeNotFound as error:
        raise CommandError(str(error)) from None


def asked_as_of(text: str, scope: Scope) -> datetime:
    """The instant written as `text`; nothing means now. Raises CommandError."""
    now = datetime.now(UTC)
    try:
        return (past(text, scope, now) if text else None) or now
    except ValueError as error:
        raise CommandError(str(error)) from None


def asked_window(first: str, last: str, today: date) -> Window:
    """The window written as two days; without them the 90 days up to today. Raises CommandError."""
    try:
        end = parse_day(last) if last else today
        start = parse_day(first) if first else end - timedelta(days=DAYS - 1)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if start > end:
        raise CommandError(f"{start} is after {end}: a window starts before it ends.")
    return Window(start, end)


def add_facets(parser: CommandParser) -> None:
    """The options that say which items are meant."""
    parser.add_argument("--type", action="append", default=[], help="Only items of this type; may be given again.")
    parser.add_argument("--class", dest="service", action="append", default=[], help="Only of this class of service.")
    parser.add_argument("--label", action="append", default=[], help="Only items with this label; any of several.")


def asked_facets(options: Mapping[str, Any]) -> Facets:
    """The items that the options mean. Raises CommandError."""
    facets, problems = parse_facets(options["type"], options["service"], options["label"])
    if problems:
        raise CommandError(" ".join(problems.values()))
    return facets


def asked_ranks(text: str) -> tuple[int, ...]:
    """The percentiles written as `text`. Raises CommandError."""
    try:
        return parse_ranks(text)
    except ValueError as error:
        raise CommandError(str(error)) from None


def number(value: float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def words(figure: dict[str, Any]) -> str:
    """A figure in one line: value and unit, or why there is none; then percentiles or parts."""
    if figure["value"] is None:
        return f"n/a ({figure['reason']})"
    more = [f"{p} % in {number(value)}" for p, value in figure.get("percentiles", {}).items()]
    more += [f"{name} {number(value)}" for name, value in figure.get("parts", {}).items()]
    return f"{number(figure['value'])} {figure['unit']}" + (f" ({', '.join(more)})" if more else "")


class Command(BaseCommand):
    help = (
        "The figures of a scope: `report --scope team:falcon --from 2025-01-01 --to 2025-03-31 [--as-of …] [--json]`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scope", required=True, help="portfolio, stream:SLUG or team:SLUG")
        parser.add_argument("--from", dest="first", default="", help="First day, such as 2025-01-01.")
        parser.add_argument("--to", dest="last", default="", help="Last day; today when not given.")
        parser.add_argument("--as-of", dest="as_of", default="", help="A day (its end) or an instant; now by default.")
        add_facets(parser)
        parser.add_argument("--percentiles", default="", help="Any from 1 to 99, such as 50,85.")
        parser.add_argument("--json", action="store_true", help="JSON instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = asked_scope(options["scope"])
        as_of = asked_as_of(options["as_of"], scope)
        window = asked_window(options["first"], options["last"], as_of.astimezone(scope.zone).date())
        facets, ranks = asked_facets(options), asked_ranks(options["percentiles"])
        report = queries.report(scope, window, as_of, facets=facets, ranks=ranks)
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            self._table(scope, report)

    def _table(self, scope: Scope, report: dict[str, Any]) -> None:
        self.stdout.write(f"{scope.name}, {report['from']} to {report['to']}, as of {report['as_of']}")
        width = max(len(metric.label) for metric in METRICS.values())
        for key, figure in report["metrics"].items():
            self.stdout.write(f"{METRICS[key].label:<{width}}  {words(figure)}")
