"""The cache of the portal: what it keeps can be worked out again, so without Redis there is nothing in it.

Counters (core/limits.py, accounts/rules.py) still hear of it: they have to say what they do without. So does `delete`:
what was to be forgotten (the session of somebody who logs out) would be remembered when Redis comes back. Who asked for
that is told so in words (`SayAway`), with 503.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
AWAY = "The portal’s short-term memory (Redis) cannot be reached, and this needs it. Try again in a minute."
RETRY_SECONDS = 60


class Cache(RedisCache):
    """Django's, but a Redis that is away is an empty one: nobody's page or write fails for it."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            log.warning("Nothing is read from the cache: %s", error)
            return default

    def has_key(self, key: Any, version: int | None = None) -> bool:
        try:
            return super().has_key(key, version)
        except RedisError as error:
            log.warning("Nothing is looked up in the cache: %s", error)
            return False

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        try:
            return super().get_many(keys, version)
        except RedisError as error:
            log.warning("Nothing is read from the cache: %s", error)
            return {}

    def set(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            log.warning("Nothing is kept in the cache: %s", error)

    def set_many(
        self, data: dict[Any, Any], timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        try:
            return super().set_many(data, timeout, version)
        except RedisError as error:
            log.warning("Nothing is kept in the cache: %s", error)
            return list(data)


class SayAway:
    """Middleware: where a page cannot do without Redis, it says so in words, with 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """None: it is something else."""
        if not isinstance(exception, RedisError):
            return None
        log.error("Redis is away: %s", exception)
        response: HttpResponse
        if request.path.startswith("/api/"):
            response = JsonResponse({"detail": AWAY}, status=503)
        else:
            # Without the request: what frames a page may ask Redis too.
            response = HttpResponse(render_to_string("503.html", {"text": AWAY}), status=503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
