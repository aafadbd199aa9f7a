"""Features from files and from synced items, as cards of a board."""

from planning.imports.cards import CardImporter
from planning.imports.items import Candidate, Query, file_of, found, sources_of, teams_for

__all__ = ["Candidate", "CardImporter", "Query", "file_of", "found", "sources_of", "teams_for"]
