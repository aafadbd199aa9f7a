"""The one list of connectors."""

from connectors.protocol import Connector

CONNECTORS: dict[str, type[Connector]] = {}
