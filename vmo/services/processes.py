"""Processes that end with the one that started them, and those that were left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from vmo.services.places import Account

PR_SET_PDEATHSIG = 1


def _die_with_parent(signum: int) -> Callable[[], None] | None:
    """What to run in the child so that it gets `signum` when its parent dies, where the system can do that."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes] | int,
    account: Account | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    last_signal: int = signal.SIGTERM,
    own_group: bool = True,
) -> "subprocess.Popen[bytes]":
    """Start `command` as `account`; `last_signal` is what it gets when this process dies.

    Call it from a thread that lives as long as the process: Linux sends the signal when that thread ends.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with_parent(last_signal),
        start_new_session=own_group,
    )


def stop(process: "subprocess.Popen[bytes]", signals: Sequence[tuple[int, float]]) -> None:
    """Send each signal in turn and give it its seconds, until the process has ended."""
    for signum, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(signum)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] == ["Z"]


def working_in(folder: Path, program: str) -> Iterator[int]:
    """The processes of `program` that work in `folder`, or name it: by /proc, elsewhere by what `ps` shows."""
    if Path("/proc/self/cwd").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _works_in(entry, folder, program):
                yield int(entry.name)
        return
    listed = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        pid, _, command = line.strip().partition(" ")
        if program in command and str(folder) in command:
            yield int(pid)


def _works_in(process: Path, folder: Path, program: str) -> bool:
    try:
        words = [os.fsdecode(word) for word in (process / "cmdline").read_bytes().split(b"\0")]
        if program not in words[0].rpartition("/")[2]:
            return False
        return str(folder) in words or Path(os.readlink(process / "cwd")) == folder
    except OSError:  # it has ended, or (in a container) even root may not look
        return False


def end_all(pids: Sequence[int], signals: Sequence[tuple[int, float]]) -> None:
    """End processes that are not our children, with each signal in turn."""
    for signum, seconds in signals:
        left = [pid for pid in pids if alive(pid)]
        for pid in left:
            try:
                os.kill(pid, signum)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + seconds
        while any(alive(pid) for pid in left) and time.monotonic() < deadline:
            time.sleep(0.02)
