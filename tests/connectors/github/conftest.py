from collections.abc import Iterator

import pytest

from tests.connectors.github.fake import FakeGitHub
from tests.connectors.github.shop import fill


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub with the small repository of shop.py."""
    with FakeGitHub() as running:
        fill(running)
        yield running
