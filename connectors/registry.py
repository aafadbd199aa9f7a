"""The one list of connectors."""

from connectors.csv import CsvConnector
from connectors.demo import DemoConnector
from connectors.git import GitConnector
from connectors.github import GitHubConnector
from connectors.jira import JiraConnector
from connectors.protocol import Connector

CONNECTORS: dict[str, type[Connector]] = {
    connector.tool: connector
    for connector in (
        CsvConnector,
        DemoConnector,
        GitConnector,
        JiraConnector,
        GitHubConnector,
    )
}
