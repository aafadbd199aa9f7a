"""People of the demo organisation, logged in."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.demo import AS_OF

# A window inside the demo's history; what a page shows in it never changes.
WINDOW = {"from": "2025-04-01", "to": "2025-06-29", "as_of": AS_OF.isoformat()}


@pytest.fixture
def as_demo(demo: None) -> Callable[[str], Client]:
    """Call it with the first part of an address of the demo organisation."""

    def log_in(name: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(email=f"{name}@demo.example"))
        return client

    return log_in


@pytest.fixture
def leader(as_demo: Callable[[str], Client]) -> Client:
    return as_demo("leader")
