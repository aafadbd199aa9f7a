"""Secrets at rest: encrypted with a key derived from SECRET_KEY, so a copy of the database alone tells nothing.

Keys of SECRET_KEY_FALLBACKS still open what was sealed with them; what is written is sealed with SECRET_KEY.
"""

import base64
from collections.abc import Mapping

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


class SealBroken(Exception):
    """The secrets were sealed with a SECRET_KEY that is not known any more: they must be given again."""


def _fernet(secret: str | bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vmo secrets 1").derive(force_bytes(secret))
    return Fernet(base64.urlsafe_b64encode(key))


def _box() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal(values: Mapping[str, str]) -> bytes:
    """Encrypted `values`; nothing to hide gives nothing."""
    return _box().encrypt(orjson.dumps(dict(values))) if values else b""


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    """What `seal` was given. Raises SealBroken when no known key opens it."""
    if not sealed:
        return {}
    try:
        plain = _box().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise SealBroken from error
    values: dict[str, str] = orjson.loads(plain)
    return values
