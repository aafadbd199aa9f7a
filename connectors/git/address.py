"""Where a repository is: a path, file://, http(s):// or ssh (also as host:path), and whether we may go there."""

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from connectors.http import guard
from connectors.protocol import ConnectorError, Context

SCP = re.compile(r"^(?:[\w.-]+@)?(?P<host>[\w.-]+):(?!/?/)(?P<path>.+)$")
PORTS = {"http": 80, "https": 443, "ssh": 22}


@dataclass(frozen=True, slots=True)
class Address:
    """`url` as git takes it; `protocol` is the only one git may use for it."""

    url: str
    protocol: str
    host: str = ""
    port: int = 0


def _wrong(message: str) -> ConnectorError:
    return ConnectorError(message, permanent=True, field="url")


def parse(text: str) -> Address:
    """The address in `text`. Raises ConnectorError on the field `url`."""
    text = text.strip()
    if not text or text.startswith("-") or "::" in text or any(ord(sign) < 33 for sign in text if sign != " "):
        raise _wrong("This is not the address of a repository: give https://…, ssh://…, host:path or a path.")
    if "://" in text:
        try:
            return _with_scheme(text)
        except ValueError:
            raise _wrong("This is not an address: look at its host and port.") from None
    if scp := SCP.match(text):
        return Address(text, "ssh", scp["host"], PORTS["ssh"])
    if not Path(text).is_absolute():
        raise _wrong("Give the whole path of the repository, from the root of the disk.")
    return Address(text, "file")


def _with_scheme(text: str) -> Address:
    parts = urlsplit(text)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return Address(text, "file")
    if parts.scheme not in PORTS or not parts.hostname:
        raise _wrong(f"Addresses that start with “{parts.scheme}://” are not read; https, http, ssh and file are.")
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise _wrong("Leave user name and password out of the address: there are fields for them.")
    return Address(text, parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])


def permit(address: Address, context: Context) -> None:
    """Raise ConnectorError when this portal must not go there."""
    allow_private = context.allow_private
    if address.protocol == "file":
        path = Path(address.url.removeprefix("file://localhost").removeprefix("file://"))
        if why := context.refusal(path):
            raise _wrong(why)
        if not os.path.isdir(path):  # Path.is_dir raises for overlong names
            raise _wrong(f"There is no folder {path} on the portal's machine.")
        return
    if allow_private and getproxies().get(address.protocol):
        return  # the proxy knows the names, this machine need not
    try:
        guard.check(address.host, ip_address(address.host), allow_private=allow_private)
    except ValueError:
        guard.resolve(address.host, address.port, allow_private=allow_private)
