"""`manage.py up` as its user meets it: start, stop, kill, start again."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.stack.portal import Portal, new_portal
from tests.waiting import until
from vmo import services

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """One running portal for the tests that leave it running."""
    with new_portal() as running:
        running.up()
        yield running


def test_it_answers_and_says_where(portal: Portal) -> None:
    assert portal.healthy()
    assert f"http://localhost:{portal.port}/" in portal.output.read_text()
    assert portal.get("/live/healthz", portal.port + 1) == (200, b"ok")


def test_strangers_hear_nothing(portal: Portal) -> None:
    assert portal.get("/live/?topic=sync:1", portal.port + 1)[0] == 404


def test_a_second_one_says_that_it_runs(portal: Portal) -> None:
    again = portal.manage("up")
    assert again.returncode == 1
    assert "already runs at" in again.stderr
    assert f"http://localhost:{portal.port}/" in again.stderr
    assert "Traceback" not in again.stderr
    assert portal.healthy()


@pytest.mark.parametrize("kind", ["web", "live", "worker", "quick", "beat", "postgres", "redis", "keeper"])
def test_whatever_is_killed_is_started_again(portal: Portal, kind: str) -> None:
    old = portal.kill(kind)
    until(lambda: portal.replaced(kind, old), 60, what=f"another {kind}")
    until(portal.healthy, 60, what="a healthy portal")
    until(lambda: portal.get("/live/healthz", portal.port + 1)[0] == 200, 60, what="the live stream")


def test_a_command_shares_the_running_services(portal: Portal) -> None:
    shown = portal.manage("showmigrations", "core")
    assert "[X] 0001_initial" in shown.stdout, shown.stderr
    assert portal.healthy()


def test_after_the_supervisor_is_killed_the_next_start_works_and_keeps_the_data() -> None:
    with new_portal() as portal:
        portal.up()
        made = portal.manage("shell", "-c", "from core.live import publish; publish('a:1', 'kept', {})")
        assert made.returncode == 0, made.stderr
        assert portal.process is not None
        os.kill(portal.process.pid, signal.SIGKILL)
        portal.process.wait()
        portal.up()
        asked = portal.manage("shell", "-v", "0", "-c", "from core.models import *; print(LiveEvent.objects.count())")
        assert asked.stdout.strip() == "1", asked.stderr
        portal.stop()
        until(portal.all_gone, what="the end of every process")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything(signum: int) -> None:
    with new_portal() as portal:
        portal.up()
        assert portal.process is not None
        portal.process.send_signal(signum)
        portal.process.wait(60)
        assert portal.process.returncode == 0
        assert portal.all_gone()
        assert portal.get("/healthz")[0] == 0
        portal.up()
        assert portal.healthy()


def test_everything_killed_at_once_starts_again() -> None:
    with new_portal() as portal:
        portal.up()
        assert portal.process is not None
        for pid in [portal.pid_of(kind) for kind in ("keeper", "postgres", "redis")]:
            with suppress(ProcessLookupError):  # the keeper takes the others with it
                os.kill(pid, signal.SIGKILL)
        os.killpg(portal.process.pid, signal.SIGKILL)
        portal.process.wait()
        portal.up()
        assert portal.healthy()


def test_a_reused_process_number_in_the_lock_file_is_seen_through() -> None:
    with new_portal() as portal:
        assert portal.manage("migrate", "--check").returncode == 1
        with subprocess.Popen(["sleep", "600"]) as other:
            lock = services.place(portal.home).postgres / "postmaster.pid"
            lock.write_text(f"{other.pid}\n/elsewhere\n1700000000\n5432\n/tmp\n\n\n")
            asked = portal.manage("showmigrations", "core")
            other.kill()
        assert "[X] 0001_initial" in asked.stdout, asked.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that its services' user cannot reach")
def test_root_with_a_closed_home() -> None:
    with new_portal(mode=0o700) as portal:
        portal.up()
        assert portal.healthy()
        base = services.place(portal.home).base
        assert base.parent == services.places.STATE_DIR
        assert (base / "postgres" / "PG_VERSION").exists()
        assert portal.home.parent.stat().st_mode & 0o777 == 0o700
        portal.stop()
        assert portal.all_gone()
