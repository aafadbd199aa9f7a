"""How long to wait before asking again: what the server says, else longer each time."""

import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

RETRIED = frozenset({429, 502, 503, 504})
# What GitHub and others write into a 403 that means "too fast" and not "not you".
LIMIT_WORDS = (b"secondary rate limit", b"rate limit exceeded", b"abuse detection")
# GitHub: "wait for at least one minute" after a secondary limit that names no time.
UNNAMED_LIMIT_SECONDS = 60.0
LONGEST_BACKOFF_SECONDS = 30.0


def is_limit(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the answer means that we asked too much (and not that something is wrong)."""
    if status == 429:
        return True
    if status != 403:
        return False
    start = body[:2000].lower()
    return "retry-after" in headers or remaining(headers) == 0 or any(words in start for words in LIMIT_WORDS)


def remaining(headers: Mapping[str, str]) -> int | None:
    """The requests left in the server's window; None when it does not say."""
    text = headers.get("x-ratelimit-remaining", "").strip()
    return int(text) if text.isdigit() else None


def named_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks us to wait (`now`: Unix time), or None when it names no time."""
    after = headers.get("retry-after", "").strip()
    if after:
        return _retry_after(after, now)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if remaining(headers) == 0 and reset.isdigit():
        # A second more: the two clocks differ, and a request too early counts against us.
        return max(0.0, float(reset) - now) + 1.0
    return None


def _retry_after(text: str, now: float) -> float | None:
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` (from 1) is repeated: about 1, 2, 4 …, never quite the same."""
    longest = min(LONGEST_BACKOFF_SECONDS, 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  spreads requests, hides nothing


def wait_seconds(status: int, headers: Mapping[str, str], body: bytes, *, attempt: int, now: float) -> float | None:
    """Seconds to wait before asking again; None when asking again would not help."""
    limit = is_limit(status, headers, body)
    if not limit and status not in RETRIED:
        return None
    named = named_wait(headers, now)
    if named is not None:
        return named
    return UNNAMED_LIMIT_SECONDS * 2 ** (attempt - 1) if limit and status == 403 else backoff(attempt)
