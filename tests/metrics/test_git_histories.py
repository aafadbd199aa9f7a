"""Delivery of three real histories, against a count by plain git: ranges by `git rev-list`, times by `git log`."""

import statistics
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

from connectors import actions
from metrics import queries
from metrics.measurement import Window
from metrics.models import Change
from portfolio.models import Team
from portfolio.queries import team_scope
from tests.connectors.cast import SHARED, sync_now, team

pytestmark = pytest.mark.django_db

HISTORIES = {"healthchecks": "v*", "okr": "*", "Lighthouse": "v*"}
IMPORT = SHARED / "tools" / "git_history_import.py"
LATER = datetime(2028, 1, 1, tzinfo=UTC)


def rebuild(name: str, folder: Path) -> Path:
    rows = SHARED / "data" / "git-histories" / f"{name}.tsv"
    if not (rows.exists() and IMPORT.exists()):
        pytest.skip(f"the history {name} is not here: {rows} or {IMPORT} is missing")
    repo = folder / f"{name}.git"
    subprocess.run([sys.executable, str(IMPORT), str(rows), str(repo)], check=True)
    return repo


class Plain:
    """The same figures by git commands and plain Python, sharing nothing with the formulas."""

    def __init__(self, repo: Path, pattern: str) -> None:
        self.repo = repo
        lines = self.git("for-each-ref", "--format=%(creatordate:unix) %(refname:short)", "refs/tags").splitlines()
        named = [(int(at), name) for at, name in (line.split(" ", 1) for line in lines) if fnmatch(name, pattern)]
        self.tags = sorted(named)
        self.deployed = {tag: (at, self.git("rev-parse", f"{tag}^{{commit}}").strip()) for at, tag in self.tags}
        log = self.git("log", "--all", "--format=%H %at").splitlines()
        self.authored = {sha: int(at) for sha, at in map(str.split, log)}

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.repo), *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    def changes(self) -> dict[str, str]:
        """Non-merge commit → tag, by the ranges of consecutive tags; the first range that holds it counts."""
        names = [tag for _, tag in self.tags]
        before_tracking = set(self.git("rev-list", names[0]).split())
        found: dict[str, str] = {}
        for before, tag in pairwise(names):
            for sha in self.git("rev-list", "--no-merges", tag, f"^{before}").split():
                if sha not in before_tracking:
                    found.setdefault(sha, tag)
        return found

    def lead_times(self, inside: Callable[[int], bool]) -> list[int]:
        """Seconds from authoring to the tag, of the changes whose tag lies inside, sorted."""
        pairs = ((sha, self.deployed[tag][0]) for sha, tag in self.changes().items())
        return sorted(at - self.authored[sha] for sha, at in pairs if inside(at))


def synced(owner: Team, repo: Path, pattern: str) -> None:
    settings = {"url": str(repo), "deployment_tags": pattern}
    source = actions.connect(actor=None, tool="git", name=repo.stem, team=owner, settings=settings)
    first, second = sync_now(source), sync_now(source)
    assert (first.state, first.rejected, second.written) == ("succeeded", 0, 0)


def year(number: int) -> tuple[Window, Callable[[int], bool]]:
    low, high = (int(datetime(n, 1, 1, tzinfo=UTC).timestamp()) for n in (number, number + 1))
    return Window(date(number, 1, 1), date(number, 12, 31)), lambda at: low <= at < high


@pytest.mark.parametrize("name", HISTORIES)
def test_figures_agree_with_plain_git(name: str, tmp_path: Path) -> None:
    repo = rebuild(name, tmp_path)
    owner = team()
    synced(owner, repo, HISTORIES[name])
    plain = Plain(repo, HISTORIES[name])
    expected = plain.changes()
    found = dict(Change.objects.values_list("commit__external_id", "deployment__external_id"))
    assert found == expected
    assert len(found) > 100
    scope = team_scope(owner)
    for number in sorted({datetime.fromtimestamp(at, UTC).year for at, _ in plain.tags}):
        window, inside = year(number)
        frequency = queries.measure("deployment_frequency", scope, window, LATER)
        deployed = [at for at, _ in plain.tags if inside(at)]
        assert frequency.parts["deployments"] == len(deployed)
        assert frequency.value == len(deployed) / window.days
        days = {datetime.fromtimestamp(at, UTC).date() for at in deployed}
        assert frequency.parts["share_of_days"] == len(days) / window.days
        lead = queries.measure("change_lead_time", scope, window, LATER)
        times = plain.lead_times(inside)
        assert lead.n == len(times)
        assert lead.value == (statistics.median_low(times) if times else None)
