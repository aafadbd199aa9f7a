"""How often something may be asked for by one address: counted in the cache, in windows of a fixed length."""

import logging
from hashlib import sha256
from time import time

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# Of one address, in a minute: so many wrong keys are answered, and so many questions with one right key; a whole room
# may sit behind one address.
GUESSES, ASKED = 120, 1200


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


def may_guess(address: str) -> bool:
    """Count one more wrong key of an address; whether it is answered like any other."""
    return within(f"guess:{address}", GUESSES, 60)


def may_ask(address: str, key: str) -> bool:
    """Count one more question of an address with a right key; whether it is answered."""
    return within(f"asked:{sha256(key.encode()).hexdigest()[:32]}:{address}", ASKED, 60)
