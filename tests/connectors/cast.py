"""Small sources of each kind, for the tests of syncs: files and repositories made on the spot."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors import actions, sync
from connectors.models import SyncRun
from connectors.protocol import Batch, Connector, Context
from connectors.registry import CONNECTORS
from core import jobs
from metrics.models import Commit, Deployment, PullRequest, Source, Transition, WorkItem
from portfolio import actions as portfolio
from portfolio.models import Team

SHARED = Path(__file__).resolve().parents[3] / "shared"
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
CHANGES = ("key", "at", "from", "to", "created")


def team(slug: str = "falcon") -> Team:
    stream = portfolio.create_stream(actor=None, name=f"Stream of {slug}", slug=f"stream-{slug}")
    return portfolio.create_team(actor=None, stream=stream, name=slug.capitalize(), slug=slug)


def connector(tool: str, folder: Path, zone: str = "UTC", **settings: str) -> Connector:
    """A connector on its own, without a database."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = CONNECTORS[tool]
    values = {field.name: field.default for field in kind.fields} | settings
    return kind(values, Context("test", folder, ZoneInfo(zone), NOW))


def rows_of(batches: Iterable[Batch], kind: type) -> list[Any]:
    return [row for batch in batches for row in batch.rows if isinstance(row, kind)]


def sync_now(source: Source, *, full: bool = False) -> SyncRun:
    """A sync in this process, to its end."""
    run = actions.request_sync(actor=None, source=source, full=full, enqueue=False)
    claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
    assert claimed is not None
    sync.execute(claimed)
    claimed.refresh_from_db()
    return claimed


def write_changes(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = CHANGES) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def many_changes(items: int) -> Iterator[Sequence[str]]:
    """Items that are started on one day and done on the next."""
    first = datetime(2025, 1, 1, 9, tzinfo=UTC)
    for n in range(items):
        day = first + timedelta(hours=n % 2000)
        later = day + timedelta(days=1)
        yield f"A-{n}", day.isoformat(), "Open", "Doing", first.isoformat()
        yield f"A-{n}", later.isoformat(), "Doing", "Done", first.isoformat()


STATUSES = {"Open": "backlog", "Doing": "active", "Done": "done"}


def csv_source(path: Path, owner: Team, name: str = "Board", **settings: str) -> Source:
    return actions.connect(
        actor=None,
        tool="csv",
        name=name,
        team=owner,
        settings={"path": str(path), **settings},
        statuses=STATUSES,
        schedule_minutes=15,
    )


def git(repo: Path, *arguments: str, at: int = 1_700_000_000) -> str:
    """git in `repo`, as a person of no importance, at a time of the test's choosing."""
    who = {"NAME": "Somebody", "EMAIL": "somebody@example.com", "DATE": f"{at} +0000"}
    env = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in who.items()}
    env |= {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(repo)}
    done = subprocess.run(["git", "-C", str(repo), *arguments], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(repo: Path, message: str, *, at: int = 1_700_000_000) -> str:
    git(repo, "commit", "-q", "--allow-empty", "-m", message, at=at)
    return git(repo, "rev-parse", "HEAD")


def repository(path: Path) -> Path:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    return path


def rebuilt(folder: Path, name: str) -> Path:
    """One of the real histories as a bare repository; the test is skipped where they are not."""
    folder.mkdir(exist_ok=True)
    repo = folder / f"{name}.git"
    history = shared("data", "git-histories", f"{name}.tsv")
    tool = shared("tools", "git_history_import.py")
    subprocess.run([sys.executable, str(tool), str(history), str(repo)], check=True)
    return repo


def git_source(repo: Path, owner: Team, name: str = "Code", **settings: str) -> Source:
    return actions.connect(
        actor=None,
        tool="git",
        name=name,
        team=owner,
        settings={"url": str(repo), "deployment_tags": "v*", **settings},
    )


def shared(*parts: str) -> Path:
    """A file of the real data beside the project; the test is skipped where there is none."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data at {path}")
    return path


def items_of(source: Source) -> list[tuple[Any, ...]]:
    fields = ("external_id", "key", "title", "status__name", "created_at", "deleted_at")
    return list(WorkItem.objects.filter(source=source).order_by("external_id").values_list(*fields))


def transitions_of(source: Source) -> list[tuple[Any, ...]]:
    fields = ("external_id", "item__external_id", "at", "from_status__name", "to_status__name")
    return list(Transition.objects.filter(source=source).order_by("external_id").values_list(*fields))


def delivery_of(source: Source) -> list[list[tuple[Any, ...]]]:
    """All commits, pull requests and deployments of a source, without their primary keys."""
    return [
        list(
            kind._default_manager.filter(source=source)
            .order_by("external_id")
            .values_list(*(f.name for f in kind._meta.concrete_fields if f.name not in {"id", "source", "service"}))
        )
        for kind in (Commit, PullRequest, Deployment)
    ]
