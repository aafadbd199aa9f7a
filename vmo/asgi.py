"""The live stream: a small ASGI process that tells browsers what happens, as server-sent events.

GET /live/?topic=sync:12&topic=source:3 by a browser with the portal's session cookie, from the portal's own pages.
Each message is {"topic", "kind", "data"}; its id is the browser's place in the live log (core/live.py), which it
sends back as Last-Event-ID (or last_event_id=…) when it returns. A page without a login listens with &key=wall:… and
hears as little as that key tells. Pages stay WSGI: see docs/decisions.
"""

import asyncio
import os
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
import orjson
import redis.asyncio as redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, parse_cookie
from redis.exceptions import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
django.setup()

from django.contrib.auth.models import AnonymousUser  # noqa: E402  (needs the apps)

from core import live  # noqa: E402
from core.limits import may_guess  # noqa: E402
from vmo.here import Here  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEARTBEAT_SECONDS = 15
# How often it is asked again whether the user may still listen.
RECHECK_SECONDS = 60
QUEUE = 1000
RETRY_MS = 2000
PING = b"event: ping\ndata: {}\n\n"


class Told:
    """An event on its way to the listeners; its text is made once for all who hear the same of it."""

    def __init__(self, event: live.Event, before: int = 0) -> None:
        self.event, self.before = event, before
        self._texts: dict[str, bytes] = {}

    @classmethod
    def read(cls, message: bytes) -> "Told":
        """As core/live.py tells it over Redis."""
        fields = orjson.loads(message)
        before = fields.pop("before", 0)
        return cls(live.Event(**fields), before)

    def text(self, key: str) -> bytes:
        """What somebody with this key is told (no key: everything); nothing: they are not."""
        name = key.partition(":")[0]
        if name not in self._texts:
            event = live.as_told(key, self.event) if key else self.event
            shown = {"topic": event.topic, "kind": event.kind, "data": event.data} if event else None
            self._texts[name] = b"data: %s\n\n" % orjson.dumps(shown) if shown else b""
        return self._texts[name]


Queue = asyncio.Queue[Told | None]


class Broker:
    """One subscription to Redis for all listeners of this process."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Queue]] = defaultdict(set)
        # The last event of each topic that was handed out here.
        self.newest: dict[str, int] = {}
        self.reader: asyncio.Task[None] | None = None

    def join(self, topics: list[str], queue: Queue) -> None:
        for topic in topics:
            self.listeners[topic].add(queue)

    def leave(self, topics: list[str], queue: Queue) -> None:
        for topic in topics:
            self.listeners[topic].discard(queue)
            if not self.listeners[topic]:
                del self.listeners[topic]
                self.newest.pop(topic, None)

    def begin(self, heard: Mapping[str, int]) -> None:
        """A listener has caught up to these numbers: from here on it is seen when one is missing."""
        for topic, number in heard.items():
            self.newest.setdefault(topic, number)

    async def listen(self) -> None:
        """Come back when the subscription stands; it is made anew whenever it has ended."""
        if self.reader is None or self.reader.done():
            ready = asyncio.get_running_loop().create_future()
            self.reader = asyncio.create_task(self._read(ready))
            await ready

    async def _read(self, ready: "asyncio.Future[None]") -> None:
        """Hand out messages until Redis goes away; then every stream ends, and the browsers come back for the rest."""
        client = redis.Redis.from_url(settings.REDIS_URL)
        try:
            async with client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
                await pubsub.psubscribe(live.channel("*"))
                ready.set_result(None)
                async for message in pubsub.listen():
                    await self._hand_out(Told.read(message["data"]))
        except (RedisError, DatabaseError) as error:
            if not ready.done():
                ready.set_exception(error)
        finally:
            for queue in {queue for queues in self.listeners.values() for queue in queues}:
                self._put(queue, None)

    async def _hand_out(self, told: Told) -> None:
        topic, number = told.event.topic, told.event.id
        if topic not in self.listeners:
            return
        for one in [*await self._missing(told), told]:
            for queue in self.listeners.get(topic, ()):
                self._put(queue, one)
        if topic in self.listeners and number:
            self.newest[topic] = max(number, self.newest.get(topic, 0))

    async def _missing(self, told: Told) -> list[Told]:
        """What Redis did not tell, or tells late, before this event: two writers may tell theirs in the other order,
        and one that is killed after its commit tells nothing. The log has it."""
        last = self.newest.get(told.event.topic)
        if not told.event.id or last is None or told.before <= last:
            return []
        found = await sync_to_async(_since, thread_sensitive=False)(told.event.topic, last)
        return [Told(event) for event in found if event.id < told.event.id]

    def _put(self, queue: Queue, message: Told | None) -> None:
        """A listener that does not keep up loses its stream, not its events: it comes back and catches up."""
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            message = None
        queue.put_nowait(message)


def _since(topic: str, number: int) -> list[live.Event]:
    close_old_connections()
    try:
        return live.since([topic], [number])
    finally:
        close_old_connections()


broker = Broker()
here = Here()


class Listener:
    """One open page: who has it open or by which key, what it listens to, and the last event it heard of each topic."""

    def __init__(self, scope: Scope) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.topics = list(dict.fromkeys(query.get("topic", [])))
        self.key = query.get("key", [""])[-1]
        self.address = (scope.get("client") or [""])[0]
        # Too many wrong keys came from there.
        self.is_guessing = False
        self.page = secrets.token_hex(4)
        self.user: live.Person = AnonymousUser()
        self.cursor = self.headers.get("last-event-id") or query.get("last_event_id", [""])[-1]
        self.heard: dict[str, int] = {}
        self.checked_at = asyncio.get_running_loop().time()

    def allowed(self) -> bool:
        """Whether its key opens every topic, or its session belongs to somebody who may listen to them.

        A page with a key is nobody's, whoever is logged in there. Blocks: call it in a thread.
        """
        close_old_connections()
        try:
            if not 0 < len(self.topics) <= live.MAX_TOPICS:
                return False
            if self.key:
                is_open = live.key_opens(self.key, self.topics)
                self.is_guessing = not is_open and not may_guess(self.address)
                return is_open
            self.user = get_user(self._request())
            return all(live.may_listen(self.user, topic) for topic in self.topics)
        finally:
            close_old_connections()

    def _request(self) -> HttpRequest:
        request = HttpRequest()
        request.COOKIES = parse_cookie(self.headers.get("cookie", ""))
        request.session = _session(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        return request

    def missed(self) -> list[live.Event]:
        """What happened since it was last here; a new one has missed nothing. Blocks."""
        close_old_connections()
        try:
            numbers = live.numbers_in(self.cursor, len(self.topics))
            if numbers is None:
                numbers = live.numbers_in(live.position(self.topics), len(self.topics)) or []
            self.heard = dict(zip(self.topics, numbers, strict=True))
            return live.since(self.topics, numbers)
        finally:
            close_old_connections()

    def unheard(self) -> list[live.Event]:
        """What the log has that nobody told. Blocks."""
        close_old_connections()
        try:
            return live.since(self.topics, [self.heard[topic] for topic in self.topics])
        finally:
            close_old_connections()

    def message(self, told: Told) -> bytes:
        """The event as the browser reads it, or nothing when it has heard it or is not told."""
        topic, number = told.event.topic, told.event.id
        if not number:
            return told.text(self.key)
        if number <= self.heard[topic]:
            return b""
        self.heard[topic] = number
        text = told.text(self.key)
        place = live.cursor_of([self.heard[topic] for topic in self.topics])
        return b"id: %s\n%s" % (place.encode(), text) if text else b""


def _session(key: str | None) -> SessionBase:
    from importlib import import_module

    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return store(key)


def cors(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Let the portal's own pages read the answer: those of the same host at PORT, or of a trusted origin."""
    origin = headers.get("origin", "")
    host = headers.get("host", "").removesuffix(f":{settings.LIVE_PORT}")
    if urlsplit(origin).netloc != f"{host}:{settings.PORT}" and origin not in settings.CSRF_TRUSTED_ORIGINS:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*plain, *headers]})
    await send({"type": "http.response.body", "body": body})


