"""The one list of connectors."""

from connectors.demo import DemoConnector
from connectors.protocol import Connector

CONNECTORS: dict[str, type[Connector]] = {connector.tool: connector for connector in (DemoConnector,)}
