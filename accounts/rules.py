"""How often a password may be guessed: failures are counted by e-mail and address, in the cache.

While Redis is away nothing is counted, and whoever knows the password gets in: a limit keeps guessers away, it is no
lock.
"""

import logging
import math
from time import time

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

WINDOW_SECONDS = 15 * 60
# Wrong passwords for one e-mail from one address, and for any e-mail from one address.
LIMIT, LIMIT_OF_ADDRESS = 5, 60


def _keys(email: str, address: str) -> list[tuple[str, int]]:
    # Keys of the cache must not hold spaces or control characters, which people do type.
    who = email.strip().lower().encode().hex()
    return [(f"login:{address}:{who}", LIMIT), (f"login:{address}", LIMIT_OF_ADDRESS)]


def minutes_to_wait(email: str, address: str) -> int:
    """Minutes until the next attempt is looked at; 0: now."""
    now = time()
    ends = [cache.get(f"{key}:until", 0.0) for key, limit in _keys(email, address) if cache.get(key, 0) >= limit]
    return max((math.ceil((end - now) / 60) for end in ends if end > now), default=0)


def count_failure(email: str, address: str) -> None:
    """A wrong password: the window starts with the first one."""
    try:
        _count(email, address)
    except RedisError as error:
        log.warning("Wrong passwords are not counted: %s", error)


def _count(email: str, address: str) -> None:
    for key, _ in _keys(email, address):
        if cache.add(key, 0, WINDOW_SECONDS):
            cache.set(f"{key}:until", time() + WINDOW_SECONDS, WINDOW_SECONDS)
        try:
            cache.incr(key)
        except ValueError:  # The window ended between the two.
            cache.add(key, 1, WINDOW_SECONDS)


def forget_failures(email: str, address: str) -> None:
    """The right password: earlier wrong ones for this e-mail do not count any more."""
    key, _ = _keys(email, address)[0]
    try:
        cache.delete_many([key, f"{key}:until"])
    except RedisError as error:
        log.warning("Wrong passwords are not forgotten: %s", error)
