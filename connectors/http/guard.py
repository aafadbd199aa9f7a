"""Which addresses a connector may ask. A person types the URL; it must not lead into the portal's own backyard."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from connectors.protocol import ConnectorError

Address = IPv4Address | IPv6Address

# Where cloud providers answer with credentials; some lie in ranges that look public or merely private.
METADATA = frozenset(
    ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
NAT64 = ip_network("64:ff9b::/96")


def unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), else the address itself."""
    if not isinstance(address, IPv6Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def refusal(address: Address, *, allow_private: bool) -> str:
    """Why `address` must not be asked, in words; empty when it may."""
    inner = unwrap(address)
    if inner in METADATA or inner.is_link_local:
        return "a link-local or cloud metadata address, which is never asked"
    if inner.is_multicast or inner.is_unspecified or (inner.is_reserved and not inner.is_loopback):
        return "not the address of a server"
    if not allow_private and not inner.is_global:
        return "an address of a private network, and this portal may only ask public ones (CONNECTORS_ALLOW_PRIVATE)"
    return ""


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host`, all of them checked: one that is refused refuses the name.

    The caller connects to these addresses and never asks for the name again, so that a name server that changes
    its answer gains nothing. Raises ConnectorError.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no server named “{host}”, or it cannot be found from here. Check the address."
        raise ConnectorError(message, field="url") from None
    # A scope (fe80::1%eth0) is no part of the address.
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        check(host, ip_address(address), allow_private=allow_private)
    return addresses


def check(host: str, address: Address, *, allow_private: bool) -> None:
    """Raise ConnectorError when `host`, which leads to `address`, must not be asked."""
    reason = refusal(address, allow_private=allow_private)
    if reason:
        raise ConnectorError(f"“{host}” leads to {address}: {reason}.", permanent=True, field="url")
