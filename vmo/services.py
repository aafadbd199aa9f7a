"""The embedded services: a real PostgreSQL and a real Redis, from the binaries their wheels carry."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import quote


def socket_dir(home: Path) -> Path:
    """Where the sockets lie: in the home, or, since their paths must be shorter than 108 bytes, in a short one."""
    inside = home / "run"
    if len(os.fsencode(inside)) < 80:
        return inside
    return Path(tempfile.gettempdir()) / f"vmo-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"


def database_url(home: Path) -> str:
    return f"postgresql://vmo@{quote(str(socket_dir(home)), safe='')}/vmo"


def redis_url(home: Path) -> str:
    return f"unix://{socket_dir(home) / 'redis.sock'}?db=0"


def celery_url(url: str) -> str:
    """The same Redis as Celery spells it."""
    return (
        "redis+socket" + url.removeprefix("unix").replace("?db=", "?virtual_host=") if url.startswith("unix:") else url
    )


def secret_key(home: Path) -> str:
    """The portal's own secret key, made once and kept in its home, readable by nobody else."""
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()
