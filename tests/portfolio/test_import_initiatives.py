"""Initiatives from files: dry run, all or nothing, again without a change, back again; rights, limits, approvals."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from core import imports
from core.models import AuditEntry, ImportRun, ImportState
from portfolio import actions
from portfolio.models import Approval, Feature, Initiative, StageEntry
from tests.cast import Cast

URL = "/imports/initiatives/"
HEAD = ["key", "name", "stream"]


def file_of(*rows: dict[str, Any]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def row(key: str, **cells: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "stream": "payments"} | cells


def start(actor: User | None, *rows: dict[str, Any]) -> ImportRun:
    return imports.start(actor=actor, kind="initiatives", file=io.BytesIO(file_of(*rows)), name="list.csv")


def apply(actor: User | None, *rows: dict[str, Any]) -> ImportRun:
    return imports.apply(actor=actor, run=start(actor, *rows))


def counts(run: ImportRun) -> tuple[int, int, int]:
    return run.created, run.changed, run.unchanged


def problems(run: ImportRun) -> list[tuple[int, str, str]]:
    return [(one["line"], one["column"], one["message"]) for one in run.problems]


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds")


def test_a_dry_run_writes_nothing(cast: Cast, refunds: Initiative) -> None:
    entries = AuditEntry.objects.count()
    run = start(cast.leader, row("refunds"), row("cards", horizon="H2"), row("chat"))
    assert (counts(run), run.problems, run.state) == ((2, 0, 1), [], ImportState.CHECKED)
    assert list(Initiative.objects.values_list("slug")) == [("refunds",)]
    assert AuditEntry.objects.count() == entries
    assert StageEntry.objects.count() == 1


def test_every_column_goes_in(cast: Cast) -> None:
    theme = actions.create_theme(actor=None, name="Trust")
    apply(
        cast.leader,
        row("cards", stage="Backlog", theme="trust", horizon="h2", value_type="Enabler", owner=cast.pmo.email)
        | {"teams": "falcon; Heron", "started_on": "1.2.2026", "due_on": "2026-03-31", "business_value": 5}
        | {"time_criticality": 8, "risk_reduction": 2, "job_size": "3.0", "manual_rank": 2}
        | {"manual_rank_reason": "Law", "estimated_cost": "12,345.50", "cost_of_delay": "500 EUR"}
        | {"description": "D", "hypothesis": "We believe", "outcome": "O", "business_case": "B"},
    )
    made = Initiative.objects.get()
    assert (made.stage, made.theme, made.horizon, made.value_type, made.owner) == (
        "backlog", theme, "h2", "enabler", cast.pmo,
    )  # fmt: skip
    assert {team.slug for team in made.teams.all()} == {"falcon", "heron"}
    assert (made.started_on, made.due_on) == (date(2026, 2, 1), date(2026, 3, 31))
    assert (made.business_value, made.time_criticality, made.risk_reduction, made.job_size) == (5, 8, 2, 3)
    assert (made.manual_rank, made.manual_rank_reason) == (2, "Law")
    assert (made.estimated_cost, made.cost_of_delay) == (Decimal("12345.50"), Decimal(500))
    assert (made.description, made.hypothesis, made.outcome, made.business_case) == ("D", "We believe", "O", "B")


def test_importing_it_again_changes_nothing(cast: Cast) -> None:
    rows = [row("cards", job_size=3, estimated_cost=10, stage="backlog"), row("chat")]
    assert counts(apply(cast.leader, *rows)) == (2, 0, 0)
    versions = list(Initiative.objects.values_list("version"))
    assert counts(apply(cast.leader, *rows)) == (0, 0, 2)
    assert list(Initiative.objects.values_list("version")) == versions
    # A key is a key whatever its case; one cell differs.
    assert counts(apply(cast.leader, rows[0] | {"key": "CARDS", "job_size": 5}, rows[1])) == (0, 1, 1)


def test_what_goes_out_comes_in_unchanged(client: Client, cast: Cast) -> None:
    rows = [row("cards", description="=1+1", owner=cast.pmo.email, teams="falcon", estimated_cost="5.50")]
    rows += [row("done", stage="done", verdict="stop", ended_on="2026-01-31")]
    apply(cast.leader, *[rows[0] | {"stage": "reviewing", "verdict": "", "ended_on": ""}], rows[1])
    client.force_login(cast.leader)
    for wanted in ("csv", "xlsx"):
        sent = b"".join(client.get(f"/portfolio/list/?stage=all&format={wanted}"))
        file = SimpleUploadedFile(f"list.{wanted}", sent)
        seen = client.post(URL, {"file": file}, follow=True).content.decode()
        assert not (ImportRun.objects.first() or ImportRun()).problems
        assert f"list.{wanted} would change nothing" in seen
        assert "wsjf, rank, computed_rank" in seen
        assert counts(ImportRun.objects.first() or ImportRun()) == (0, 0, 2)


def test_an_empty_cell_empties_and_no_column_leaves(cast: Cast) -> None:
    apply(cast.leader, row("cards", job_size=3, horizon="h2", outcome="O", estimated_cost=5))
    apply(cast.leader, {"key": "cards", "name": "", "stream": "", "job_size": "", "outcome": ""})
    made = Initiative.objects.get()
    assert (made.name, made.stream, made.job_size, made.outcome) == ("Cards", cast.payments, None, "")
    assert (made.horizon, made.estimated_cost) == ("h2", Decimal(5))


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"stream": "nowhere"}, "stream", "There is no value stream “nowhere”."),
        ({"stream": ""}, "stream", "A new initiative needs it."),
        ({"name": ""}, "name", "A new initiative needs it."),
        ({"key": "new"}, "key", "“new” is an address of the portal"),
        ({"key": "two words"}, "key", "Enter a valid “slug”"),
        ({"job_size": 0}, "job_size", "0 is not a score: use 1, 2, 3, 5, 8, 13 or 20."),
        ({"business_value": 4}, "business_value", "4 is not a score"),
        ({"estimated_cost": "5 USD"}, "estimated_cost", "“USD” is not the currency of this portal"),
        ({"estimated_cost": -5}, "estimated_cost", "An amount is not below 0."),
        ({"horizon": "H9"}, "horizon", "“H9” is not one of h0, h1, h2, h3."),
        ({"stage": "somewhere"}, "stage", "is not one of funnel"),
        ({"due_on": "soon"}, "due_on", "“soon” is no day"),
        ({"started_on": "2026-02-01", "due_on": "2026-01-01"}, "due_on", "It would be due before it starts."),
        ({"manual_rank": 1}, "manual_rank_reason", "A rank given by hand needs a reason."),
        ({"manual_rank": 0, "manual_rank_reason": "x"}, "manual_rank", "whole number from 1"),
        ({"owner": "nobody@example.org"}, "owner", "There is no person with the e-mail"),
        ({"teams": "falcon; ghosts"}, "teams", "There is no team “ghosts”."),
        ({"verdict": "stop"}, "verdict", "Only what is done has a verdict."),
        ({"name": "x" * 300}, "name", "at most 200 characters"),
    ],
)
def test_problems_name_line_and_column(cast: Cast, cells: dict[str, Any], column: str, said: str) -> None:
    run = start(cast.leader, row("fine"), row("cards") | cells)
    assert [(line, name) for line, name, _ in problems(run)] == [(3, column)]
    assert said in problems(run)[0][2]
    with pytest.raises(ValidationError, match="until its problems are mended"):
        imports.apply(actor=cast.leader, run=run)
    assert not Initiative.objects.exists()


def test_the_same_key_twice(cast: Cast) -> None:
    run = start(cast.leader, row("cards"), row("chat"), row("Cards"))
    assert problems(run) == [(4, "key", "Line 2 has the same key.")]


def test_all_or_nothing_when_the_world_changed_since(cast: Cast) -> None:
    run = start(cast.leader, row("cards"), row("chat"))
    actions.set_stage_limit(actor=None, stage="funnel", most=1)
    with pytest.raises(imports.Refused, match="Line 3: Funnel of the portfolio holds 1 and its limit is 1"):
        imports.apply(actor=cast.leader, run=run)
    assert not Initiative.objects.exists()
    run.refresh_from_db()
    assert [(line, column) for line, column, _ in problems(run)] == [(3, "override")]


def test_limits_need_a_reason_in_the_file(cast: Cast) -> None:
    actions.set_stage_limit(actor=None, stage="backlog", most=1)
    over = [row("cards", stage="backlog", override=""), row("chat", stage="backlog", override="")]
    assert [(line, column) for line, column, _ in problems(start(cast.leader, *over))] == [(3, "override")]
    apply(cast.leader, over[0], over[1] | {"override": "The law"})
    assert StageEntry.objects.get(initiative__slug="chat").override == "The law"


def test_approval_is_asked_for_here_too(cast: Cast, refunds: Initiative) -> None:
    actions.set_threshold(actor=None, amount=Decimal(1000))
    dear = row("refunds", stage="implementing", estimated_cost="1000.01")
    said = "It costs more than the approval threshold and no approval covers it: ask for an approval first."
    assert problems(start(cast.leader, dear)) == [(2, "stage", said)]
    assert problems(start(cast.leader, row("fresh", stage="implementing", estimated_cost=1001)))[0][1] == "stage"
    assert problems(start(cast.leader, dear | {"estimated_cost": 1000})) == []
    asked = actions.ask_approval(actor=cast.pmo, initiative=refunds, amount=Decimal("1000.01"), reason="Law")
    actions.decide_approval(actor=cast.leader, approval=asked, approve=True)
    assert counts(apply(cast.leader, dear)) == (0, 1, 0)
    # While it is being implemented its cost does not grow past what is approved; when it is done it may.
    grown = dear | {"estimated_cost": 2000}
    assert problems(start(cast.leader, grown))[0][1] == "estimated_cost"
    assert problems(start(cast.leader, grown | {"stage": "done"})) == []
    assert Approval.objects.count() == 1


def test_each_row_needs_the_right_of_its_place(cast: Cast, refunds: Initiative) -> None:
    """Paul is PMO of Payments only; Cora coaches it: she plans its work, but neither scores nor money."""
    there = actions.create_initiative(actor=None, stream=cast.platform, name="Cloud")
    run = start(cast.stream_pmo, row("refunds", name="R"), row("moved", stream="platform"), row("cloud", name="Mine"))
    assert [(line, column) for line, column, _ in problems(run)] == [(3, "stream"), (4, "key")]
    assert there.name == Initiative.objects.get(slug="cloud").name
    assert counts(apply(cast.coach, row("refunds", outcome="O", job_size=""))) == (0, 1, 0)
    assert "Only leaders and the PMO" in problems(start(cast.coach, row("refunds", job_size=3)))[0][2]


def test_who_sees_no_money_brings_none(client: Client, cast: Cast) -> None:
    apply(cast.leader, row("cards", estimated_cost=500))
    assert counts(apply(cast.coach, row("cards", estimated_cost="", outcome="O"))) == (0, 1, 0)
    assert Initiative.objects.get().estimated_cost == 500
    client.force_login(cast.coach)
    assert b"estimated_cost" not in client.get(URL).content
    assert b"estimated_cost" not in client.get(f"{URL}template/").getvalue()
    run = start(cast.coach, row("cards", estimated_cost=1))
    assert (counts(run), run.undo["ignored"]) == ((0, 0, 1), ["estimated_cost"])


def test_roll_back(cast: Cast, refunds: Initiative) -> None:
    theme = actions.create_theme(actor=None, name="Trust")
    actions.change_initiative(actor=None, initiative=refunds, theme=theme, teams=[cast.kite], due_on=date(2027, 1, 1))
    changed = row("refunds", name="R", theme="", teams="falcon", due_on="", stage="done", verdict="stop", job_size=3)
    run = apply(cast.leader, row("cards"), changed)
    undone = imports.roll_back(actor=cast.leader, run=run)
    assert undone.state == ImportState.ROLLED_BACK
    now = Initiative.objects.get()
    assert (now.slug, now.name, now.theme, now.due_on) == ("refunds", "Refunds", theme, date(2027, 1, 1))
    assert (now.stage, now.verdict, now.ended_on, now.job_size) == ("funnel", "", None, None)
    assert list(now.teams.all()) == [cast.kite]
    with pytest.raises(ValidationError, match="There is nothing to roll back"):
        imports.roll_back(actor=cast.leader, run=run)
    with pytest.raises(ValidationError, match="This import was rolled back: upload the file again"):
        imports.apply(actor=cast.leader, run=run)


def test_a_roll_back_refuses_what_was_changed_since(cast: Cast, refunds: Initiative) -> None:
    run = apply(cast.leader, row("cards"), row("refunds", name="R"))
    actions.change_initiative(actor=cast.pmo, initiative=refunds, outcome="Since")
    with pytest.raises(ValidationError, match="Somebody changed R since the import"):
        imports.roll_back(actor=cast.leader, run=run)
    assert Initiative.objects.count() == 2


def test_a_roll_back_refuses_where_work_hangs_on_it(cast: Cast) -> None:
    run = apply(cast.leader, row("cards"))
    made = Initiative.objects.get()
    feature = Feature.objects.create(team=cast.falcon, name="Card form", initiative=made)
    with pytest.raises(ValidationError, match="There is work, money or a decision of Cards by now"):
        imports.roll_back(actor=cast.leader, run=run)
    feature.delete()
    asked = actions.ask_approval(actor=cast.pmo, initiative=made, amount=Decimal(5), reason="Law")
    with pytest.raises(ValidationError, match="There is work, money or a decision of Cards"):
        imports.roll_back(actor=cast.leader, run=run)
    asked.delete()
    imports.roll_back(actor=cast.leader, run=run)
    assert not Initiative.objects.exists()


def test_the_pages_from_upload_to_roll_back(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    assert "Check a file" in client.get(URL).content.decode()
    file = SimpleUploadedFile("list.csv", file_of(row("cards"), row("chat")))
    answer = client.post(URL, {"file": file}, follow=True)
    seen = answer.content.decode()
    assert "list.csv can be imported: 2 new, 0 changed" in seen
    assert "Import 2 initiatives" in seen
    address = answer.redirect_chain[-1][0]
    seen = client.post(f"{address}apply/", follow=True).content.decode()
    assert "Imported: 2 new." in seen
    assert Initiative.objects.count() == 2
    # A second click does nothing.
    assert "This file was imported already." in client.post(f"{address}apply/", follow=True).content.decode()
    seen = client.post(f"{address}roll-back/", follow=True).content.decode()
    assert "everything is as it was before" in seen
    assert not Initiative.objects.exists()
    assert "rolled back" in client.get(URL).content.decode()


def test_problems_are_on_the_page(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    file = SimpleUploadedFile("<b>.csv", file_of(row("cards", job_size=0)))
    seen = client.post(URL, {"file": file}, follow=True).content.decode()
    assert "1 problem in &lt;b&gt;.csv: nothing can be imported yet" in seen
    assert "0 is not a score" in seen
    assert "Import 1" not in seen


def test_a_file_that_cannot_be_used_is_said_at_the_field(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    for data, said in [(b"a,b\n1,2\n", "There is no column key"), (b"", "The file is empty.")]:
        seen = client.post(URL, {"file": SimpleUploadedFile("x.csv", data)}).content.decode()
        assert 'id="id_file_error"' in seen
        assert said in seen
    assert "Choose a file." in client.post(URL).content.decode()
    assert not ImportRun.objects.exists()


def test_runs_of_others(client: Client, cast: Cast) -> None:
    """A coach sees their own runs only; leaders and the PMO of the portal see all: they see the money in them."""
    theirs, own = start(cast.leader, row("cards")), start(cast.coach, row("chat"))
    client.force_login(cast.coach)
    assert client.get(f"{URL}{theirs.pk}/").status_code == 404
    assert client.post(f"{URL}{theirs.pk}/apply/").status_code == 404
    assert client.get(f"{URL}{own.pk}/").status_code == 200
    client.force_login(cast.pmo)
    assert client.get(f"{URL}{own.pk}/").status_code == 200
    assert client.get("/imports/nothing/").status_code == 404
    assert client.get(f"{URL}?scope=stream:payments").status_code == 404
    client.force_login(cast.viewer)
    assert client.get(URL).status_code == 403
