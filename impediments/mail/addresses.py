"""The mail address of a team: its short name, and a secret that nobody guesses."""

import re
import secrets

from django.conf import settings

from impediments.models import Channel
from portfolio.models import Team

# 16 of 32 signs are 80 random bits. Small letters only: some servers change the case of what stands before the @.
SIGNS, LENGTH = "abcdefghijkmnpqrstuvwxyz23456789", 16
# A mail server takes 64 signs before the @.
MOST_OF_NAME = 40
ADDRESS = re.compile(rf"(?P<name>[^@+\s]*)\+(?P<token>[a-z0-9]{{{LENGTH}}})@(?P<domain>[^@\s]+)")


def new_token() -> str:
    """A new secret part of an address."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def address(team: Team, token: str) -> str:
    """The address with this secret; empty without one, or without a domain for mails."""
    return f"{team.slug[:MOST_OF_NAME]}+{token}@{settings.MAIL_DOMAIN}" if token and settings.MAIL_DOMAIN else ""


def address_of(team: Team) -> str:
    """Where impediments of a team are sent to; empty while there is no such address. For who may log there only."""
    channel = Channel.objects.filter(team=team).first()
    return address(team, channel.token) if channel else ""


def team_of(recipient: str) -> Team | None:
    """The team that a mail to `recipient` is for. The secret alone says so: a team may have got another short name."""
    match = ADDRESS.fullmatch(recipient.strip().strip("<>").lower())
    if match is None or not settings.MAIL_DOMAIN or match["domain"] != settings.MAIL_DOMAIN:
        return None
    return Team.objects.filter(impediment_channel__token=match["token"]).select_related("stream", "calendar").first()
