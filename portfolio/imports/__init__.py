"""Initiatives from files, and into files with the same columns."""

from portfolio.imports.columns import COLUMNS, MONEY
from portfolio.imports.exporting import exported
from portfolio.imports.initiatives import InitiativeImporter

__all__ = ["COLUMNS", "MONEY", "InitiativeImporter", "exported"]
