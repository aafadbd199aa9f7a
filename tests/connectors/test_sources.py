"""What people do with sources: their settings and secrets, their mapping, their end."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accounts.models import User
from connectors import actions, forms, rules, sync
from connectors.models import SyncRun
from connectors.opening import secrets_of
from connectors.protocol import ConnectorError
from core import jobs, live
from core.models import AuditEntry
from metrics.models import FlowDay, ItemFlow, Source, WorkItem
from portfolio.models import Grant
from tests.connectors.cast import (
    csv_source,
    git_source,
    sync_now,
    team,
    write_changes,
)

pytestmark = pytest.mark.django_db

ONE = [
    ("A-1", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01"),
    ("A-1", "2025-01-03T09:00Z", "Doing", "Done", "2025-01-01"),
]


def test_secrets_are_encrypted_and_appear_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    source = git_source(repo, team(), token="s3cret-token", username="robot")
    sync_now(source)
    source.refresh_from_db()
    assert b"s3cret-token" not in bytes(source.secrets)
    assert "token" not in source.settings
    assert secrets_of(source) == {"token": "s3cret-token"}
    told = [str(entry.data) for entry in AuditEntry.objects.all()] + [run.error for run in SyncRun.objects.all()]
    assert "s3cret-token" not in "\n".join([*told, caplog.text, str(source.settings)])


def test_an_empty_secret_keeps_the_stored_one(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    source = git_source(repo, team(), token="s3cret-token")
    source = actions.change_settings(actor=None, source=source, settings={"token": "", "username": "robot"})
    assert secrets_of(source) == {"token": "s3cret-token"}
    assert source.settings["username"] == "robot"


def press_test(*, source: Source, **asked: Any) -> object:
    """The form's other button, with the source's own tool and team."""
    return actions.test_connection(source=source, tool=source.tool, team=source.team, **asked)


@pytest.mark.parametrize("do", [actions.change_settings, press_test])
@pytest.mark.parametrize("url", ["https://elsewhere.example/x.git", "http://code.example/x.git", "elsewhere:x.git"])
def test_a_stored_secret_goes_to_no_other_server(do: Callable[..., object], url: str) -> None:
    settings = {"url": "https://code.example/x.git", "token": "s3cret-token"}
    source = actions.connect(actor=None, tool="git", name="Code", team=team(), settings=settings)
    with pytest.raises(ValidationError) as caught:
        do(actor=None, source=source, settings={"url": url, "token": ""})
    assert caught.value.message_dict == {"token": ["The address leads to another server: give this again."]}
    source.refresh_from_db()
    assert source.settings["url"] == "https://code.example/x.git"


def test_another_repository_of_the_same_server_keeps_the_secret() -> None:
    settings = {"url": "https://code.example/x.git", "token": "s3cret-token"}
    source = actions.connect(actor=None, tool="git", name="Code", team=team(), settings=settings)
    source = actions.change_settings(actor=None, source=source, settings={"url": "https://CODE.example/y.git"})
    assert secrets_of(source) == {"token": "s3cret-token"}
    moved = {"url": "https://elsewhere.example/y.git", "token": "another-token"}
    assert secrets_of(actions.change_settings(actor=None, source=source, settings=moved)) == {"token": "another-token"}


@pytest.mark.parametrize(
    ("tool", "url"),
    [
        ("git", "https://robot:s3cret@code.example/x.git"),
        ("git", "https://s3cret@code.example/x.git"),
        ("git", "ssh://robot:s3cret@code.example/x.git"),
        ("github", "https://s3cret@github.example"),
        ("jira", "https://robot:s3cret@jira.example"),
        ("jira", "https://[jira.example"),
    ],
)
def test_an_address_with_a_password_is_not_kept(tool: str, url: str) -> None:
    settings = {"url": url, **({"repository": "a/b"} if tool == "github" else {})}
    with pytest.raises(ValidationError) as caught:
        actions.connect(actor=None, tool=tool, name="Code", team=team(), settings=settings)
    assert list(caught.value.message_dict) == ["url"]
    assert not Source.objects.exists()


@pytest.mark.parametrize("place", ["secret_key", "uploads/../secret_key", "work/1-other/mirror.git", "link"])
@pytest.mark.parametrize(("tool", "name"), [("csv", "path"), ("git", "url"), ("jira", "ca_file")])
def test_the_portal_s_own_files_are_no_source(
    place: str, tool: str, name: str, tmp_path: Path, settings: Settings
) -> None:
    settings.VMO_HOME = tmp_path / "home"
    (tmp_path / "home/work/1-other/mirror.git").mkdir(parents=True)
    (tmp_path / "home/secret_key").write_text("key,at,to\n")
    (tmp_path / "home/link").symlink_to("/proc/self/environ")
    given = ({"url": "https://localhost:1", "project": "PAY"} if tool == "jira" else {}) | {
        name: str(tmp_path / "home" / place)
    }
    with pytest.raises(ConnectorError, match=r"own folder|machine.s system") as caught:
        actions.test_connection(actor=None, tool=tool, settings=given, team=team())
    assert (caught.value.field, caught.value.permanent) == (name, True)


def test_an_uploaded_file_may_be_read_where_others_may_not(tmp_path: Path, settings: Settings) -> None:
    settings.VMO_HOME, settings.CONNECTORS_ALLOW_LOCAL = tmp_path, False
    (tmp_path / "uploads").mkdir()
    owner, given = team(), {"path": str(write_changes(tmp_path / "uploads" / "a.csv", ONE))}
    check = actions.test_connection(actor=None, tool="csv", settings=given, team=owner)
    assert check.summary.startswith("1 items with 2 changes")
    given = {"path": str(write_changes(tmp_path / "b.csv", ONE))}
    with pytest.raises(ConnectorError, match="CONNECTORS_ALLOW_LOCAL"):
        actions.test_connection(actor=None, tool="csv", settings=given, team=owner)


def test_an_upload_stays_while_any_setting_names_it(tmp_path: Path, settings: Settings) -> None:
    settings.VMO_HOME = tmp_path
    used, left = (forms.keep_upload(SimpleUploadedFile("ca.pem", b"x")) for _ in range(2))
    given = {"url": "https://jira.example", "ca_file": str(used)}
    actions.connect(actor=None, tool="jira", name="Jira", team=team(), settings=given)
    for path in (used, left):
        os.utime(path, (0, 0))
    forms.keep_upload(SimpleUploadedFile("more.csv", b"x"))
    assert (used.exists(), left.exists()) == (True, False)


def test_a_changed_rule_makes_the_next_sync_full(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    sync_now(source)
    source = actions.change_settings(actor=None, source=source, settings={"zone": "Asia/Tokyo"})
    assert source.cursor is None
    assert sync_now(source).read == 6
    # Midnight of New Year's Day in Tokyo.
    assert str(WorkItem.objects.get().created_at) == "2024-12-31 15:00:00+00:00"


def test_changing_only_the_name_keeps_the_cursor(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    sync_now(source)
    source = actions.change_settings(actor=None, source=source, name="Other", schedule_minutes=60)
    assert source.cursor is not None
    assert (source.name, source.schedule_minutes) == ("Other", 60)


def test_deleting_a_source_says_what_goes_and_takes_it(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    sync_now(source)
    expected = {"transitions": 2, "work items": 1, "statuss": 3}
    told = actions.what_goes(source)
    assert sorted(told.values()) == sorted(expected.values())
    assert actions.delete_source(actor=None, source=source) == told
    assert not WorkItem.objects.exists()
    assert not FlowDay.objects.exists()
    assert not Source.objects.exists()


def test_remapping_derives_again_without_reading(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    sync_now(source)
    states = {"Open": "backlog", "Doing": "done", "Done": "done"}
    pairs = [(status.pk, states[status.name]) for status in source.statuses.all()]
    actions.map_statuses(actor=None, source=source, states=pairs)
    sync.derive_all(source.pk)
    flow = ItemFlow.objects.get()
    assert flow.finished_at is not None
    assert str(flow.finished_at) == "2025-01-02 09:00:00+00:00"
    assert sync.underived() == []


def test_a_mapping_that_changes_during_a_sync_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "PUBLISH_EVERY", 0.0)
    path = write_changes(tmp_path / "a.csv", ONE)
    source = csv_source(path, team())
    sync_now(source)
    write_changes(path, [*ONE, ("A-2", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01")])
    run = actions.request_sync(actor=None, source=source, enqueue=False)
    claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
    assert claimed is not None

    def remap(seen: SyncRun) -> None:
        if not seen.is_over and WorkItem.objects.count() == 2:
            pairs = [(status.pk, "backlog") for status in source.statuses.all()]
            actions.map_statuses(actor=None, source=source, states=pairs)

    sync.execute(claimed, remap)
    assert set(ItemFlow.objects.values_list("state", flat=True)) == {"backlog"}


def test_who_may_follow_a_run(tmp_path: Path) -> None:
    run = sync_now(csv_source(write_changes(tmp_path / "a.csv", ONE), team()))
    insider, outsider = (User.objects.create_user(f"{n}@example.com", name=n) for n in ("insider", "outsider"))
    Grant.objects.create(user=insider, role="viewer", team=run.source.team)
    assert live.may_listen(insider, f"sync:{run.pk}")
    assert not live.may_listen(outsider, f"sync:{run.pk}")
    assert not live.may_listen(insider, "sync:x")


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [("Ledger API", set(), "ledger-api"), ("Ledger API", {"ledger-api"}, "ledger-api-2"), ("Add", set(), "add-2")],
)
def test_the_short_name_of_a_source_is_its_own(name: str, taken: set[str], slug: str) -> None:
    assert rules.slug_for(name, taken) == slug
