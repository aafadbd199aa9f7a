"""Running git: without prompts, shell, hooks or the machine's own configuration, and with errors people understand.

Credentials reach git by its askpass program and the environment, never by an argument or an address.
"""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from connectors.git.address import Address
from connectors.protocol import ConnectorError

# What git is told whatever the machine's configuration says; a directory's owner is no matter where nothing runs.
CONFIG = """[safe]
	directory = *
[core]
	hooksPath = /dev/null
	fsmonitor = false
	askPass =
[credential]
	helper =
[gc]
	autoDetach = false
[maintenance]
	autoDetach = false
[http]
	lowSpeedLimit = 500
	lowSpeedTime = 60
[protocol]
	version = 2
[log]
	showSignature = false
[i18n]
	logOutputEncoding = UTF-8
"""
ASKPASS = """#!/bin/sh
case "$1" in
Username*) printf '%s\\n' "$VMO_GIT_USERNAME" ;;
*) printf '%s\\n' "$VMO_GIT_PASSWORD" ;;
esac
"""
SSH = "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new -oConnectTimeout=20 -oServerAliveInterval=15"
LONGEST = 500

# What git says, what that means, whether it stays so until a person does something, and the setting at fault.
MEANINGS: Sequence[tuple[str, str, bool, str]] = (
    (
        r"Authentication failed|could not read (Username|Password)|terminal prompts disabled|error: (401|403)"
        r"|Permission denied \(|Host key verification failed|HTTP Basic: Access denied",
        "The server refused to let us in: check the user name and token, or the portal's SSH key.",
        True,
        "token",
    ),
    (
        r"does not appear to be a git repository|[Rr]epository.*not found|not found: did you run|error: 404"
        r"|repository '.*' does not exist",
        "There is no repository at this address, or we may not see it.",
        True,
        "url",
    ),
    (r"transport '.*' not allowed", "Addresses of this kind are not allowed here.", True, "url"),
    (
        r"Could not resolve host|Name or service not known",
        "There is no server of that name, or it cannot be found from here.",
        False,
        "url",
    ),
    (
        r"SSL certificate problem|server certificate verification failed",
        "The server's certificate is not trusted.",
        True,
        "url",
    ),
    (r"Connection refused|Connection timed out|Failed to connect", "The server does not answer.", False, "url"),
    (r"No space left on device", "The disk of this portal is full.", False, ""),
)
# Signs that our own copy is broken rather than the tool.
CORRUPT = re.compile(
    r"bad object|loose object|is corrupt|packfile .* (cannot|invalid)|not a git repository: |unable to read"
    r"|missing (blob|tree|commit)|bad signature|inflate|unresolved deltas|Could not read|object file .* is empty"
    r"|(unable to|could not) parse (object|commit|pack)|broken ref"
)


class Broken(Exception):
    """Our copy of the repository is damaged: it has to be cloned again."""


def meaning(said: str, *, own: bool = False) -> Exception:
    """What git's error output means. `own`: the command read our copy, so damage there explains it."""
    for pattern, message, permanent, field in MEANINGS:
        if re.search(pattern, said):
            return ConnectorError(f"{message} Git said: {_last_line(said)}", permanent=permanent, field=field)
    if CORRUPT.search(said) or own:
        return Broken(_last_line(said))
    return ConnectorError(f"Git failed: {_last_line(said)}", field="url")


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR", "remote:"))] or lines
    return (told[0] if told else "nothing")[:LONGEST]


class Git:
    """git, as this connector runs it: configuration and askpass program lie in `folder`."""

    def __init__(self, folder: Path, address: Address, username: str, password: str) -> None:
        self.folder = folder
        self._write("gitconfig", CONFIG, 0o600)
        self._write("askpass", ASKPASS, 0o700)
        self.environment = self._environment(address, username, password)

    def _write(self, name: str, text: str, mode: int) -> None:
        path = self.folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        path.chmod(mode)

    def _environment(self, address: Address, username: str, password: str) -> Mapping[str, str]:
        kept = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR")
        proxies = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
        names = (*kept, *proxies, *(name.upper() for name in proxies))
        return {name: os.environ[name] for name in names if name in os.environ} | {
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": str(self.folder / "askpass"),
            "SSH_ASKPASS": "/bin/false",
            "GIT_SSH_COMMAND": SSH,
            "GIT_ALLOW_PROTOCOL": address.protocol,
            "VMO_GIT_USERNAME": username or "git",
            "VMO_GIT_PASSWORD": password,
            "LC_ALL": "C",
        }

    @contextmanager
    def started(self, *arguments: str, lock: int | None = None, give: str | None = None) -> Iterator["Running"]:
        """git with `arguments`, killed with its children when the block ends early.

        `lock` is a file descriptor it inherits: a lock on it lasts as long as git does, even when we are killed.
        """
        # Unlinked files instead of pipes: git can be fed and can complain at length without anybody waiting.
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
            given.write((give or "").encode())
            given.seek(0)
            process = subprocess.Popen(
                ["git", *arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            )
            try:
                yield Running(process, errors)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                if process.stdout:
                    process.stdout.close()
                process.wait()

    def run(self, *arguments: str, give: str | None = None, timeout: float = 60, own: bool = False) -> bytes:
        """git's output. Raises ConnectorError, or Broken when our copy is damaged."""
        with self.started(*arguments, give=give) as running:
            timer = threading.Timer(timeout, running.process.kill)
            timer.start()
            try:
                output = running.output.read()
                running.process.wait()
            finally:
                slow = not timer.is_alive()
                timer.cancel()
            if slow:
                raise ConnectorError(f"Git did not answer within {timeout:.0f} s.", field="url")
            running.check(own=own)
        return output


class Running:
    """A git that runs: its output to read, and what it complained about."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101  (for the type checker)
        self.process = process
        self.output = process.stdout
        self._errors = errors

    def is_over(self, seconds: float) -> bool:
        """Whether it ends within `seconds`."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def complaints(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace").replace("\r", "\n")

    def check(self, *, own: bool = False) -> None:
        """Raise what a failure means. The process must be over."""
        if self.process.wait():
            raise meaning(self.complaints(), own=own)
