"""Tokens as a way to log in to the API, and one's own account there."""
