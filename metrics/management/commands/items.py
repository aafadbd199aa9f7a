"""manage.py items: the work items of a scope with what is derived from their histories."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from metrics import queries
from metrics.management.commands.report import add_facets, asked_as_of, asked_facets, asked_scope

COLUMNS = ("key", "type", "state", "created", "started", "finished", "cycle_time", "lead_time")


class Command(BaseCommand):
    help = "The work items of a scope: `items --scope team:falcon [--as-of …] [--json]`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scope", required=True, help="portfolio, stream:SLUG or team:SLUG")
        parser.add_argument("--as-of", dest="as_of", default="", help="A day (its end) or an instant; now by default.")
        add_facets(parser)
        parser.add_argument("--json", action="store_true", help="JSON instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = asked_scope(options["scope"])
        lines = queries.items(scope, asked_as_of(options["as_of"], scope), facets=asked_facets(options))
        if options["json"]:
            self.stdout.write(json.dumps(lines, ensure_ascii=False))
            return
        table = [COLUMNS, *([self._cell(line[name]) for name in COLUMNS] for line in lines)]
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
        for row in table:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def _cell(self, value: object) -> str:
        """A value in a table: instants to the minute, nothing for none."""
        if value is None:
            return ""
        text = str(value)
        return text[:16].replace("T", " ") if "T" in text[10:11] else text
