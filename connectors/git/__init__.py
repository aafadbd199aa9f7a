"""Git: commits, merges and tags of any repository."""

from connectors.git.connector import GitConnector

__all__ = ["GitConnector"]
