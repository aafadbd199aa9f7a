"""The live stream: a small ASGI process that tells browsers what happens, as server-sent events.

GET /live/?topic=sync:12&topic=source:3 by a browser with the portal's session cookie, from the portal's own pages.
Each message is {"topic", "kind", "data"}; its id is the browser's place in the live log (core/live.py), which it
sends back as Last-Event-ID (or last_event_id=…) when it returns. Pages stay WSGI: see docs/decisions.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
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
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie
from redis.exceptions import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
django.setup()

from core import live  # noqa: E402  (needs the apps)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEARTBEAT_SECONDS = 15
# How often it is asked again whether the user may still listen.
RECHECK_SECONDS = 60
QUEUE = 1000
RETRY_MS = 2000
MAX_TOPICS = 20
PING = b"event: ping\ndata: {}\n\n"

Queue = asyncio.Queue[bytes | None]


class Broker:
    """One subscription to Redis for all listeners of this process."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Queue]] = defaultdict(set)
        self.reader: asyncio.Task[None] | None = None

    def join(self, topics: list[str], queue: Queue) -> None:
        for topic in topics:
            self.listeners[topic].add(queue)

    def leave(self, topics: list[str], queue: Queue) -> None:
        for topic in topics:
            self.listeners[topic].discard(queue)
            if not self.listeners[topic]:
                del self.listeners[topic]

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
                    self._hand_out(message["data"])
        except RedisError as error:
            if not ready.done():
                ready.set_exception(error)
        finally:
            for queue in {queue for queues in self.listeners.values() for queue in queues}:
                self._put(queue, None)

    def _hand_out(self, message: bytes) -> None:
        for queue in self.listeners.get(orjson.loads(message)["topic"], ()):
            self._put(queue, message)

    def _put(self, queue: Queue, message: bytes | None) -> None:
        """A listener that does not keep up loses its stream, not its events: it comes back and catches up."""
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            message = None
        queue.put_nowait(message)


broker = Broker()


class Listener:
    """One browser: who it is, what it listens to, and the last event it heard of each topic."""

    def __init__(self, scope: Scope) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.topics = list(dict.fromkeys(query.get("topic", [])))
        self.cursor = self.headers.get("last-event-id") or query.get("last_event_id", [""])[-1]
        self.heard: dict[str, int] = {}
        self.checked_at = asyncio.get_running_loop().time()

    def allowed(self) -> bool:
        """Whether its session belongs to somebody who may listen to every topic. Blocks: call it in a thread."""
        close_old_connections()
        try:
            user = get_user(self._request())
            return 0 < len(self.topics) <= MAX_TOPICS and all(live.may_listen(user, topic) for topic in self.topics)
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

    def message(self, event: live.Event) -> bytes:
        """The event as the browser reads it, or nothing when it has heard it."""
        if event.id <= self.heard[event.topic]:
            return b""
        self.heard[event.topic] = event.id
        place = live.cursor_of([self.heard[topic] for topic in self.topics])
        data = orjson.dumps({"topic": event.topic, "kind": event.kind, "data": event.data})
        return b"id: %s\ndata: %s\n\n" % (place.encode(), data)


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
        text: bytes | None = b"retry: %d\n\n" % RETRY_MS + b"".join(map(listener.message, missed))
        while text is not None:
            await send({"type": "http.response.body", "body": text, "more_body": True})
            text = await following(listener, queue)
    finally:
        broker.leave(listener.topics, queue)


async def following(listener: Listener, queue: Queue) -> bytes | None:
    """What to send next: an event, or a sign of life when there is none; None when the stream is over."""
    now = asyncio.get_running_loop().time()
    if now - listener.checked_at > RECHECK_SECONDS:
        if not await sync_to_async(listener.allowed, thread_sensitive=False)():
            return None
        listener.checked_at = now
    try:
        message = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return PING
    return listener.message(live.Event(**orjson.loads(message))) if message else None


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
            with suppress(asyncio.CancelledError, RedisError, OSError):
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
        await answer(send, 404, cors(listener.headers), b"No such topic for you.")
    else:
        await serve(listener, receive, send)
