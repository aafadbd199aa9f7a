"""A client as the tests of the HTTP client use it: its waiting is written down and not done."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.http import Credentials, Http
from connectors.protocol import ConnectorError, Context

TOKEN = "ghp_verysecret"
NOW = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC


class Waits(list[float]):
    """Remembers what was waited; time moves by it."""

    def clock(self) -> float:
        return NOW + sum(self)


def context(*, allow_private: bool = True) -> Context:
    return Context("repo", Path("/nonexistent"), ZoneInfo("UTC"), datetime(2025, 6, 15, tzinfo=UTC), allow_private)


def client(url: str, waited: Waits | None = None, **more: Any) -> Http:
    waited = Waits() if waited is None else waited
    more.setdefault("credentials", Credentials.bearer(TOKEN))
    return Http(url, context=context(), source="Tool", sleep=waited.append, clock=waited.clock, **more)


def failure(http: Http, address: str = "x") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        _ = http.get_json(address).data
    return caught.value
