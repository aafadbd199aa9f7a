"""Who is here: the people whose browsers listen to a topic now, by the streams and polls that they keep open.

A mark stands for one open page: {user}:{page}:{name} with the time at which it ends, in a sorted set of Redis. The live
process renews the marks of its listeners, a page that polls renews its own by polling; what is silent for
SILENCE_SECONDS is gone, however it ended. Topics are counted only where an app asked for it (`counted`).
"""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from redis.exceptions import RedisError

from core import live

# The live process says every 15 s who listens; two of those may be lost.
SILENCE_SECONDS = 40
# A stream that was cut comes back within seconds: nobody is told that its reader left.
GRACE_SECONDS = 6
# So many are named; the others are counted.
MOST_NAMES = 60
KIND = "presence"
_COUNTED: set[str] = set()


class Person(NamedTuple):
    id: int
    name: str


def counted(name: str) -> None:
    """Keep who listens to the topics `name:rest`. Call it in the app's `ready`."""
    _COUNTED.add(name)


def counts(topic: str) -> bool:
    return topic.partition(":")[0] in _COUNTED


def place(topic: str) -> str:
    """The name of the topic's sorted set in Redis."""
    return f"vmo:here:{topic}"


def mark(user_id: int, name: str, page: str) -> str:
    """One open page of somebody."""
    return f"{user_id}:{page}:{name}"


def people(marks: Iterable[Any]) -> list[Person]:
    """Those whom the marks (bytes, as Redis has them) name, each once, by name."""
    parts = (bytes(one).decode().split(":", 2) for one in marks)
    return sorted({Person(int(user_id), name) for user_id, _, name in parts}, key=lambda one: (one.name, one.id))


def told(found: list[Person]) -> dict[str, Any]:
    """What pages are told of who is here."""
    return {"count": len(found), "people": [one._asdict() for one in found[:MOST_NAMES]]}


def here(topic: str) -> list[Person]:
    """Who is here now; nobody while Redis is away."""
    try:
        return people(live.server().zrangebyscore(place(topic), time.time(), "+inf"))
    except RedisError:
        return []


def renew(topic: str, who: Person, page: str) -> list[Person]:
    """A page that polls is here; those who are, then. A new one is whispered to the others."""
    key, one = place(topic), mark(who.id, who.name, page)
    try:
        with live.server().pipeline() as pipe:
            pipe.zadd(key, {one: time.time() + SILENCE_SECONDS})
            pipe.zremrangebyscore(key, "-inf", time.time())
            pipe.expire(key, 10 * SILENCE_SECONDS)
            is_new, gone, _ = pipe.execute()
    except RedisError:
        return []
    found = here(topic)
    if is_new or gone:
        live.whisper(topic, KIND, told(found))
    return found
