"""From a stored source, or from settings in a form, to a connector that is ready to be asked."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from connectors import rules
from connectors.protocol import Connector, ConnectorError, Context
from connectors.registry import CONNECTORS
from core import secrets
from metrics.models import Source
from portfolio.models import Team


def _context(slug: str, workdir: Path, team: Team) -> Context:
    return Context(
        slug=slug,
        workdir=workdir,
        zone=team.zone,
        now=timezone.now(),
        allow_private=settings.CONNECTORS_ALLOW_PRIVATE,
        allow_local=settings.CONNECTORS_ALLOW_LOCAL,
        home=Path(settings.VMO_HOME),
    )


def secrets_of(source: Source) -> dict[str, str]:
    """The source's secret settings. Raises ConnectorError when the SECRET_KEY they were sealed with is gone."""
    try:
        return secrets.unseal(source.secrets)
    except secrets.SealBroken as error:
        raise ConnectorError(
            "The stored secrets cannot be opened with this SECRET_KEY: give the token or password again.",
            permanent=True,
        ) from error


def workdir_of(source: Source) -> Path:
    """Where the source's connector keeps what it needs between syncs (a mirror clone)."""
    return Path(settings.VMO_HOME) / "work" / f"{source.pk}-{source.slug}"


def connector_of(source: Source) -> Connector:
    """The source's connector. Raises ConnectorError for secrets or settings that are no good any more."""
    if source.tool not in CONNECTORS:
        raise ConnectorError(f"This portal has no connector for “{source.tool}”.", permanent=True)
    workdir = workdir_of(source)
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    tool = rules.connector(source.tool)
    defaults = {field.name: field.default for field in tool.fields}
    return tool({**defaults, **source.settings, **secrets_of(source)}, _context(source.slug, workdir, source.team))


@contextmanager
def opened(tool: str, values: Mapping[str, str], team: Team) -> Iterator[Connector]:
    """A connector for settings that are not stored, with a workdir that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="vmo-preview-") as folder:
        yield rules.connector(tool)(values, _context("preview", Path(folder), team))
