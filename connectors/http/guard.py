"""The portal's guard of addresses (core/guard.py), in the words of connectors: what it refuses is a ConnectorError."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.protocol import ConnectorError
from core import guard
from core.guard import Address, refusal

__all__ = ["check", "refusal", "resolve"]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except guard.Refused as refused:
        raise ConnectorError(refused.message, permanent=refused.permanent, field="url") from None


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The checked addresses of `host`. Raises ConnectorError."""
    with _told():
        return guard.resolve(host, port, allow_private=allow_private)


def check(host: str, address: Address, *, allow_private: bool) -> None:
    """Raise ConnectorError when `host`, which leads to `address`, must not be asked."""
    with _told():
        guard.check(host, address, allow_private=allow_private)
