"""Files of impediments: what is taken, and how they are handed out."""

import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry
from impediments.actions import log_impediment
from impediments.attachments import checked, clean_name
from impediments.models import Attachment, Impediment
from tests.cast import Cast
from tests.impediments.letters import PNG


def office(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as parts:
        for name in names:
            parts.writestr(name, "x")
    return data.getvalue()


LETTER = office("[Content_Types].xml", "word/document.xml")
TAKEN = {
    "a.png": (PNG, "image/png"),
    "a.JPEG": (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    "a.gif": (b"GIF89a...", "image/gif"),
    "a.webp": (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    "a.pdf": (b"%PDF-1.7\n\x00\xff", "application/pdf"),
    "a.log": (b"12:00 \x1b[31mred\x1b[0m\n", "text/plain; charset=utf-8"),
    "a.csv": ("Jahr;Größe\n".encode("latin-1"), "text/csv; charset=utf-8"),
    "a.txt": ("wide".encode("utf-16"), "text/plain; charset=utf-8"),
    "a.docx": (LETTER, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
REFUSED = {
    "run.exe": b"MZ",
    "page.html": b"<script>",
    "drawing.svg": b"<svg/>",
    "noname": b"text",
    "a.png": b"<html><script>alert(1)</script>",
    "a.txt": b"MZ\x90\x00\x03",
    "a.docx": office("[Content_Types].xml", "xl/workbook.xml"),
    "b.docx": office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "c.docx": b"PK\x03\x04 not a zip",
    "a.xlsx": LETTER,
    "a.pdf": b"",
    "b.pdf": b"%PDF-" + b"x" * (5 * 2**20),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name: str) -> None:
    data, kind = TAKEN[name]
    assert checked(name, data)[1:] == (kind, data)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taken(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        checked(name, REFUSED[name])


def test_the_largest_is_taken() -> None:
    assert len(checked("a.txt", b"x" * (5 * 2**20)).data) == 5 * 2**20


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\max\\a.png", "a.png"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("evil\N{RIGHT-TO-LEFT OVERRIDE}gnp.txt", "evilgnp.txt"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
    ],
)
def test_names(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.fixture
def one(cast: Cast) -> Impediment:
    return log_impediment(actor=cast.coach, what="Vendor silent", category="vendor", team=cast.falcon)


@pytest.fixture
def member(cast: Cast, client: Client) -> Client:
    client.force_login(cast.member)
    return client


def add(client: Client, one: Impediment, name: str, data: bytes) -> int:
    url = reverse("impediment-files", args=[one.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, data, "text/html")}).status_code


def test_a_file_is_added_and_handed_out_as_a_download(one: Impediment, member: Client) -> None:
    assert add(member, one, "Größe.png", PNG) == 302
    row = Attachment.objects.get()
    assert "Größe.png" in member.get(reverse("impediment", args=[one.pk])).content.decode()
    answer = member.get(reverse("impediment-file", args=[one.pk, row.pk]))
    assert answer.content == PNG
    # The sender said text/html: what is handed out is what it is.
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert AuditEntry.objects.filter(verb="attached", data__file="Größe.png").exists()
    member.post(reverse("impediment-file-remove", args=[one.pk, row.pk]))
    assert not Attachment.objects.exists()
    assert AuditEntry.objects.filter(verb="removed a file from", data__file="Größe.png").exists()


def test_a_refused_file_is_said_at_the_field(one: Impediment, member: Client) -> None:
    url = reverse("impediment-files", args=[one.pk])
    answer = member.post(url, {"file": SimpleUploadedFile("a.png", b"<html>", "image/png")})
    assert answer.status_code == 400
    assert "not what its name says" in answer.content.decode()
    assert add(member, one, "large.pdf", b"%PDF-" + b"x" * (30 * 2**20)) == 400
    assert not Attachment.objects.exists()


def test_strangers_find_nothing(one: Impediment, member: Client, cast: Cast) -> None:
    add(member, one, "a.png", PNG)
    url = reverse("impediment-file", args=[one.pk, Attachment.objects.get().pk])
    member.force_login(cast.outsider)
    assert member.get(url).status_code == 404
    # A viewer reads; another impediment's address does not lead to it.
    member.force_login(cast.viewer)
    assert member.get(url).status_code == 200
    assert add(member, one, "a.png", PNG) == 403
    other = log_impediment(actor=cast.coach, what="Other", category="vendor", team=cast.falcon)
    assert member.get(reverse("impediment-file", args=[other.pk, Attachment.objects.get().pk])).status_code == 404


def test_no_more_than_twenty(one: Impediment, member: Client) -> None:
    for number in range(20):
        assert add(member, one, f"{number}.txt", b"x") == 302
    assert add(member, one, "20.txt", b"x") == 400
