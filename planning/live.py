"""What browsers are told of a board: every line of its log, with the pieces of the page that it changes."""

from core import live
from planning.models import Event, Increment


def topic(increment: Increment) -> str:
    """The live topic of an increment's board."""
    return f"increment:{increment.pk}"


def publish(increment: Increment, event: Event) -> None:
    """Tell who watches; the last thing in a transaction."""
    data = {"number": event.number, "who": event.actor_name, "who_id": event.actor_id, "text": event.text}
    live.publish(topic(increment), "written", data)
