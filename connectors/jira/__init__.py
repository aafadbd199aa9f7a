"""Jira Cloud and Data Center. Read connector.py first; issues.py says what of an issue becomes which row."""

from connectors.jira.connector import JiraConnector

__all__ = ["JiraConnector"]
