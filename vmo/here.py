"""Who is here, kept by the live process: it marks its listeners in Redis and tells pages when somebody comes or goes.

See core/presence.py for the marks. Failing to keep them ends no stream: presence is worth less than the board.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import orjson
import redis.asyncio as redis
from django.conf import settings
from redis.exceptions import RedisError

from core import live, presence

BEAT_SECONDS = 15
# Comings and goings are gathered for so long: three hundred people who arrive at once are told once a second.
GATHER_SECONDS = 1


class Here:
    """The open pages of this process by topic, and the task that keeps their marks."""

    def __init__(self) -> None:
        self.marks: dict[str, dict[str, str]] = defaultdict(dict)
        self.changed: set[str] = set()
        self.leaving: dict[tuple[str, str], float] = {}
        self.told: dict[str, Any] = {}
        self.keeper: asyncio.Task[None] | None = None

    def arrive(self, user: live.Person, topics: Iterable[str], page: str) -> None:
        """Somebody's page listens to these topics from now on."""
        for topic in filter(presence.counts, topics):
            self.marks[topic][page] = presence.mark(int(user.pk or 0), str(user), page)
            self.told.pop(topic, None)
            self.changed.add(topic)
        self._start()

    def _start(self) -> None:
        if self.keeper is None and any(self.marks.values()):
            self.keeper = asyncio.create_task(self._keep())

    def leave(self, topics: Iterable[str], page: str) -> None:
        """A page has gone; its reader is here for some seconds yet, for most come back."""
        for topic in topics:
            if mark := self.marks.get(topic, {}).pop(page, None):
                self.leaving[topic, mark] = time.time() + presence.GRACE_SECONDS
                self.changed.add(topic)

    async def _keep(self) -> None:
        """Until nobody is left: renew the marks in time, and tell what changed, at most once a second."""
        client, beaten = redis.Redis.from_url(settings.REDIS_URL), 0.0
        async with client:
            while self.leaving or any(self.marks.values()):
                is_due = time.time() - beaten > BEAT_SECONDS
                beaten = time.time() if is_due else beaten
                topics = set(self.marks) if is_due else set(self.changed)
                self.changed.clear()
                with suppress(RedisError):
                    for topic in topics:
                        await self._tell(client, topic)
                await asyncio.sleep(GATHER_SECONDS)
        self.keeper = None
        self._start()

    async def _tell(self, client: "redis.Redis", topic: str) -> None:
        """Renew the topic's marks, and whisper who is here if that is not what was told last."""
        await self._renew(client, topic)
        found = await client.zrangebyscore(presence.place(topic), time.time(), "+inf")
        data = presence.told(presence.people(found))
        if self.told.get(topic) != data:
            self.told[topic] = data
            event = live.Event(0, topic, presence.KIND, data)
            await client.publish(live.channel(topic), orjson.dumps(event._asdict()))

    async def _renew(self, client: "redis.Redis", topic: str) -> None:
        now, key = time.time(), presence.place(topic)
        scores = dict.fromkeys(self.marks[topic].values(), now + presence.SILENCE_SECONDS)
        for (of, mark), until in list(self.leaving.items()):
            if of == topic and until > now:
                scores[mark] = until
                self.changed.add(topic)  # Looked at again until it is over.
            elif of == topic:
                del self.leaving[of, mark]
        async with client.pipeline() as pipe:
            if scores:
                pipe.zadd(key, scores)
            pipe.zremrangebyscore(key, "-inf", now)
            pipe.expire(key, 10 * presence.SILENCE_SECONDS)
            await pipe.execute()
