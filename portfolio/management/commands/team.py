"""manage.py team add SLUG --stream SLUG: a team, and its value stream when there is none yet."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portfolio import actions
from portfolio.models import ValueStream


def in_words(slug: str) -> str:
    """A name made of a slug: `order-desk` is “Order desk”."""
    return slug.replace("-", " ").replace("_", " ").strip().capitalize()


class Command(BaseCommand):
    help = "Teams: `team add SLUG --stream SLUG [--name NAME] [--timezone Europe/Berlin]`."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="Add a team; its value stream is made when it does not exist.")
        add.add_argument("slug", help="Short name of the team, in addresses and scopes: team:SLUG.")
        add.add_argument("--stream", required=True, metavar="SLUG", help="Value stream the team works in.")
        add.add_argument("--name", default="", help="Name as people say it; made from SLUG when left out.")
        add.add_argument("--timezone", default="", help="IANA zone of its days; the portal's when left out.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            stream = self._stream(options["stream"])
            fields = {"timezone": options["timezone"]} if options["timezone"] else {}
            name = options["name"] or in_words(options["slug"])
            team = actions.create_team(actor=None, stream=stream, name=name, slug=options["slug"], **fields)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Added the team {team.name} (team:{team.slug}, {team.timezone}).")

    def _stream(self, slug: str) -> ValueStream:
        stream = ValueStream.objects.filter(slug=slug).first()
        if stream is None:
            stream = actions.create_stream(actor=None, name=in_words(slug), slug=slug)
            self.stdout.write(f"Added the value stream {stream.name} (stream:{stream.slug}).")
        return stream
