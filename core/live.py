"""The live log: what happened, told to the browsers that listen to its topic.

A topic is `name:rest` ("sync:12"). Who may listen is asked of the app that owns the name (`topics`); nobody may
listen to a topic without an owner. Events of one topic are numbered in the order of their commits, so a browser
that comes back with the last number it saw gets what it missed, and nothing twice.

A page without a login listens with a key `name:secret` ("wall:…"): the app that owns the name says which topics the
key opens now, and how little of each event it tells (`keys`). What is worth nothing a minute later (who is here) is
whispered: told to those who listen, and not kept.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import redis
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.db.models import Max

from core.models import LiveEvent

CHANNEL = "vmo:live"
# More than this is not caught up with: the page is asked to load itself again.
CATCH_UP = 500
# What one page listens to.
MAX_TOPICS = 20

Person = AbstractBaseUser | AnonymousUser
Rule = Callable[[Any, str], bool]
# What a key opens now (topics), and what of an event's kind and data it tells; None: nothing.
Opens = Callable[[str], frozenset[str]]
Tells = Callable[[str, Mapping[str, Any]], "dict[str, Any] | None"]
_RULES: dict[str, Rule] = {}
_KEYS: dict[str, tuple[Opens, Tells]] = {}
# An event of this kind makes those who listen with a key be asked for it again: it may have been revoked.
KEYS_CHANGED = "keys"
SECRET = re.compile(r"[A-Za-z0-9_~-]{1,200}")
_redis: "redis.Redis | None" = None


class Event(NamedTuple):
    """One line of the live log; `id` orders the events of its topic, 0 is one that is not kept."""

    id: int
    topic: str
    kind: str
    data: dict[str, Any]


def topics(name: str, rule: Rule) -> None:
    """Let `rule(user, rest)` say who may listen to the topics `name:rest`. Call it in the app's `ready`."""
    _RULES[name] = rule


def may_listen(user: Person, topic: str) -> bool:
    """Whether `user` may hear `topic`; False for topics nobody owns."""
    name, _, rest = topic.partition(":")
    rule = _RULES.get(name)
    return rule is not None and user.is_authenticated and user.is_active and rule(user, rest)


def keys(name: str, opens: Opens, tells: Tells) -> None:
    """Let keys `name:secret` open topics to pages without a login. Call it in the app's `ready`."""
    _KEYS[name] = opens, tells


def key_opens(key: str, wanted: Iterable[str]) -> bool:
    """Whether all of these topics may be heard with this key, now."""
    name, _, secret = key.partition(":")
    opens, _ = _KEYS.get(name, (None, None))
    return opens is not None and bool(SECRET.fullmatch(secret)) and set(wanted) <= opens(secret)


def as_told(key: str, event: Event) -> Event | None:
    """What somebody with this key is told of an event; None: nothing."""
    tells = _KEYS.get(key.partition(":")[0], (None, None))[1]
    data = tells(event.kind, event.data) if tells else None
    return event._replace(data=data) if data is not None else None


def publish(topic: str, kind: str, data: Mapping[str, Any]) -> None:
    """Append an event to the log and, on commit, tell those who listen. `data` must be JSON-able.

    Call it at the end of a transaction: until it ends, others wait to publish on the same topic.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [zlib.crc32(b"live") >> 1, _number(topic)])
        before = LiveEvent.objects.filter(topic=topic).order_by("-id").values_list("id", flat=True).first()
        row = LiveEvent.objects.create(topic=topic, kind=kind, data=dict(data))
        event = Event(row.pk, topic, kind, row.data)
        transaction.on_commit(lambda: _tell(event, before or 0), robust=True)


def whisper(topic: str, kind: str, data: Mapping[str, Any]) -> None:
    """Tell those who listen now, on commit; nothing is kept, and nobody catches up with it."""
    event = Event(0, topic, kind, dict(data))
    transaction.on_commit(lambda: _tell(event, 0), robust=True)


def _number(topic: str) -> int:
    return zlib.crc32(topic.encode()) - 2**31


def _tell(event: Event, before: int) -> None:
    """Wake the listeners. The log has the event: without Redis they hear of it when they next ask.

    `before` is the number of the topic's event before it: whoever missed that one sees that they did.
    """
    server().publish(channel(event.topic), orjson.dumps(event._asdict() | {"before": before}))


def server() -> "redis.Redis":
    """The connection to Redis that this process tells and asks by."""
    global _redis
    _redis = _redis or redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5)
    return _redis


def channel(topic: str) -> str:
    return f"{CHANNEL}:{topic}"


def position(wanted: Sequence[str]) -> str:
    """The place in the log, now, of somebody who listens to these topics."""
    newest = dict(LiveEvent.objects.filter(topic__in=wanted).values_list("topic").annotate(Max("id")).order_by())
    return cursor_of([newest.get(topic, 0) for topic in wanted])


def cursor_of(ids: Sequence[int]) -> str:
    """The last numbers heard, one per topic, as the text that browsers send back."""
    return "-".join(map(str, ids))


def numbers_in(cursor: str, count: int) -> list[int] | None:
    """What `cursor_of` wrote, or None when it was written for other topics or by somebody else."""
    parts = cursor.split("-")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 19 for part in parts):
        return None
    return [int(part) for part in parts]


def since(wanted: Sequence[str], numbers: Sequence[int]) -> list[Event]:
    """The events of each topic after its number, oldest first, at most CATCH_UP."""
    found = [
        Event(row.pk, row.topic, row.kind, row.data)
        for topic, number in zip(wanted, numbers, strict=True)
        for row in LiveEvent.objects.filter(topic=topic, id__gt=number).order_by("id")[:CATCH_UP]
    ]
    return sorted(found)[:CATCH_UP]
