"""What a mail says, however it is written; nothing here needs a database."""

import pytest

from core.outbox import OURS
from impediments.mail.letters import Letter, Unreadable, head_of, letter_of, words_of
from tests.impediments.letters import PNG, mail


def test_a_plain_mail() -> None:
    letter = letter_of(mail("Since Monday.\n\n-- \nMax Weber\nFalcon", subject="Access to the test system"))
    assert letter.head.sender == "max@example.org"
    assert letter.head.subject == "Access to the test system"
    assert letter.text == "Since Monday."
    assert letter.head.automatic == ""
    assert letter.head.answers is None


def test_html_only() -> None:
    head = "<html><head><style>p {color: red}</style></head>"
    page = f"{head}<body><p>No&nbsp;access<br>since Monday</p><script>alert(1)</script><p>Help</p>"
    letter = letter_of(mail("", html=page))
    assert letter.text.split() == ["No", "access", "since", "Monday", "Help"]
    assert letter.text.splitlines()[0].startswith("No")


def test_plain_text_is_preferred_to_html() -> None:
    assert letter_of(mail("Plain", html="<p>Rich</p>")).text == "Plain"


def test_an_answer_without_what_it_quotes() -> None:
    letter = letter_of(
        mail("Fixed today.\n\nOn Mon, 2 Mar 2026 at 10:00 VMO <vmo@example.org>\nwrote:\n> [VMO-12] Access\n> more")
    )
    assert letter.own == "Fixed today."
    assert "more" in letter.text


@pytest.mark.parametrize("subject", ["Re: [VMO-12] Now with the PMO: Access", "[vmo-12]", "AW: AW: [VMO-12] x"])
def test_the_number_in_the_subject(subject: str) -> None:
    assert letter_of(mail(subject=subject)).head.answers == 12


def test_encoded_words_and_line_breaks_in_the_subject() -> None:
    raw = mail(subject="XX").replace(b"Subject: XX\n", b"Subject: =?utf-8?q?Zugang_f=C3=BCr?=\n =?utf-8?b?w5Z0aQ==?=\n")
    assert letter_of(raw).head.subject == "Zugang fürÖti"
    evil = mail(subject="XX").replace(b"Subject: XX\n", b"Subject: =?utf-8?q?One=0D=0ABcc:_x=40example.org=00?=\n")
    assert letter_of(evil).head.subject == "One Bcc: x@example.org"


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"Auto_Submitted": "auto-generated; owner=x"}, "automatic"),
        ({"Precedence": "bulk"}, "many"),
        ({"List_Id": "<all.example.org>"}, "list"),
        ({"Return_Path": "<>"}, "nobody reads"),
        ({"sender": "MAILER-DAEMON@example.org"}, "nobody reads"),
        ({"sender": "no-reply@example.org"}, "nobody reads"),
        ({"X_Autoreply": "yes"}, "automatic"),
        ({OURS.replace("-", "_"): "vmo.example.org"}, "circle"),
    ],
)
def test_what_programs_send_is_known(headers: dict[str, str], word: str) -> None:
    assert word in letter_of(mail(**headers)).head.automatic  # type: ignore[arg-type]


def test_a_person_says_no_to_auto_submitted() -> None:
    assert letter_of(mail(Auto_Submitted="no")).head.automatic == ""


def test_a_bounce_and_a_circle() -> None:
    bounce = b"From: x@example.org\nContent-Type: multipart/report; boundary=b\n\n--b\n\nNo such user\n--b--\n"
    assert "delivered" in letter_of(bounce).head.automatic
    hops = b"".join(b"Received: from a by b\n" for _ in range(41))
    assert "circles" in letter_of(hops + mail()).head.automatic
    assert letter_of(hops[len(b"Received: from a by b\n") :] + mail()).head.automatic == ""


@pytest.mark.parametrize("sender", ["", "nobody", "a@example.org, b@example.org"])
def test_there_is_one_sender_or_none(sender: str) -> None:
    raw = mail().replace(b"From: Max Weber <max@example.org>", f"From: {sender}".encode())
    assert letter_of(raw).head.sender in {"", "nobody"}
    twice = b"From: Ada <ada@example.org>\n" + mail()
    assert letter_of(twice).head.sender == ""


def test_without_a_message_id_the_content_names_it() -> None:
    one, same, other = mail(message_id=""), mail(message_id=""), mail("Other", message_id="")
    assert head_of(one).message_id == head_of(same).message_id != head_of(other).message_id
    assert head_of(one).message_id.startswith("sha256:")
    assert len(head_of(mail(message_id=f"<{'x' * 900}@example.org>")).message_id) < 100


NONSENSE = [
    b"",
    b"From: " + b"(" * 100_000 + b"\n\ntext",
    b"\x00\xff\xfe",
    b"no headers at all",
    b"From: =?x-none?q?a?= <a@b>\nContent-Type: text/plain; charset=klingon\n\n\xff\xfe\x00text",
    b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a--",
    b"Content-Type: multipart/mixed\n\nno boundary",
    b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!not base64",
    b"Subject: =?utf-8?b?!!!?=\nFrom: <<<>>>\nTo: @@@\n\ntext",
    b"Content-Type: ;;;\nContent-Disposition: attachment; filename*=klingon''%ff\n\ntext",
]


@pytest.mark.parametrize("raw", NONSENSE)
def test_nonsense_is_read_as_far_as_it_goes(raw: bytes) -> None:
    letter = letter_of(raw)
    assert isinstance(letter, Letter)
    assert "\x00" not in letter.text + letter.head.subject
    (letter.text + letter.head.subject).encode()


def test_parts_without_end_are_refused_or_read() -> None:
    deep = b"".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n".encode() for n in range(2000))
    with pytest.raises(Unreadable, match="nested"):
        letter_of(b"From: a@b\n" + deep)


def test_a_head_of_megabytes_is_not_read() -> None:
    with pytest.raises(Unreadable, match="headers"):
        head_of(b"To: " + b"a@example.org, " * 100_000)


def test_files() -> None:
    letter = letter_of(mail("See it", files={"screen.png": PNG, "../../etc/x.log": b"line\n"}))
    assert [(part.name, len(part.data)) for part in letter.parts] == [("screen.png", len(PNG)), ("../../etc/x.log", 5)]
    assert letter.text == "See it"


def test_broken_html_does_not_hide_the_rest() -> None:
    assert words_of("<head><style>x<body>Text") == "Text"
    assert words_of("a < b <!-- c <p>d</p> --> e") == "a < b e"
    assert words_of("<head><title>x<p>y</title><body><p>Text &amp; more") == "Text & more"
