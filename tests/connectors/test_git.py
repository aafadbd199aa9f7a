"""The git connector by itself: what a repository becomes, and what changes of it become."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.git import address
from connectors.protocol import Batch, ConnectorError, Cursor, Gone
from metrics.rows import CommitRow, DeploymentRow, PullRequestRow
from tests.connectors.cast import commit, connector, git, rebuilt, repository, rows_of

DAY = 86_400
START = 1_700_000_000


def pull(folder: Path, repo: Path, cursor: Cursor | None = None, **settings: str) -> list[Batch]:
    given = {"url": str(repo), "deployment_tags": "v*", **settings}
    return list(connector("git", folder / "work", **given).pull(cursor))


def gone(batches: list[Batch]) -> list[Gone]:
    return [fact for batch in batches for fact in batch.gone]


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_commits_come_with_their_times_and_parents(tmp_path: Path, repo: Path) -> None:
    first = commit(repo, "one", at=START)
    second = commit(repo, "two", at=START + DAY)
    rows = rows_of(pull(tmp_path, repo), CommitRow)
    assert rows == [
        CommitRow(first, moment(START), moment(START), ()),
        CommitRow(second, moment(START + DAY), moment(START + DAY), (first,)),
    ]


def test_a_second_read_brings_nothing(tmp_path: Path, repo: Path) -> None:
    commit(repo, "one")
    git(repo, "tag", "v1")
    first = pull(tmp_path, repo)
    second = pull(tmp_path, repo, first[-1].cursor)
    assert [row for batch in second for row in batch.rows] == []
    assert second[-1].cursor == first[-1].cursor


def test_only_what_is_new_is_read(tmp_path: Path, repo: Path) -> None:
    commit(repo, "one")
    cursor = pull(tmp_path, repo)[-1].cursor
    new = commit(repo, "two")
    assert [row.external_id for row in rows_of(pull(tmp_path, repo, cursor), CommitRow)] == [new]


def test_a_deployment_finishes_when_its_tag_was_made(tmp_path: Path, repo: Path) -> None:
    sha = commit(repo, "one", at=START)
    git(repo, "tag", "-a", "v1", "-m", "first", at=START + DAY)
    git(repo, "tag", "v2-light")
    git(repo, "tag", "other")
    rows = {row.external_id: row for row in rows_of(pull(tmp_path, repo), DeploymentRow)}
    assert set(rows) == {"v1", "v2-light"}
    assert (rows["v1"].sha, rows["v1"].finished_at) == (sha, moment(START + DAY))
    assert (rows["v2-light"].sha, rows["v2-light"].finished_at) == (sha, moment(START))
    assert rows["v1"].is_production
    assert rows["v1"].environment == "production"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", set()),
        ("v*", {"v1", "v1-hotfix"}),
        ("release-*, v1", {"release-7", "v1"}),
        ("*", {"v1", "v1-hotfix", "release-7"}),
    ],
)
def test_which_tags_are_deployments_is_the_rule_s(tmp_path: Path, repo: Path, rule: str, expected: set[str]) -> None:
    commit(repo, "one")
    for tag in ("v1", "v1-hotfix", "release-7"):
        git(repo, "tag", tag)
    rows = rows_of(pull(tmp_path, repo, deployment_tags=rule), DeploymentRow)
    assert {row.external_id for row in rows} == expected


def test_hotfix_tags_are_unplanned(tmp_path: Path, repo: Path) -> None:
    commit(repo, "one")
    git(repo, "tag", "v1")
    git(repo, "tag", "v1-hotfix")
    rows = rows_of(pull(tmp_path, repo, hotfix_tags="*-hotfix"), DeploymentRow)
    assert {row.external_id: row.is_unplanned for row in rows} == {"v1": False, "v1-hotfix": True}


def test_a_tag_of_a_tag_leads_to_the_commit_and_one_of_a_file_is_rejected(tmp_path: Path, repo: Path) -> None:
    sha = commit(repo, "one")
    git(repo, "tag", "-a", "v1", "-m", "inner")
    git(repo, "tag", "-a", "v2", "v1", "-m", "outer")
    (repo / "file").write_text("text")
    git(repo, "tag", "v3", git(repo, "hash-object", "-w", "file"))
    batches = pull(tmp_path, repo)
    assert {row.external_id: row.sha for row in rows_of(batches, DeploymentRow)} == {"v1": sha, "v2": sha}
    assert [bad.place for batch in batches for bad in batch.rejected] == ["tag refs/tags/v3"]


def test_a_deleted_tag_is_gone_and_a_moved_one_comes_again(tmp_path: Path, repo: Path) -> None:
    commit(repo, "one")
    for tag in ("v1", "v2"):
        git(repo, "tag", tag)
    cursor = pull(tmp_path, repo)[-1].cursor
    second = commit(repo, "two", at=START + DAY)
    git(repo, "tag", "-d", "v1")
    git(repo, "tag", "-f", "v2")
    batches = pull(tmp_path, repo, cursor)
    assert gone(batches) == [Gone("deployment", "v1")]
    moved = rows_of(batches, DeploymentRow)
    assert [(row.external_id, row.sha) for row in moved] == [("v2", second)]


def test_rewritten_history_leaves_and_comes(tmp_path: Path, repo: Path) -> None:
    kept = commit(repo, "one")
    lost = commit(repo, "two")
    cursor = pull(tmp_path, repo)[-1].cursor
    git(repo, "reset", "-q", "--hard", kept)
    new = commit(repo, "two, better")
    batches = pull(tmp_path, repo, cursor)
    assert [row.external_id for row in rows_of(batches, CommitRow)] == [new]
    assert gone(batches) == [Gone("commit", lost)]


@pytest.mark.parametrize("damage", ["vanished", "emptied", "torn", "locked"])
def test_a_damaged_copy_is_made_again(tmp_path: Path, repo: Path, damage: str) -> None:
    commit(repo, "one")
    cursor = pull(tmp_path, repo)[-1].cursor
    mirror = tmp_path / "work" / "mirror.git"
    if damage == "vanished":
        shutil.rmtree(mirror)
    elif damage == "emptied":
        shutil.rmtree(mirror / "objects")
    elif damage == "torn":
        for file in (mirror / "objects").rglob("*"):
            if file.is_file():
                file.chmod(0o600)
                file.write_bytes(b"")
    else:
        (mirror / "packed-refs.lock").touch()
        (mirror / "refs" / "heads" / "main.lock").touch()
    new = commit(repo, "two")
    rows = rows_of(pull(tmp_path, repo, cursor), CommitRow)
    assert new in {row.external_id for row in rows}


def test_a_read_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    repo = rebuilt(tmp_path, "healthchecks")
    whole = pull(tmp_path / "a", repo)
    reading = [batch for batch in whole if batch.rows]
    again = pull(tmp_path / "b", repo, reading[1].cursor)
    first = [row for batch in reading[:2] for row in batch.rows]
    rest = [row for batch in again for row in batch.rows]
    assert first + rest == [row for batch in whole for row in batch.rows]
    assert again[-1].cursor == whole[-1].cursor


def test_a_merge_on_github_is_a_pull_request_with_its_commits(tmp_path: Path, repo: Path) -> None:
    base = commit(repo, "base", at=START)
    git(repo, "checkout", "-q", "-b", "feature")
    own = [commit(repo, "work", at=START + 10), commit(repo, "more work", at=START + 20)]
    git(repo, "checkout", "-q", "main")
    commit(repo, "meanwhile", at=START + 30)
    message = "Merge pull request #12 from somebody/feature\n\nAdd a thing"
    git(repo, "merge", "-q", "--no-ff", "-m", message, "feature", at=START + 40)
    batches = pull(tmp_path, repo)
    (row,) = rows_of(batches, PullRequestRow)
    assert (row.number, row.title, row.merge_method) == ("12", "Add a thing", "merge")
    assert sorted(row.commits) == sorted(own)
    assert row.first_commit_at == moment(START + 10)
    assert row.merged_at == row.closed_at == moment(START + 40)
    assert row.opened_at is None
    assert row.merge_sha == git(repo, "rev-parse", "HEAD")
    owners = {commit.external_id: commit.pull_request for commit in rows_of(batches, CommitRow)}
    assert {owners[sha] for sha in own} == {"12"}
    assert owners[base] is None


def test_commits_that_were_read_before_their_merge_learn_of_it(tmp_path: Path, repo: Path) -> None:
    commit(repo, "base")
    git(repo, "checkout", "-q", "-b", "feature")
    own = commit(repo, "work", at=START + 10)
    git(repo, "checkout", "-q", "main")
    early = pull(tmp_path, repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge pull request #3 from somebody/feature\n\nA thing", "feature")
    late = pull(tmp_path, repo, early[-1].cursor)
    again = {row.external_id: row.pull_request for row in rows_of(late, CommitRow)}
    assert again == {own: "3", git(repo, "rev-parse", "HEAD"): None}
    (row,) = rows_of(late, PullRequestRow)
    assert row.first_commit_at == moment(START + 10)


@pytest.mark.parametrize(
    ("message", "number", "title"),
    [
        ("Add a thing (#7)", "7", "Add a thing"),
        ("Add a thing\n\nSee merge request group/project!8", "8", "Add a thing"),
        ("Merged PR 9: Add a thing", "9", "Add a thing"),
        ("Add a thing, see #7", None, None),
        ("Fix (#7) again", None, None),
    ],
)
def test_a_squash_names_its_pull_request(
    tmp_path: Path, repo: Path, message: str, number: str | None, title: str | None
) -> None:
    sha = commit(repo, message, at=START)
    rows = rows_of(pull(tmp_path, repo), PullRequestRow)
    expected = [(number, title, "squash", sha, (sha,))] if number else []
    assert [(row.number, row.title, row.merge_method, row.merge_sha, row.commits) for row in rows] == expected


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Merge branch 'feature' into 'main'\n\nAdd a thing\n\nSee merge request group/project!21", "21"),
        ("Merged in feature (pull request #22)\n\nAdd a thing", "22"),
        ("Merge branch 'feature'", None),
    ],
)
def test_merges_of_other_tools(tmp_path: Path, repo: Path, message: str, number: str | None) -> None:
    commit(repo, "base")
    git(repo, "checkout", "-q", "-b", "feature")
    own = commit(repo, "work")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", message, "feature")
    rows = rows_of(pull(tmp_path, repo), PullRequestRow)
    assert [(row.number, row.title, row.commits) for row in rows] == (
        [(number, "Add a thing", (own,))] if number else []
    )


def test_the_commits_of_merges_are_those_git_names(tmp_path: Path, repo: Path) -> None:
    """Branches from branches, merges of main into them, and a pull request inside a pull request."""
    commit(repo, "base")
    git(repo, "checkout", "-q", "-b", "outer")
    commit(repo, "outer 1")
    git(repo, "checkout", "-q", "-b", "inner")
    commit(repo, "inner 1")
    git(repo, "checkout", "-q", "main")
    commit(repo, "main 1")
    git(repo, "checkout", "-q", "outer")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge branch 'main' into outer", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge pull request #1 from x/inner\n\nInner", "inner")
    commit(repo, "outer 2")
    git(repo, "checkout", "-q", "main")
    commit(repo, "main 2")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge pull request #2 from x/outer\n\nOuter", "outer")
    rows = rows_of(pull(tmp_path, repo), PullRequestRow)
    assert {row.number for row in rows} == {"1", "2"}
    for row in rows:
        listed = git(repo, "rev-list", f"{row.merge_sha}^1..{row.merge_sha}^2").split()
        assert sorted(row.commits) == sorted(listed)


def test_bots_are_marked(tmp_path: Path, repo: Path) -> None:
    commit(repo, "by a person")
    git(repo, "commit", "-q", "--allow-empty", "-m", "bump", "--author", "renovate[bot] <bot@example.com>")
    rows = rows_of(pull(tmp_path, repo), CommitRow)
    assert [row.is_bot for row in rows] == [False, True]


def test_check_tells_what_is_there(tmp_path: Path, repo: Path) -> None:
    commit(repo, "one")
    git(repo, "tag", "v1")
    git(repo, "tag", "other")
    check = connector("git", tmp_path / "work", url=str(repo), deployment_tags="v*").check()
    assert check.summary == "1 branch and 2 tags, 1 of them deployments."
    assert check.warnings == ()
    silent = connector("git", tmp_path / "work", url=str(repo)).check()
    assert "No tag counts as a deployment" in silent.warnings[0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "git://example.com/x",
        "https://user:word@example.com/x.git",
        "relative/path",
        "/no/such/folder",
        "ftp://example.com/x",
        "https:///x",
        "https://example.com:99999/x",
        "ssh://example.com:port/x",
        "https://[example.com/x",
        "/" + "x" * 5000,
    ],
)
def test_addresses_that_are_refused_name_their_field(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector("git", tmp_path / "work", url=url).check()
    assert caught.value.field == "url"
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("git@example.com:group/project.git", "ssh"),
        ("ssh://git@example.com:2222/project.git", "ssh"),
        ("https://example.com/project.git", "https"),
        ("/srv/project.git", "file"),
        ("file:///srv/project.git", "file"),
    ],
)
def test_addresses_of_every_kind(url: str, protocol: str) -> None:
    assert address.parse(url).protocol == protocol


def test_a_folder_that_is_no_repository_says_so(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(ConnectorError, match="no repository at this address") as caught:
        connector("git", tmp_path / "work", url=str(tmp_path / "plain")).check()
    assert caught.value.permanent


def test_a_server_that_is_away_is_no_lasting_error(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector("git", tmp_path / "work", url="http://127.0.0.1:9/x.git", token="s3cret-token").check()
    assert not caught.value.permanent
    assert "s3cret-token" not in caught.value.message
