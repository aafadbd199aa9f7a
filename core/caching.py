"""The cache of the portal: what it keeps can be worked out again, so without Redis there is nothing in it.

Only counters (core/limits.py, accounts/rules.py) still hear of it: they have to say what they do without.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Cache(RedisCache):
    """Django's, but a Redis that is away is an empty one: nobody's page or write fails for it."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            log.warning("Nothing is read from the cache: %s", error)
            return default

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
