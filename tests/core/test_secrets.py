"""Secrets at rest: sealed with SECRET_KEY, opened also with keys that were in use before."""

import pytest
from pytest_django import Settings

from core import secrets


def test_what_is_sealed_cannot_be_read_and_opens_again() -> None:
    sealed = secrets.seal({"token": "s3cret"})
    assert b"s3cret" not in sealed
    assert secrets.unseal(sealed) == {"token": "s3cret"}


def test_nothing_to_hide_is_nothing() -> None:
    assert secrets.seal({}) == b""
    assert secrets.unseal(b"") == {}


def test_a_key_that_was_replaced_still_opens(settings: Settings) -> None:
    sealed = secrets.seal({"token": "s3cret"})
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    with pytest.raises(secrets.SealBroken):
        secrets.unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert secrets.unseal(sealed) == {"token": "s3cret"}
