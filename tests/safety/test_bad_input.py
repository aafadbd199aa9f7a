"""What people send by mistake or on purpose, by a page and by the API: told at the field or the line, nothing written.

Two who settle the same cell of a scoring session: tests/portfolio/test_scoring.py and tests/portfolio/test_wsjf.py.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from core.models import AuditEntry, ImportRun
from portfolio.models import ApprovalThreshold, Initiative
from tests.access import Props
from tests.cast import Cast

TOMORROW = (timezone.now() + timedelta(days=2)).date().isoformat()
KR = "key-results/{okr_kr.pk}/"
NUMBERS = {"name": "Days", "kind": "increase", "unit": "days", "weight": 1, "every_days": 7}
NEEDS_APPROVAL = "It costs more than the approval threshold and no approval covers it"


@dataclass(frozen=True)
class Bad:
    """What is sent to a page, and the same to the API; `words` are said at `name`."""

    page: str
    sent: dict[str, Any]
    api: str
    body: dict[str, Any]
    name: str
    words: str
    method: str = "post"
    before: dict[str, Any] = field(default_factory=dict)


EDIT = {"name": "Refunds", "stream": "{payments.pk}", "value_type": "feature", "position": 0}
CASES = {
    "weights of 0": Bad(
        f"/objectives/{KR}",
        {**NUMBERS, "baseline": 1, "target": 5, "weight": 0, "version": 1},
        KR,
        {"weight": 0},
        "weight",
        "The weights sum to 0: give at least one key result a weight.",
        "patch",
    ),
    "a baseline that is the target": Bad(
        f"/objectives/{KR}",
        {**NUMBERS, "baseline": 5, "target": 5, "version": 1},
        KR,
        {"baseline": 5, "target": 5},
        "target",
        "The target is the baseline: there would be nothing to reach.",
        "patch",
    ),
    "a circle": Bad(
        "/objectives/{okr_goal.pk}/supports/",
        {"above": "o{okr_other.pk}"},
        "supports/",
        {"objective": "{okr_goal.pk}", "above": "{okr_other.pk}"},
        "above",
        "that would be a circle",
        before={"support": True},
    ),
    "a check-in of a day to come": Bad(
        f"/objectives/{KR}check-in/",
        {"on": TOMORROW, "value": 2, "confidence": 5},
        "check-ins/",
        {"key_result": "{okr_kr.pk}", "on": TOMORROW, "value": 2, "confidence": 5},
        "on",
        "This day has not come yet.",
    ),
    "a check-in of a day to come, by the link of a mail": Bad(
        "/objectives/check-in/{okr_link}/",
        {"on": TOMORROW, "value": 2, "confidence": 5},
        "check-ins/",
        {"key_result": "{okr_kr.pk}", "on": TOMORROW, "value": 2, "confidence": 5},
        "on",
        "This day has not come yet.",
    ),
    "a budget of a past quarter": Bad(
        "/portfolio/funding/payments/?quarter=2020-q1",
        {"amount": "1000", "seen": 0, "reason": "Late"},
        "budgets/",
        {"stream": "payments", "quarter": "2020-q1", "amount": "1000", "reason": "Late"},
        "quarter",
        "Q1 2020 is over: the budget of a past quarter stays as it was.",
    ),
    "implementing without an approval": Bad(
        "/portfolio/initiatives/refunds/move/",
        {"stage": "implementing", "override": "Now"},
        "initiatives/refunds/move/",
        {"stage": "implementing", "override": "Now"},
        "stage",
        NEEDS_APPROVAL,
        before={"threshold": True},
    ),
}


@pytest.fixture
def props(cast: Cast, client: Client) -> Props:
    client.force_login(cast.administrator)
    return Props(cast)


def prepare(props: Props, bad: Bad) -> None:
    if "support" in bad.before:
        props.okr_other.supports.create(above=props.okr_goal)
    if "threshold" in bad.before:
        ApprovalThreshold.objects.create(stream=None, amount=100)
        Initiative.objects.filter(slug="refunds").update(estimated_cost=101)


def told(client: Client, path: str, data: Any) -> str:
    answer = client.post(path, data, follow=True)
    assert answer.status_code in {200, 400, 409}
    return unescape(answer.content.decode())


@pytest.mark.parametrize("name", CASES)
def test_a_page_and_the_api_refuse_it_in_words(name: str, props: Props, client: Client) -> None:
    bad = CASES[name]
    prepare(props, bad)
    before = AuditEntry.objects.count()
    assert bad.words in told(client, props.fill(bad.page), props.fill(bad.sent))
    send = getattr(client, bad.method)
    answer = send(f"/api/v1/{props.fill(bad.api)}", props.fill(bad.body), "application/json")
    assert answer.status_code == 400
    assert any(bad.words in text for text in answer.json()[bad.name])
    # Whatever is written leaves an entry.
    assert AuditEntry.objects.count() == before


def test_a_job_has_no_size_0(props: Props, client: Client) -> None:
    """The page offers the scale only; a program is told that it is none of it."""
    before = AuditEntry.objects.count()
    score = {"initiative": props.initiative.pk, "part": "business_value", "score": 0}
    assert client.post(f"/portfolio/wsjf/sessions/{props.scoring.pk}/estimate/", score).status_code == 404
    sent = {**score, "initiative": "refunds"}
    answer = client.post(f"/api/v1/scoring-sessions/{props.scoring.pk}/estimate/", sent, "application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["score"])
    answer = client.patch("/api/v1/initiatives/refunds/", {"job_size": 0}, "application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["job_size"])
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("stage", ["implementing"])
def test_no_path_implements_what_needs_an_approval(stage: str, props: Props, client: Client) -> None:
    """The API's other doors: making it in that stage, raising its cost there, importing it."""
    prepare(props, CASES["implementing without an approval"])
    body = {"name": "Big", "stream": "payments", "estimated_cost": "5000", "stage": stage}
    client.post("/api/v1/initiatives/", body, "application/json")
    assert not Initiative.objects.filter(stage=stage).exists()
    client.patch("/api/v1/initiatives/refunds/", {"stage": stage}, "application/json")
    assert Initiative.objects.get(slug="refunds").stage != stage
    text = f"key,name,stream,stage,estimated_cost\nbig,Big,payments,{stage},5000\n"
    run = client.post("/api/v1/imports/initiatives/", {"text": text}, "application/json").json()
    assert run["problems"][0]["line"] == 2
    assert client.post(f"/api/v1/imports/initiatives/{run['id']}/apply/").status_code == 400
    assert not Initiative.objects.filter(stage=stage).exists()
    # Cheap enough, it may; then its cost stays below the threshold.
    Initiative.objects.filter(slug="refunds").update(estimated_cost=1)
    moved = client.post("/api/v1/initiatives/refunds/move/", {"stage": stage, "override": "Now"}, "application/json")
    assert moved.status_code == 200
    refused = client.patch("/api/v1/initiatives/refunds/", {"estimated_cost": "5000"}, "application/json")
    assert refused.status_code == 400
    assert NEEDS_APPROVAL in refused.json()["estimated_cost"][0]


