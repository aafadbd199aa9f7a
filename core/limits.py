"""How often something may be asked for by one address: counted in the cache, in windows of a fixed length."""

import logging
from time import time

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def within(key: str, most: int, seconds: int) -> bool:
    """Count one more of `key`; whether it is at most the `most`th of the present window.

    Without Redis nothing is counted and everything is within: a limit keeps crowds away, it is no lock.
    """
    name = f"limit:{key}:{int(time() // seconds)}"
    try:
        cache.add(name, 0, 2 * seconds)
        return int(cache.incr(name)) <= most
    except ValueError:  # The cache forgot it between the two.
        return True
    except RedisError as error:
        log.warning("Nothing is counted: %s", error)
        return True
