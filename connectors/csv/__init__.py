"""CSV: work items and their status changes from a file."""

from connectors.csv.connector import CsvConnector

__all__ = ["CsvConnector"]