LEDGER = "key,posted on,amount,stream,currency\n"


def bomb() -> bytes:
    """Some kilobytes that unpack to 200 MB."""
    data = io.BytesIO()
    book = Workbook()
    book.active.append(["key", "name", "stream"])
    book.save(data)
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as part:
        for _ in range(200):
            part.write(b" " * 2**20)
    return data.getvalue()


def of_entities() -> bytes:
    """A workbook whose text grows a thousand millionfold by entities that hold entities."""
    data, out = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["key", "name", "stream"])
    book.active.append(["a", "b", "payments"])
    book.save(data)
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{steps}]>'
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if ">b<" in text:
                text = head + re.sub(r"^<\?xml.*?\?>", "", text).replace(">b<", ">&e9;<")
            new.writestr(name, text)
    return out.getvalue()


# Files that cannot be used at all: the file is named.
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million rows": (
        lambda: b"key,name,stream\n" + b"a,b,payments\n" * 1_000_000,
        "The file has more than 2,000 rows",
    ),
    "fifty megabytes": (lambda: b"key,name,stream\n" + b"x" * (50 * 2**20), "larger than 50 MB"),
    "a million empty lines": (lambda: b"key,name,stream\n" + b"\n" * 1_000_000, "remove the empty lines"),
    "a bomb": (bomb, "The workbook is too large"),
    "entities": (of_entities, "This is no workbook that can be read"),
    "a NUL": (lambda: b"key,name,stream\na,A\0B,payments\n", "The file is no text"),
    "half a workbook": (lambda: bomb()[:4000], "This is no workbook that can be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_too_much_is_refused_before_it_is_read(name: str, props: Props, client: Client) -> None:
    make, words = FILES[name]
    data = make()
    page = told(client, "/imports/initiatives/", {"file": SimpleUploadedFile("a.csv", data)})
    assert words in page
    answer = client.post("/api/v1/imports/initiatives/", {"file": SimpleUploadedFile("a.csv", data)})
    assert answer.status_code == 400
    assert words in answer.json()["file"][0]
    assert not ImportRun.objects.exists()


# Rows that are wrong: the line and the column are named.
ROWS = {
    "an unknown currency": (
        "ledger",
        f"{LEDGER}a,2025-03-03,10,payments,USD\n",
        (2, "currency", "is not the currency"),
    ),
    "a day to come": ("ledger", f"{LEDGER}a,{TOMORROW},10,payments,\n", (2, "posted_on", "has not come yet")),
    "the same key twice": (
        "ledger",
        f"{LEDGER}a,2025-03-03,10,payments,\nb,2025-03-03,10,payments,\na,2025-03-04,11,payments,\n",
        (4, "key", "Line 2 has the same key."),
    ),
    "a job of size 0": (
        "initiatives",
        "key,name,stream,job_size\na,A,payments,3\nb,B,payments,0\n",
        (3, "job_size", ""),
    ),
    "an amount in another currency": (
        "initiatives",
        "key,name,stream,estimated_cost\na,A,payments,5 USD\n",
        (2, "estimated_cost", "is not the currency"),
    ),
    "the same initiative twice": (
        "initiatives",
        "key,name,stream\na,A,payments\nA,B,payments\n",
        (3, "key", "Line 2 has the same key."),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_is_wrong_is_named_by_line_and_nothing_of_the_file_is_written(
    name: str, props: Props, client: Client
) -> None:
    kind, text, (line, column, words) = ROWS[name]
    before = AuditEntry.objects.count()
    page = told(client, f"/imports/{kind}/", {"file": SimpleUploadedFile("a.csv", text.encode())})
    assert words in page
    run = ImportRun.objects.get()
    told(client, f"/imports/{kind}/{run.pk}/apply/", {})
    answer = client.post(f"/api/v1/imports/{kind}/", {"file": SimpleUploadedFile("a.csv", text.encode())})
    assert answer.status_code == 201
    [problem] = answer.json()["problems"]
    assert (problem["line"], problem["column"]) == (line, column)
    assert words in problem["message"]
    assert client.post(f"/api/v1/imports/{kind}/{answer.json()['id']}/apply/").status_code == 400
    assert AuditEntry.objects.count() == before


def test_formulas_go_in_as_text_and_out_as_text(props: Props, client: Client) -> None:
    """They are kept as they were said, and no spreadsheet runs them."""
    text = 'key,name,stream\nf,"=HYPERLINK(""http://x.example"")",payments\n'
    run = client.post("/api/v1/imports/initiatives/", {"text": text}, "application/json").json()
    assert client.post(f"/api/v1/imports/initiatives/{run['id']}/apply/").status_code == 200
    assert Initiative.objects.get(slug="f").name == '=HYPERLINK("http://x.example")'
    exported = b"".join(client.get("/portfolio/list/?format=csv").streaming_content)  # type: ignore[attr-defined]
    assert b"'=HYPERLINK" in exported
    assert b',"=HYPERLINK' not in exported
