"""Commands work while the portal does not run: they start the services and stop them again."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.stack.portal import ROOT, Portal, new_portal, processes
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
def portal() -> Iterator[Portal]:
    with new_portal() as fresh:
        yield fresh


def start(portal: Portal, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", *words]
    return subprocess.Popen(command, cwd=ROOT, env=portal.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


HOLD = "from django.db import connection; connection.ensure_connection(); print('in', flush=True); input()"
ASK = "from django.db import connection; connection.ensure_connection(); print('asked')"


def test_a_command_starts_and_stops_the_services(portal: Portal) -> None:
    done = portal.manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    assert portal.all_gone()
    again = portal.manage("migrate", "--check")
    assert again.returncode == 0, again.stderr
    assert portal.all_gone()


def test_the_first_command_of_all_finds_a_database_set_up(portal: Portal) -> None:
    added = portal.manage("team", "add", "falcon", "--stream", "payments", "--timezone", "Europe/Berlin")
    assert added.returncode == 0, added.stderr
    told = portal.manage("report", "--scope", "team:falcon", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["metrics"]["throughput"]["reason"] == "no source connected"


def test_the_last_of_two_stops_them(portal: Portal) -> None:
    first = start(portal, "shell", "-v", "0", "-c", HOLD)
    assert first.stdout is not None
    assert first.stdout.readline().strip() == "in"
    second = portal.manage("shell", "-v", "0", "-c", ASK)
    assert second.stdout.strip() == "asked", second.stderr
    assert not portal.all_gone()
    first.communicate("\n")
    assert first.returncode == 0
    assert portal.all_gone()


def test_two_at_once_share_them(portal: Portal) -> None:
    both = [start(portal, "shell", "-v", "0", "-c", ASK) for _ in range(2)]
    assert [one.communicate()[0].strip() for one in both] == ["asked", "asked"]
    assert portal.all_gone()


def test_a_killed_command_leaves_nothing(portal: Portal) -> None:
    with start(portal, "shell", "-v", "0", "-c", HOLD) as command:
        assert command.stdout is not None
        assert command.stdout.readline().strip() == "in"
        assert processes(str(portal.home))
        command.send_signal(signal.SIGKILL)
        command.wait()
    until(portal.all_gone, what="the end of the services")


def test_help_starts_nothing(portal: Portal) -> None:
    assert portal.manage("help").returncode == 0
    assert not (portal.home / "postgres").exists()
