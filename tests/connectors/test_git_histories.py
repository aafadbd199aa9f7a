"""Three real histories through `connect` and `sync`, against what plain git counts."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import call_command

from connectors import actions
from connectors.models import SyncRun
from core.models import JobState
from metrics.measurement import Window
from metrics.models import Change, Commit, Deployment, Source
from metrics.queries import measure
from portfolio.queries import team_scope
from tests.conftest import Worker
from tests.connectors.cast import git, git_source, rebuilt, sync_now, team
from tests.waiting import until

HISTORIES = {"okr": "*", "healthchecks": "v*", "Lighthouse": "v*"}


class Release(NamedTuple):
    """A tag: when it was made, and the commit behind it."""

    at: int
    name: str
    sha: str


def releases(repo: Path, pattern: str) -> list[Release]:
    """The tags by the time they were made, as git lists them."""
    form = "%(taggerdate:unix) %(refname:strip=2) %(*objectname)"
    lines = git(repo, "for-each-ref", f"--format={form}", f"refs/tags/{pattern}").splitlines()
    return sorted(Release(int(at), name, sha) for at, name, sha in (line.split() for line in lines))


def changes(repo: Path, tags: list[Release]) -> Iterator[tuple[str, str, int]]:
    """(tag, commit, seconds from authored to tagged) by ranges of git: each commit with the first tag that has it."""
    seen = set(git(repo, "rev-list", tags[0].sha).split())
    for before, tag in pairwise(tags):
        listed = git(repo, "log", "--no-merges", "--format=%H %at", f"{before.sha}..{tag.sha}").splitlines()
        for sha, authored in (line.split() for line in listed):
            if sha not in seen:
                seen.add(sha)
                yield tag.name, sha, tag.at - int(authored)


def nearest_rank(values: list[int]) -> int:
    return sorted(values)[(len(values) + 1) // 2 - 1]


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(HISTORIES))
def test_a_history_by_command(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo, owner = rebuilt(tmp_path, name), team()
    pattern = HISTORIES[name]
    call_command("connect", "git", f"url={repo}", f"deployment_tags={pattern}", "--name", name, "--team", owner.slug)
    call_command("sync", name)
    tags = releases(repo, pattern)
    count = int(git(repo, "rev-list", "--count", "--all"))
    assert f"read {count + len(tags)}, written {count + len(tags)}, unchanged 0" in capsys.readouterr().out
    assert Commit.objects.count() == count
    deployed = Deployment.objects.order_by("finished_at", "external_id").values_list("external_id", "sha")
    assert set(deployed) == {(tag.name, tag.sha) for tag in tags}

    expected = list(changes(repo, tags))
    stored = Change.objects.values_list("deployment__external_id", "commit__external_id")
    assert sorted(stored) == sorted((tag, sha) for tag, sha, _ in expected)

    first, last = (datetime.fromtimestamp(tags[end].at, UTC).date() for end in (0, -1))
    window = Window(first, last)
    scope = team_scope(owner)
    as_of = datetime.combine(last, time.max, UTC)
    lead = measure("change_lead_time", scope, window, as_of)
    assert (lead.n, lead.value) == (len(expected), nearest_rank([seconds for _, _, seconds in expected]))
    often = measure("deployment_frequency", scope, window, as_of)
    assert often.parts["deployments"] == len(tags)
    assert often.value == pytest.approx(len(tags) / ((last - first).days + 1))

    call_command("sync", name)
    assert "written 0" in capsys.readouterr().out
    call_command("sync", name, "--full")
    assert f"written 0, unchanged {count + len(tags)}" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_history_by_a_worker_as_the_page_asks_for_it(tmp_path: Path, worker: Worker) -> None:
    repo = rebuilt(tmp_path, "healthchecks")
    source = git_source(repo, team())
    run = actions.request_sync(actor=None, source=source)

    def is_over() -> bool:
        run.refresh_from_db()
        return run.is_over

    until(is_over, seconds=60, what="the end of the sync")
    assert run.state == JobState.SUCCEEDED
    assert Commit.objects.count() == int(git(repo, "rev-list", "--count", "--all"))
    assert Change.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("full", [False, True])
def test_what_git_takes_back_goes_and_figures_follow(tmp_path: Path, full: bool) -> None:
    """After a forced push, a deleted and a moved tag, the facts are those of a fresh source."""
    repo = rebuilt(tmp_path, "okr")
    owner = team()
    source = git_source(repo, owner, deployment_tags="*")
    sync_now(source)
    tags = releases(repo, "*")
    git(repo, "tag", "-d", tags[1].name)
    git(repo, "tag", "-f", tags[2].name, "main~3")
    git(repo, "update-ref", "refs/heads/main", "main~2")
    run = sync_now(source, full=full)
    assert run.state == JobState.SUCCEEDED
    afresh = git_source(repo, owner, "Afresh", deployment_tags="*")
    sync_now(afresh)
    for kind, fields in ((Commit, ("external_id", "authored_at")), (Deployment, ("external_id", "sha", "finished_at"))):
        rows = [sorted(kind._default_manager.filter(source=s).values_list(*fields), key=str) for s in (source, afresh)]
        assert rows[0] == rows[1]
    assert changes_of(source) == changes_of(afresh)


def changes_of(source: Source) -> set[tuple[str, str]]:
    pairs = Change.objects.filter(deployment__source=source)
    return set(pairs.values_list("deployment__external_id", "commit__external_id"))


@pytest.mark.django_db
def test_a_changed_rule_leaves_only_its_deployments(tmp_path: Path) -> None:
    repo = rebuilt(tmp_path, "healthchecks")
    source = git_source(repo, team(), deployment_tags="v1.*")
    sync_now(source)
    before = Deployment.objects.count()
    source = actions.change_settings(actor=None, source=source, settings={"deployment_tags": "v3.*"})
    assert not Deployment.objects.exists()
    run = sync_now(source)
    after = set(Deployment.objects.values_list("external_id", flat=True))
    assert after == {tag.name for tag in releases(repo, "v3.*")}
    assert 0 < len(after) != before
    assert run.unchanged == Commit.objects.count()
    assert SyncRun.objects.count() == 2
