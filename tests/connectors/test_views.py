"""The pages of sources: what is typed stays, what a tool says stands at its field, a mapping is in force."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connectors import forms
from connectors.models import Rejection, SyncRun
from connectors.registry import CONNECTORS
from core.models import JobState
from metrics.models import Source, Status
from tests.cast import Cast

CSV = (
    "key,at,from,to,created\nA-1,2025-01-02T09:00Z,Open,Doing,2025-01-01\nA-1,2025-01-03T09:00Z,Doing,Done,2025-01-01\n"
)
COLUMNS = {forms.key_of(name): name for name in ("key", "at", "from", "to", "created")}


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    client.force_login(cast.pmo)
    return client


@pytest.fixture
def source(cast: Cast) -> Source:
    return Source.objects.create(
        slug="ledger", name="Ledger", tool="git", team=cast.falcon, settings={"url": "/srv/ledger.git"}
    )


def posted(cast: Cast, **fields: object) -> dict[str, object]:
    common = {"name": "Ledger", "team": cast.falcon.pk, "schedule_minutes": 15, "incident_window_hours": 24}
    return {**common, **fields}


@pytest.mark.parametrize("tool", ["git", "csv", "github", "jira"])
def test_every_setting_of_a_tool_is_in_its_form(pmo: Client, tool: str) -> None:
    html = pmo.get(f"/sources/add/{tool}/").content.decode()
    for field in CONNECTORS[tool].fields:
        assert f'name="{forms.key_of(field.name)}"' in html


def test_what_is_missing_is_said_at_the_field_and_nothing_is_stored(pmo: Client, cast: Cast) -> None:
    answer = pmo.post("/sources/add/git/", posted(cast, do="connect", **{forms.key_of("deployment_tags"): "v*"}))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in html
    assert 'value="v*"' in html
    assert not Source.objects.exists()


def test_a_typed_secret_comes_back_and_a_stored_one_never_does(pmo: Client, cast: Cast, source: Source) -> None:
    html = pmo.post("/sources/add/git/", posted(cast, do="test", **{forms.key_of("token"): "s3cret"})).content.decode()
    assert "s3cret" in html
    pmo.post(
        "/sources/ledger/settings/",
        {**posted(cast), forms.key_of("url"): "/srv/x.git", forms.key_of("token"): "s3cret", "do": "save"},
    )
    source.refresh_from_db()
    assert source.secrets
    assert "s3cret" not in pmo.get("/sources/ledger/settings/").content.decode()
    assert "s3cret" not in pmo.get("/sources/ledger/").content.decode()


def test_an_uploaded_file_is_previewed_then_connected_without_sending_it_again(
    pmo: Client, cast: Cast, tmp_path: Path, settings: object
) -> None:
    settings.VMO_HOME = tmp_path  # type: ignore[attr-defined]
    upload = SimpleUploadedFile("items.csv", CSV.encode(), "text/csv")
    first = pmo.post("/sources/add/csv/", posted(cast, **COLUMNS, upload=upload, do="preview"))
    html = first.content.decode()
    assert "What would come" in html
    stored = next((tmp_path / "uploads").iterdir())
    assert str(stored) in html
    statuses = {"status": ["Open", "Doing", "Done"], "state-0": "backlog", "state-1": "active", "state-2": "done"}
    answer = pmo.post(
        "/sources/add/csv/", posted(cast, **COLUMNS, **{forms.key_of("path"): str(stored)}, do="connect", **statuses)
    )
    assert answer.status_code == 302, answer.content.decode()
    source = Source.objects.get()
    assert source.status_mapping == [["Open", "backlog"], ["Doing", "active"], ["Done", "done"]]
    assert SyncRun.objects.get().source == source


def test_a_file_that_is_too_large_is_refused(pmo: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_UPLOAD", 10)
    upload = SimpleUploadedFile("items.csv", CSV.encode())
    html = pmo.post("/sources/add/csv/", posted(cast, upload=upload, do="preview")).content.decode()
    assert "This file has" in html


def test_statuses_are_mapped_in_the_order_that_was_typed(pmo: Client, source: Source) -> None:
    names = ["Doing", "Open", "Done"]
    rows = [
        Status.objects.create(source=source, external_id=name, name=name, position=n) for n, name in enumerate(names)
    ]
    chosen = dict(zip(names, ["active", "backlog", "done"], strict=True))
    data: dict[str, object] = {"do": "statuses"}
    for row, place in zip(rows, [2, 1, 3], strict=True):
        data |= {f"state-{row.pk}": chosen[row.name], f"place-{row.pk}": place}
    assert pmo.post("/sources/ledger/mapping/", data).status_code == 302
    mapped = Status.objects.filter(source=source).order_by("position").values_list("name", "state")
    assert list(mapped) == [("Open", "backlog"), ("Doing", "active"), ("Done", "done")]


def test_rejected_records_are_listed_with_place_and_reason(pmo: Client, source: Source) -> None:
    run = SyncRun.objects.create(source=source, state=JobState.SUCCEEDED, rejected=1)
    Rejection.objects.create(source=source, run=run, place="line 7", reason="no such date", record="A-1,never")
    html = pmo.get(f"/sources/ledger/runs/{run.pk}/").content.decode()
    assert "line 7" in html
    assert "no such date" in html


def test_progress_says_how_far_and_ends_in_a_fresh_page(pmo: Client, source: Source) -> None:
    run = SyncRun.objects.create(source=source, state=JobState.RUNNING, done=30, total=120, read=90)
    going = pmo.get(f"/sources/ledger/runs/{run.pk}/progress/")
    assert "30 of 120" in going.content.decode()
    assert "HX-Refresh" not in going.headers
    SyncRun.objects.filter(pk=run.pk).update(state=JobState.SUCCEEDED)
    assert pmo.get(f"/sources/ledger/runs/{run.pk}/progress/").headers["HX-Refresh"] == "true"


def test_deleting_says_what_goes_and_does_it(pmo: Client, source: Source) -> None:
    Status.objects.create(source=source, external_id="1", name="Open")
    assert "Delete it and what it brought" in pmo.get("/sources/ledger/delete/").content.decode()
    assert pmo.post("/sources/ledger/delete/").status_code == 302
    assert not Source.objects.exists()


def test_pause_and_resume(pmo: Client, source: Source) -> None:
    pmo.post("/sources/ledger/pause/")
    source.refresh_from_db()
    assert source.state == "paused"
    pmo.post("/sources/ledger/resume/")
    source.refresh_from_db()
    assert source.state == "active"