async def stream(listener: Listener, send: Send) -> None:
    """Send what it missed, then what happens, until it may not listen any more or Redis goes away."""
    queue: Queue = asyncio.Queue(QUEUE)
    broker.join(listener.topics, queue)
    try:
        await broker.listen()  # first the subscription, then the log: nothing falls between the two
        missed = await sync_to_async(listener.missed, thread_sensitive=False)()
        broker.begin(listener.heard)
        if not listener.key:
            here.arrive(listener.user, listener.topics, listener.page)
        text: bytes | None = b"retry: %d\n\n" % RETRY_MS + _messages(listener, missed)
        while text is not None:
            if text:
                await send({"type": "http.response.body", "body": text, "more_body": True})
            text = await following(listener, queue)
    finally:
        broker.leave(listener.topics, queue)
        here.leave(listener.topics, listener.page)


def _messages(listener: Listener, events: list[live.Event]) -> bytes:
    return b"".join(listener.message(Told(event)) for event in events)


async def following(listener: Listener, queue: Queue) -> bytes | None:
    """What to send next: an event, or a sign of life when there is none; None when the stream is over."""
    if asyncio.get_running_loop().time() - listener.checked_at > RECHECK_SECONDS:
        return await checked(listener)
    try:
        told = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return PING
    if told is not None and listener.key and told.event.kind == live.KEYS_CHANGED:
        return await checked(listener)
    return listener.message(told) if told else None


async def checked(listener: Listener) -> bytes | None:
    """None when it may not listen any more; else a sign of life, with what the log has that it was not told."""
    if not await sync_to_async(listener.allowed, thread_sensitive=False)():
        return None
    listener.checked_at = asyncio.get_running_loop().time()
    unheard = await sync_to_async(listener.unheard, thread_sensitive=False)()
    return _messages(listener, unheard) + PING


async def gone(receive: Receive) -> None:
    """Come back when the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def serve(listener: Listener, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        *cors(listener.headers),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    tasks = [asyncio.create_task(stream(listener, send)), asyncio.create_task(gone(receive))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, RedisError, DatabaseError, OSError):
                await task
    await send({"type": "http.response.body", "body": b""})


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/live/healthz":
        await answer(send, 200, [], b"ok")
        return
    listener = Listener(scope)
    if scope["path"] != "/live/" or scope["method"] != "GET":
        await answer(send, 404, cors(listener.headers), b"There is nothing here.")
    elif not await sync_to_async(listener.allowed, thread_sensitive=False)():
        status, text = (429, b"Too many wrong keys.") if listener.is_guessing else (404, b"No such topic for you.")
        await answer(send, status, cors(listener.headers), text)
    else:
        await serve(listener, receive, send)
