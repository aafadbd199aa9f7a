"""Dockerfile and docker-compose.yml agree with the settings, the supervisor and each other."""

import importlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from vmo.supervisor import Address, commands

ROOT = Path(__file__).resolve().parent.parent
PORTAL = ("migrate", "web", "live", "worker", "quick", "beat")
# Read by the images and by Python, not by our settings.
FOREIGN = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def variables_read() -> set[str]:
    """The environment variables that the portal reads."""
    sources = [ROOT / "vmo" / "settings.py", ROOT / "vmo" / "supervisor.py", *(ROOT / "vmo" / "services").glob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    found = re.findall(r'(?:\benv(?:_bool|_int|_list)?|environ\.get)\(\s*"([A-Z][A-Z_0-9]+)"', text)
    return {*found, "DATABASE_URL", "REDIS_URL"}


def words_of(service: str) -> list[str]:
    """The command a service runs; where compose gives none, the image's."""
    command = compose()["services"][service].get("command")
    if command:
        return shlex.split(command)
    words: list[str] = json.loads(re.findall(r"^CMD (\[.*\])$", dockerfile(), re.M)[-1])
    return words


def test_every_variable_of_compose_is_a_setting() -> None:
    services = compose()["services"]
    named = {name for service in PORTAL for name in services[service]["environment"]}
    assert named - variables_read() == set()
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"} <= named


def test_every_variable_of_the_image_is_a_setting() -> None:
    named = {name for line in re.findall(r"^ENV (.*)$", dockerfile(), re.M) for name in re.findall(r"([A-Z_]+)=", line)}
    assert named - FOREIGN - variables_read() == set()


def test_secrets_have_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + secret + r"(:?[?-])?", text)
        assert uses
        assert set(uses) == {":?"}


@pytest.mark.parametrize("service", PORTAL)
def test_it_waits_for_what_it_needs(service: str) -> None:
    waits = compose()["services"][service]["depends_on"]
    assert waits["postgres"]["condition"] == "service_healthy"
    if service != "migrate":
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["redis"]["condition"] == "service_healthy"


@pytest.mark.parametrize("service", ["web", "live", "worker", "quick", "postgres", "redis"])
def test_its_health_is_watched(service: str) -> None:
    assert compose()["services"][service]["healthcheck"]["test"]


@pytest.mark.parametrize("service", ["web", "live", "worker", "quick", "beat"])
def test_it_runs_what_the_supervisor_runs(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same program and the same application, so that what the stack tests show holds for the containers."""
    # These tests have a queue of their own.
    monkeypatch.delenv("CELERY_QUEUE")
    mine = words_of(service)
    theirs = commands(Address("::", 8000, 8001))[service][2:]
    assert mine[0] == theirs[0]
    assert mine[1:4] == theirs[1:4] if mine[0] == "celery" else mine[1] == theirs[1]
    assert _queue(mine) == _queue(theirs)


def _queue(words: list[str]) -> str:
    return words[words.index("--queues") + 1] if "--queues" in words else "vmo"


def test_the_applications_exist() -> None:
    assert callable(importlib.import_module("vmo.wsgi").application)
    assert callable(importlib.import_module("vmo.asgi").application)
    assert importlib.import_module("vmo.celery").app.main == "vmo"
    assert (ROOT / words_of("migrate")[1]).exists()


def test_addresses_of_the_services_are_services() -> None:
    file = compose()
    environment = file["services"]["web"]["environment"]
    hosts = [re.findall(r"(?:@|//)([a-z]+):\d+/", environment[name])[-1] for name in ("DATABASE_URL", "REDIS_URL")]
    assert hosts == ["postgres", "redis"]
    assert file["services"]["redis"]["command"].split()[1:3] == ["--appendonly", "yes"]
    assert int(file["services"]["postgres"]["image"].split(":")[1]) >= 15


def test_the_ports_are_those_of_the_image() -> None:
    exposed = re.findall(r"^EXPOSE (\d+) (\d+)$", dockerfile(), re.M)[0]
    published = [compose()["services"][name]["ports"][0].rpartition(":")[2] for name in ("web", "live")]
    assert list(exposed) == published
    assert f"0.0.0.0:{exposed[0]}" in words_of("web")
    assert exposed[1] in words_of("live")


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", dockerfile(), re.M)
    assert users == ["vmo"]
    assert dockerfile().index("USER vmo") < dockerfile().index("CMD [")


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs" / "operators" / "settings.md").read_text()
    assert {name for name in variables_read() if f"`{name}`" not in page} == set()


def test_every_documented_variable_is_read() -> None:
    page = (ROOT / "docs" / "operators" / "settings.md").read_text()
    rows = {match for line in page.splitlines() for match in re.findall(r"^\| `([A-Z_0-9]+)`", line)}
    assert rows - variables_read() == set()
