"""manage.py team, connect and sync."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connectors import sync
from connectors.models import SyncRun
from core.models import AuditEntry, JobState
from metrics.models import Source, Status, WorkItem
from portfolio.models import Team, ValueStream
from tests.connectors.cast import many_changes, team, write_changes

pytestmark = pytest.mark.django_db
Out = pytest.CaptureFixture[str]

ROWS = [("A-1", "2025-01-02T09:00Z", "Open", "Done", "2025-01-01"), ("A-2", "never", "Open", "Done", "2025-01-01")]


def test_a_team_on_an_empty_portal_makes_its_stream(capsys: Out) -> None:
    call_command("team", "add", "falcon", "--stream", "card-payments", "--timezone", "Europe/Berlin")
    stream, made = ValueStream.objects.get(), Team.objects.get()
    assert (stream.slug, stream.name) == ("card-payments", "Card payments")
    assert (made.slug, made.name, made.timezone, made.stream) == ("falcon", "Falcon", "Europe/Berlin", stream)
    assert "Added the value stream Card payments" in capsys.readouterr().out
    call_command("team", "add", "heron", "--stream", "card-payments", "--name", "The herons")
    assert ValueStream.objects.count() == 1
    assert Team.objects.get(slug="heron").name == "The herons"


@pytest.mark.parametrize("wrong", [["falcon", "--timezone", "Mars/Crater"], ["a team"]])
def test_a_wrong_team_is_refused_in_words(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=r"time zone|slug"):
        call_command("team", "add", *wrong, "--stream", "payments")
    assert not Team.objects.exists()


def test_connect_and_sync_as_the_manual_says(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    team()
    write_changes(tmp_path / "a.csv", ROWS, ("key", "at", "from_status", "to_status", "created"))
    monkeypatch.chdir(tmp_path)
    call_command(
        *["connect", "csv", "--name", "Reviews", "--team", "falcon", "path=a.csv", "key=key", "at=at"],
        *["from=from_status", "to=to_status", "created=created", "status.Open=backlog", "status.Done=done"],
    )
    source = Source.objects.get()
    assert source.settings["path"] == str(tmp_path / "a.csv")
    assert "Connected Reviews: 1 items with 1 changes" in capsys.readouterr().out
    call_command("sync", "Reviews")
    told = capsys.readouterr().out
    assert "Rejected line 3: “never”" in told
    assert "Reviews: read 5, written 4, unchanged 0, rejected 1, deleted 0" in told
    states = list(Status.objects.order_by("position").values_list("name", "state", "is_chosen"))
    assert states == [("Open", "backlog", True), ("Done", "done", True)]
    call_command("sync", "reviews", "--full")
    assert "written 0, unchanged 4, rejected 1" in capsys.readouterr().out


def test_columns_with_dates_by_key_and_value(tmp_path: Path) -> None:
    team()
    path = write_changes(tmp_path / "a.csv", [("A-1", "2025-01-02", "2025-01-03")], ("key", "Started", "Ended"))
    settings = [f"path={path}", "column.Doing=Started", "column.Done=Ended", "type.Story=feature", "status.Done=done"]
    options = ["--name", "Dates", "--team", "falcon", "--schedule", "0"]
    call_command("connect", "csv", *settings[:2], *options, *settings[2:])
    call_command("sync", "Dates")
    assert WorkItem.objects.get().status == Status.objects.get(name="Done")
    assert Source.objects.get().type_mapping == {"story": "feature"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["svn"], "There is no connector “svn”"),
        (["csv"], "path: This is needed"),
        (["csv", "path=/no/such.csv"], "cannot be read"),
        (["csv", "path"], "not of the form key=value"),
        (["csv", "path=/no/such.csv", "colour=red"], "csv has no setting “colour”"),
        (["git", "url=/no/such/repo"], "There is no folder /no/such/repo"),
    ],
)
def test_connect_says_what_is_wrong(arguments: list[str], message: str) -> None:
    team()
    with pytest.raises(CommandError, match=message):
        call_command("connect", *arguments, "--name", "X", "--team", "falcon")
    assert not Source.objects.exists()


def test_wrong_states_and_unknown_teams(tmp_path: Path) -> None:
    team()
    path = write_changes(tmp_path / "a.csv", ROWS)
    with pytest.raises(CommandError, match="“finished” is not one of"):
        call_command("connect", "csv", f"path={path}", "status.Done=finished", "--name", "X", "--team", "falcon")
    with pytest.raises(CommandError, match="There is no team “hawk”; there are: falcon"):
        call_command("connect", "csv", f"path={path}", "--name", "X", "--team", "hawk")


def test_a_sync_that_fails_says_so_and_ends_with_1(tmp_path: Path) -> None:
    team()
    path = write_changes(tmp_path / "a.csv", ROWS)
    call_command("connect", "csv", f"path={path}", "--name", "X", "--team", "falcon")
    path.unlink()
    with pytest.raises(CommandError, match="cannot be read") as caught:
        call_command("sync", "X")
    assert caught.value.returncode == 1
    assert SyncRun.objects.get().state == JobState.FAILED
    with pytest.raises(CommandError, match="There is no source “Y”; there are: x"):
        call_command("sync", "Y")


class Impatient(StringIO):
    """A screen in front of which somebody presses Ctrl-C as soon as items are read."""

    def write(self, text: str) -> int:
        if "Reading items" in text:
            raise KeyboardInterrupt
        return super().write(text)


def test_ctrl_c_gives_the_run_back_and_the_next_sync_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "PUBLISH_EVERY", 0.0)
    team()
    path = write_changes(tmp_path / "a.csv", many_changes(450))
    call_command("connect", "csv", f"path={path}", "--name", "X", "--team", "falcon")
    with pytest.raises(KeyboardInterrupt):
        call_command("sync", "X", stdout=Impatient())
    assert SyncRun.objects.get().state == JobState.QUEUED
    call_command("sync", "X")
    run = SyncRun.objects.get()
    assert (run.state, run.attempts, run.written) == (JobState.SUCCEEDED, 2, 3 + 450 + 900)


def test_what_commands_do_is_in_the_audit_trail(tmp_path: Path) -> None:
    call_command("team", "add", "falcon", "--stream", "payments")
    path = write_changes(tmp_path / "a.csv", ROWS)
    call_command("connect", "csv", f"path={path}", "--name", "X", "--team", "falcon")
    call_command("sync", "X")
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["created", "created", "connected", "requested sync"]


def test_statuses_and_types_may_have_an_equals_sign_in_their_names(tmp_path: Path) -> None:
    team()
    rows = [("A-1", "2025-01-02T09:00Z", "Ready = yes", "Done", "Bug=prod")]
    write_changes(tmp_path / "a.csv", rows, ("key", "at", "from", "to", "type"))
    call_command(
        *["connect", "csv", "--name", "Reviews", "--team", "falcon", f"path={tmp_path / 'a.csv'}"],
        *["status.Ready = yes=waiting", "status.Done=done", "type.Bug=prod=defect"],
    )
    call_command("sync", "Reviews")
    states = list(Status.objects.order_by("position").values_list("name", "state", "is_chosen"))
    assert states == [("Ready = yes", "waiting", True), ("Done", "done", True)]
    assert WorkItem.objects.get().kind == "defect"


def test_the_name_as_written_comes_before_a_short_name_that_looks_like_it(tmp_path: Path) -> None:
    team()
    for name, rows in (("My board", ROWS[:1]), ("my-board", ROWS)):
        path = write_changes(tmp_path / f"{len(rows)}.csv", rows, ("key", "at", "from_status", "to_status", "created"))
        call_command("connect", "csv", "--name", name, "--team", "falcon", f"path={path}", "status.Open=backlog")
    call_command("sync", "my-board")
    assert SyncRun.objects.get().source.name == "my-board"
