"""manage.py connect TOOL --name NAME --team SLUG key=value …: a new source."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors import actions, rules
from connectors.protocol import ConnectorError
from connectors.registry import CONNECTORS
from portfolio.models import Service, Team


def in_words(error: ValidationError) -> str:
    """Every message with the setting it is about."""
    if not hasattr(error, "error_dict"):
        return "; ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())


def parse(pairs: list[str]) -> dict[str, dict[str, str]]:
    """`key=value` texts by prefix: "" (settings), "status", "type", "column". Raises CommandError."""
    groups: dict[str, dict[str, str]] = {"": {}, "status": {}, "type": {}, "column": {}}
    for pair in pairs:
        # A tool's status or type may be called “Ready = yes”; a state or a kind never has an equals sign.
        is_map = pair.startswith(("status.", "type."))
        key, equals, value = pair.rpartition("=") if is_map else pair.partition("=")
        if not equals:
            raise CommandError(f"“{pair}” is not of the form key=value.")
        prefix, dot, name = key.partition(".")
        if dot and prefix in groups:
            groups[prefix][name] = value
        else:
            groups[""][key] = value
    return groups


def absolute(tool: str, settings: dict[str, str]) -> dict[str, str]:
    """`settings` with paths seen from where the command runs made absolute: the worker runs elsewhere."""
    places = {field.name for field in CONNECTORS[tool].fields if field.kind in {"path", "url"}}
    return {
        name: str(Path(value).resolve()) if name in places and "://" not in value and Path(value).exists() else value
        for name, value in settings.items()
    }


def _find(model: Any, slug: str, noun: str) -> Any:
    found = model.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(model.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no {noun} “{slug}”; there are: {known}.")
    return found


class Command(BaseCommand):
    help = "Connect a source: `connect TOOL --name NAME --team SLUG key=value … status.NAME=state … type.NAME=kind …`."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Options may stand between the words: argparse allows that only in its "intermixed" way of reading."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tool", help="One of: " + ", ".join(sorted(CONNECTORS)))
        parser.add_argument("--name", required=True)
        parser.add_argument("--team", required=True, metavar="SLUG")
        parser.add_argument("--service", metavar="SLUG", help="Service that deployments and incidents belong to.")
        parser.add_argument("--schedule", type=int, default=15, metavar="MINUTES", help="0: by hand only. Default: 15.")
        parser.add_argument("pairs", nargs="*", metavar="key=value", help="The fields of the tool's settings form.")

    def handle(self, *args: Any, **options: Any) -> None:
        groups = parse(options["pairs"])
        try:
            rules.connector(options["tool"])
            self._connect(options, groups)
        except ValidationError as error:
            raise CommandError(in_words(error)) from error
        except ConnectorError as error:
            raise CommandError(error.message) from error

    def _connect(self, options: dict[str, Any], groups: dict[str, dict[str, str]]) -> None:
        team = _find(Team, options["team"], "team")
        service = _find(Service, options["service"], "service") if options["service"] else None
        settings = absolute(options["tool"], groups[""])
        if groups["column"]:
            settings["columns"] = "\n".join(f"{status}={column}" for status, column in groups["column"].items())
        check = actions.test_connection(actor=None, tool=options["tool"], settings=settings, team=team)
        source = actions.connect(
            actor=None,
            tool=options["tool"],
            name=options["name"],
            team=team,
            service=service,
            settings=settings,
            schedule_minutes=options["schedule"],
            statuses=groups["status"],
            types=groups["type"],
        )
        self.stdout.write(f"Connected {source.name}: {check.summary}")
        for warning in check.warnings:
            self.stdout.write(f"Note: {warning}")
        self.stdout.write(f"Its first sync: manage.py sync {source.slug}")
