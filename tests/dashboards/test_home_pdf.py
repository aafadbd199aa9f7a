"""The overview on paper: one A4 page from the same widgets, however many streams there are; clear without Pango."""

import pytest
from django.test import Client

from accounts.models import User
from bench.leader import Size, make
from dashboards import paper
from portfolio.models import Grant, Role
from tests.cast import Cast

weasyprint = pytest.importorskip("weasyprint", reason="needs Pango", exc_type=(ImportError, OSError))


def test_forty_streams_fit_on_one_page(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make(Size(streams=40, teams=40, initiatives=80, key_results=160, items=20))
    leader = User.objects.create_user("leader@example.org", "correct-horse-battery", name="Leo Brandt")
    Grant.objects.create(user=leader, role=Role.LEADER)
    client.force_login(leader)
    laid_out: list[tuple[int, int]] = []
    original = paper._document

    def noted(*args: object) -> object:
        document = original(*args)
        laid_out.append((args[3], len(document.pages)))
        return document

    monkeypatch.setattr(paper, "_document", noted)
    answer = client.get("/overview.pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert b"/Count 1" in answer.content or answer.content.count(b"/Type /Page\n") <= 1
    # All rows did not fit: the most that do were taken.
    fits = {rows: pages == 1 for rows, pages in laid_out}
    assert fits[paper.MOST_ROWS] is False
    assert any(fits.values())


def test_who_may_not_see_it_gets_none(cast: Cast, client: Client) -> None:
    client.force_login(cast.coach)
    assert client.get("/overview.pdf", {"scope": "portfolio"}).status_code == 404
    assert client.get("/overview.pdf", {"scope": "stream:payments"}).status_code == 200


def test_without_pango_the_page_and_the_doctor_say_what_to_do(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise OSError(f"cannot load library 'libpango-1.0-0' for {name}\nand more")

    monkeypatch.setattr(paper.importlib, "import_module", missing)
    client.force_login(cast.leader)
    answer = client.get("/overview.pdf")
    assert answer.status_code == 501
    html = answer.content.decode()
    assert "This portal cannot make PDFs yet" in html
    assert "libpango-1.0-0" in html
    from vmo.management.commands.doctor import paper_found

    finding = next(iter(paper_found()))
    assert (finding.name, finding.status) == ("pdf", "note")
    assert "libpangoft2-1.0-0" in finding.remedy
