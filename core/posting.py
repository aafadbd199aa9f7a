"""One POST to an address that a person typed: the portal's only way out that is not a connector's.

The name is asked once and every address it leads to is checked (core/guard.py); the connection goes to the checked
address, with the name for TLS and Host. Nothing is followed, no answer is read beyond its head, and the whole takes at
most SECONDS, however slowly the other side speaks. http.client, not httpx, because a limit for the whole needs the
socket.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from core import guard

SECONDS = 10.0
SETTING = "WEBHOOKS_ALLOW_PRIVATE"
PORTS = {"https": 443, "http": 80}


class NotSent(Exception):
    """It was not sent, or nobody answered. `permanent`: until a person changes something."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Target(NamedTuple):
    """An address that may be asked: `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """The parts of `url`, without asking anybody. Raises NotSent, in words."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise NotSent("The address is not a URL.", permanent=True) from None
    if parts.scheme not in _schemes() or not host:
        raise NotSent(f"The address must begin with {' or '.join(f'{s}://' for s in _schemes())}.", permanent=True)
    if "@" in parts.netloc:
        raise NotSent("Leave user and password out of the address.", permanent=True)
    try:
        # Names of other scripts go out as DNS and HTTP have them.
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise NotSent("The address names no server.", permanent=True) from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(ord(sign) < 33 for sign in path + host):
        raise NotSent("The address holds signs that no address may hold.", permanent=True)
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def _schemes() -> list[str]:
    """Without TLS only where private networks are asked: there it is common, elsewhere everybody could read along."""
    return ["https", "http"] if settings.WEBHOOKS_ALLOW_PRIVATE else ["https"]


def addresses(wanted: Target) -> list[str]:
    """The checked addresses of the server. Raises NotSent."""
    try:
        return guard.resolve(wanted.host, wanted.port, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE, setting=SETTING)
    except guard.Refused as refused:
        raise NotSent(refused.message, permanent=refused.permanent) from None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post `body` and return the status of the answer. Raises NotSent."""
    wanted = target(url)
    found = addresses(wanted)
    try:
        with _connection(wanted, found[0]) as connection:
            connection.request("POST", wanted.path, body, {**headers, "Connection": "close", "Host": wanted.place})
            return connection.getresponse().status
    except ssl.SSLCertVerificationError:
        raise NotSent(f"The certificate of “{wanted.place}” cannot be trusted.") from None
    except TimeoutError:
        raise NotSent(f"“{wanted.place}” does not answer in time.") from None
    except (OSError, http.client.HTTPException):
        raise NotSent(f"“{wanted.place}” cannot be reached, or broke off.") from None


@contextmanager
def _connection(wanted: Target, address: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to `address` that is cut off after SECONDS; what fails from then on is a TimeoutError."""
    plain = socket.create_connection((address, wanted.port), timeout=SECONDS)
    with _wrapped(plain, wanted) as wire:
        late = threading.Event()
        watch = threading.Timer(SECONDS, _cut, [wire, late])
        watch.daemon = True
        watch.start()
        try:
            if isinstance(wire, ssl.SSLSocket):
                wire.do_handshake()
            connection = http.client.HTTPConnection(wanted.host, wanted.port)
            connection.sock = wire
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise TimeoutError if late.is_set() else error from None
        finally:
            watch.cancel()


def _wrapped(plain: socket.socket, wanted: Target) -> socket.socket:
    if wanted.scheme == "http":
        return plain
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=wanted.host, do_handshake_on_connect=False)


def _cut(wire: socket.socket, late: threading.Event) -> None:
    """End the connection from another thread: also a TLS one, whose own `shutdown` is not for that."""
    late.set()
    try:
        socket.socket.shutdown(wire, socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself
