"""A cache whose Redis is away is an empty cache; counting with it fails."""

import pytest
from redis.exceptions import RedisError

from core.caching import Cache


@pytest.fixture
def away() -> Cache:
    return Cache("unix:///nowhere/redis.sock", {})


def test_nothing_is_found_and_nothing_is_kept(away: Cache) -> None:
    away.set("a", 1)
    assert not away.has_key("a")
    assert away.set_many({"a": 1, "b": 2}) == ["a", "b"]
    assert away.get("a") is None
    assert away.get("a", 7) == 7
    assert away.get_many(["a", "b"]) == {}


def test_what_counts_is_told(away: Cache) -> None:
    for count in (away.add, away.incr):
        with pytest.raises(RedisError):
            count("a", 1)
