"""What the portal says when it cannot start: one line, with the remedy, and no traceback."""

import os
import shutil
import socket
from collections.abc import Iterator

import pytest

from tests.stack.portal import Portal, new_portal
from vmo import services

pytestmark = pytest.mark.stack


@pytest.fixture
def portal() -> Iterator[Portal]:
    with new_portal() as fresh:
        yield fresh


def refusal(portal: Portal, *words: str) -> str:
    """What the command says; it must be short and end it with 1."""
    done = portal.manage(*words)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize(("offset", "name"), [(0, "PORT"), (1, "LIVE_PORT")])
def test_a_port_in_use(portal: Portal, offset: int, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", portal.port + offset))
        other.listen()
        said = refusal(portal, "up")
    assert f"Port {portal.port + offset}" in said
    assert f"{name}=" in said


def test_a_broken_data_folder(portal: Portal) -> None:
    portal.manage("showmigrations", "core")
    (services.place(portal.home).postgres / "global" / "pg_control").write_bytes(b"broken")
    said = refusal(portal, "up")
    assert "broken" in said
    assert "backup" in said
    assert portal.all_gone()


def test_a_data_folder_without_its_version(portal: Portal) -> None:
    portal.manage("showmigrations", "core")
    (services.place(portal.home).postgres / "PG_VERSION").unlink()
    assert "broken" in refusal(portal, "showmigrations")


def test_the_data_of_another_version(portal: Portal) -> None:
    portal.manage("showmigrations", "core")
    (services.place(portal.home).postgres / "PG_VERSION").write_text("14\n")
    said = refusal(portal, "up")
    assert "PostgreSQL 14" in said
    assert "upgrade.md" in said


def test_a_home_that_is_a_file(portal: Portal) -> None:
    portal.home.write_text("not a folder")
    assert "VMO_HOME" in refusal(portal, "up")
    portal.home.unlink()


def test_too_little_space(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is raised beyond any disk, since a full disk cannot be had here."""
    monkeypatch.setenv("VMO_FREE_MB", str(10**9))
    said = refusal(portal, "up")
    assert "free" in said
    assert "VMO_HOME" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_without_permission(portal: Portal) -> None:
    portal.home.mkdir()
    portal.home.chmod(0o500)
    assert "VMO_HOME" in refusal(portal, "up")
    portal.home.chmod(0o700)


def test_a_broken_redis_folder(portal: Portal) -> None:
    portal.manage("showmigrations", "core")
    for log in services.place(portal.home).redis.glob("*.aof"):
        log.write_bytes(b"*garbage\r\nthat is no command\r\n" * 20)
        shutil.chown(log, *log.parent.owner().split())
    assert "Redis" in refusal(portal, "up")
