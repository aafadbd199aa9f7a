"""A Jira of either kind, its server, and connectors to it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.jira import JiraConnector
from connectors.protocol import Context
from tests.connectors.jira.fake import EMAIL, TOKEN, FakeJira
from tests.connectors.server import Server

Connect = Callable[..., JiraConnector]


@pytest.fixture(params=["cloud", "datacenter"])
def jira(request: pytest.FixtureRequest) -> FakeJira:
    return FakeJira(cloud=request.param == "cloud")


@pytest.fixture
def server(jira: FakeJira) -> Iterator[Server]:
    with Server(jira.answer) as running:
        yield running


def settings_for(server: Server, given: Mapping[str, str]) -> dict[str, str]:
    """Settings as a person would fill them in; every field is there, as the portal hands them over."""
    typed = {"url": server.url, "user": EMAIL, "token": TOKEN, "project": "PAY"} | dict(given)
    return {field.name: typed.get(field.name, field.default) for field in JiraConnector.fields}


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Connect:
    """A connector to the fake; keywords are settings."""

    def make(**given: str) -> JiraConnector:
        now = datetime(2024, 6, 1, tzinfo=UTC)
        context = Context(slug="pay", workdir=tmp_path, zone=ZoneInfo("Europe/Berlin"), now=now)
        return JiraConnector(settings_for(server, given), context)

    return make
