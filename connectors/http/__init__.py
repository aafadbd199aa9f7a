"""The one HTTP client of the connectors: client.py asks, waits.py and guard.py hold its rules, answers.py its words."""

from connectors.http.answers import HttpError, Response
from connectors.http.client import HASTY, Credentials, ETags, Http, Limits

__all__ = ["HASTY", "Credentials", "ETags", "Http", "HttpError", "Limits", "Response"]
