"""Which addresses the portal may ask. A person types the URL; it must not lead into the portal's own backyard."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Where cloud providers answer with credentials; some lie in ranges that look public or merely private.
METADATA = frozenset(
    ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
NAT64 = ip_network("64:ff9b::/96")


class Refused(Exception):
    """This address is not asked. `permanent`: a person has to change something."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.message, self.permanent = message, permanent


def unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), else the address itself."""
    if not isinstance(address, IPv6Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def refusal(address: Address, *, allow_private: bool, setting: str = "CONNECTORS_ALLOW_PRIVATE") -> str:
    """Why `address` must not be asked, in words; empty when it may. `setting` is the one that allows private ones."""
    inner = unwrap(address)
    if inner in METADATA or inner.is_link_local:
        return "a link-local or cloud metadata address, which is never asked"
    if inner.is_multicast or inner.is_unspecified or (inner.is_reserved and not inner.is_loopback):
        return "not the address of a server"
    if not allow_private and not inner.is_global:
        return f"an address of a private network, and this portal may only ask public ones ({setting})"
    return ""


def resolve(host: str, port: int, *, allow_private: bool, setting: str = "CONNECTORS_ALLOW_PRIVATE") -> list[str]:
    """The addresses of `host`, all of them checked: one that is refused refuses the name.

    The caller connects to these addresses and never asks for the name again, so that a name server that changes
    its answer gains nothing. Raises Refused.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no server named “{host}”, or it cannot be found from here. Check the address."
        raise Refused(message) from None
    # A scope (fe80::1%eth0) is no part of the address.
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        check(host, ip_address(address), allow_private=allow_private, setting=setting)
    return addresses


def check(host: str, address: Address, *, allow_private: bool, setting: str = "CONNECTORS_ALLOW_PRIVATE") -> None:
    """Raise Refused when `host`, which leads to `address`, must not be asked."""
    reason = refusal(address, allow_private=allow_private, setting=setting)
    if reason:
        raise Refused(f"“{host}” leads to {address}: {reason}.", permanent=True)
