"""The overview on paper: one A4 page from the same widgets for any number of streams; clear words without Pango."""

import importlib
import re
import zlib
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from bench.leader import Size, make
from dashboards import paper
from portfolio.models import Grant, Role
from tests.cast import Cast


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has: its objects of that type, which may be in a compressed stream."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    texts = [pdf, *(zlib.decompress(one) for one in streams if one.startswith(b"x"))]
    return sum(len(re.findall(rb"/Type\s*/Page(?!s)", text)) for text in texts)


def test_forty_streams_fit_on_one_page(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make(Size(streams=40, teams=40, initiatives=80, key_results=160, items=20))
    leader = User.objects.create_user("leader@example.org", "correct-horse-battery", name="Leo Brandt")
    Grant.objects.create(user=leader, role=Role.LEADER)
    client.force_login(leader)
    answer = client.get("/overview.pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert pages_of(answer.content) == 1
    text = client.get("/").content.decode()
    assert "and 34 more value streams" in text, "the page shows six of forty"


@pytest.mark.parametrize("fitting", [16, 15, 9, 2, 1])
def test_as_many_rows_as_fit_are_taken(fitting: int) -> None:
    def lay_out(rows: int) -> SimpleNamespace:
        return SimpleNamespace(rows=rows, pages=[1] if rows <= fitting else [1, 2])

    assert paper._fitting(lay_out).rows == fitting


def test_who_may_not_see_it_gets_none(cast: Cast, client: Client) -> None:
    client.force_login(cast.coach)
    assert client.get("/overview.pdf", {"scope": "portfolio"}).status_code == 404
    assert client.get("/overview.pdf", {"scope": "stream:payments"}).status_code == 200


def test_without_pango_the_page_and_the_doctor_say_what_to_do(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise OSError(f"cannot load library 'libpango-1.0-0' for {name}\nand more")

    monkeypatch.setattr(importlib, "import_module", missing)
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
