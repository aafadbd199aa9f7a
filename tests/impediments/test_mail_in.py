"""What becomes of mails: logged, added as comments, or refused; each once, whoever works on them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from core.comments import comments_of
from core.models import AuditEntry, JobState, Mail
from impediments.actions import channels, log_impediment
from impediments.mail import intake, reading
from impediments.mail.addresses import address, team_of
from impediments.mail.intake import NotTaken, take_in, teams_of
from impediments.models import Impediment, IncomingMail, Verdict
from tests.cast import Cast
from tests.impediments.letters import PNG, mail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def domain(settings: Settings) -> None:
    settings.MAIL_DOMAIN = "in.example.org"
    settings.PORTAL_URL = "https://vmo.example.org"


def receive(cast: Cast, *args: Any, **fields: Any) -> IncomingMail:
    """A mail to Falcon, taken in and read."""
    row, _ = take_in(team=cast.falcon, raw=mail(*args, **fields))
    reading.read(row.pk)
    row.refresh_from_db()
    return row


def test_an_address_is_secret_and_renewed(cast: Cast) -> None:
    first = address(cast.falcon, channels.make_address(actor=cast.pmo, team=cast.falcon).token)
    assert first.startswith("falcon+")
    assert first.endswith("@in.example.org")
    assert team_of(first.upper()) == cast.falcon
    second = address(cast.falcon, channels.make_address(actor=cast.stream_pmo, team=cast.falcon).token)
    assert (team_of(first), team_of(second)) == (None, cast.falcon)
    token = second.partition("+")[2].partition("@")[0]
    for wrong in (f"falcon+{token}@example.org", "falcon@in.example.org", f"falcon+{token[:-1]}@in.example.org", "x"):
        assert team_of(wrong) is None
    assert not AuditEntry.objects.filter(data__icontains=token).exists()
    channels.remove_address(actor=cast.pmo, team=cast.falcon)
    assert team_of(second) is None


def test_a_mail_is_logged(cast: Cast) -> None:
    files = {"screen.png": PNG, "run.exe": b"MZ\x90", "big.txt": b"a" * (5 * 2**20 + 1), "page.png": b"<html>"}
    row = receive(cast, "No answer since Monday.\n\n-- \nMax", subject="Fwd: Vendor silent", files=files)
    made = Impediment.objects.get()
    assert (row.verdict, row.state, row.impediment) == (Verdict.LOGGED, JobState.SUCCEEDED, made)
    assert (made.what, made.description) == ("Vendor silent", "No answer since Monday.")
    assert (made.team, made.logged_by, made.category, made.via) == (cast.falcon, cast.member, "other", "mail")
    assert [(one.name, bytes(one.data)) for one in made.attachments.all()] == [("screen.png", PNG)]
    assert all(name in row.note for name in ("run.exe", "big.txt", "page.png"))
    # The sender is told, with a way to go on.
    answer = Mail.objects.get(to=cast.member.email)
    assert answer.subject == f"[VMO-{made.pk}] Logged: Vendor silent"
    assert f"https://vmo.example.org/impediments/{made.pk}/" in answer.text


@pytest.mark.parametrize(
    ("subject", "text", "what"),
    [
        ("", "\nThe gate is closed\nfor days", "The gate is closed"),
        ("", "", "(no subject)"),
        ("Re: Fw:", "Text", "Text"),
        ("x" * 250, "Text", "x" * 199 + "…"),
    ],
)
def test_what_it_is_called(cast: Cast, subject: str, text: str, what: str) -> None:
    receive(cast, text, subject=subject)
    assert Impediment.objects.get().what == what


def test_the_same_mail_again_is_the_same_mail(cast: Cast) -> None:
    first = receive(cast)
    again, is_new = take_in(team=cast.falcon, raw=mail("Other text, same message id"))
    assert (again.pk, is_new) == (first.pk, False)
    reading.read(first.pk)
    assert Impediment.objects.count() == 1
    # To another team it is another mail.
    assert take_in(team=cast.heron, raw=mail())[1]


@pytest.mark.parametrize(
    ("sender", "note"),
    [("stranger@example.com", "Nobody"), ("vera@example.org", "may not log"), ("otto@example.org", "may not log")],
)
def test_who_may_not_log_logs_nothing(cast: Cast, sender: str, note: str) -> None:
    row = receive(cast, sender=sender)
    assert row.verdict == Verdict.REFUSED
    assert note in row.note
    assert not Impediment.objects.exists()
    # What strangers send is not kept.
    assert bool(row.raw) is (note != "Nobody")
    # People of the portal are told, once a day; strangers never: the address may be anybody's.
    receive(cast, sender=sender, message_id="<two@example.org>")
    assert Mail.objects.filter(to=sender).count() == (0 if note == "Nobody" else 1)


def test_a_person_who_left_is_nobody(cast: Cast) -> None:
    cast.member.is_active = False
    cast.member.save()
    assert receive(cast).verdict == Verdict.REFUSED


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "auto-replied"}, {"List_Id": "<x>"}, {"Return_Path": "<>"}, {"Precedence": "bulk"}]
)
def test_programs_are_neither_logged_nor_answered(cast: Cast, headers: dict[str, str]) -> None:
    row = receive(cast, **headers)
    assert row.verdict == Verdict.REFUSED
    assert not Impediment.objects.exists()
    assert not Mail.objects.exists()


def test_two_programs_that_answer_each_other_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """They hide that they are programs, and change the subject each time."""
    monkeypatch.setattr(reading, "MOST_PER_SENDER", 3)
    rows = [receive(cast, subject=f"I am away {n}", message_id=f"<{n}@example.org>") for n in range(5)]
    assert [row.verdict for row in rows] == ["logged"] * 3 + ["refused"] * 2
    assert "loop" in rows[-1].note


def test_more_than_people_write_is_put_off(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_PER_HOUR", 1)
    receive(cast)
    with pytest.raises(NotTaken) as caught:
        take_in(team=cast.falcon, raw=mail(message_id="<2@example.org>"))
    assert caught.value.later


def test_more_than_an_hour_holds_is_put_off(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_BYTES_PER_HOUR", len(mail()) + 10)
    receive(cast)
    with pytest.raises(NotTaken, match="MB") as caught:
        take_in(team=cast.falcon, raw=mail(message_id="<2@example.org>"))
    assert caught.value.later


def answer_to(one: Impediment) -> dict[str, str]:
    return {"In_Reply_To": f"<impediment-{one.pk}.99@vmo.example.org>", "subject": "Re: something"}


def test_an_answer_becomes_a_comment(cast: Cast) -> None:
    one = log_impediment(actor=cast.coach, what="Vendor silent", category="vendor", team=cast.falcon)
    row = receive(cast, "They called back.\n\nOn Monday VMO wrote:\n> Vendor silent", **answer_to(one))
    assert (row.verdict, row.impediment) == (Verdict.COMMENT, one)
    assert [(said.author_id, said.text) for said in comments_of(one)] == [(cast.member.pk, "They called back.")]
    # Cora, who logged it, hears of it; Max gets no answer to an answer.
    assert {sent.to for sent in Mail.objects.all()} == {cast.coach.email}
    # By the number in the subject, too; the same words again are a loop.
    again = receive(cast, "They called back.", subject=f"AW: [VMO-{one.pk}] x", message_id="<2@x.org>")
    assert (again.verdict, comments_of(one).count()) == (Verdict.REFUSED, 1)
    other = receive(cast, "And again.", subject=f"AW: [VMO-{one.pk}] x", message_id="<3@x.org>")
    assert (other.verdict, comments_of(one).count()) == (Verdict.COMMENT, 2)


def test_an_answer_to_what_one_may_not_see_is_refused_alike(cast: Cast) -> None:
    hidden = log_impediment(actor=cast.pmo, what="Secret", category="legal", team=cast.kite)
    notes = [
        receive(cast, message_id=f"<{pk}@x.org>", subject=f"[VMO-{pk}] x").note.replace(str(pk), "N")
        for pk in (hidden.pk, hidden.pk + 1000)
    ]
    assert notes[0] == notes[1] == "It answers VMO-N, which Max Weber may not work on."
    assert not comments_of(hidden).exists()
    assert Impediment.objects.count() == 1


def test_a_team_that_ended(cast: Cast) -> None:
    cast.falcon.ended_on = timezone.localdate() - timedelta(days=10)
    cast.falcon.save()
    row = receive(cast, sender=cast.pmo.email)
    assert row.verdict == Verdict.REFUSED
    assert "ended" in row.note


def test_a_worker_that_lost_its_lease_makes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once: the one whose lease was taken over rolls back what it made."""
    row, _ = take_in(team=cast.falcon, raw=mail())

    def slow(**fields: Any) -> Impediment:
        made = log_impediment(**fields)
        IncomingMail.objects.filter(pk=row.pk).update(fence=99)
        return made

    monkeypatch.setattr(reading, "log_impediment", slow)
    reading.read(row.pk)
    assert not Impediment.objects.exists()
    row.refresh_from_db()
    assert (row.verdict, row.state) == (Verdict.WAITING, JobState.RUNNING)


def test_large_empty_and_misdirected_mails_are_not_taken(cast: Cast) -> None:
    with pytest.raises(NotTaken, match="larger than 10 MB"):
        take_in(team=cast.falcon, raw=mail() + b"x" * (30 * 2**20))
    with pytest.raises(NotTaken, match="empty"):
        take_in(team=cast.falcon, raw=b" \r\n")
    with pytest.raises(NotTaken, match="No team"):
        teams_of(mail(), ["falcon+aaaaaaaaaaaaaaaa@in.example.org"])
    assert not IncomingMail.objects.exists()


def test_old_mails_are_emptied(cast: Cast) -> None:
    row = receive(cast)
    later = timezone.now() + timedelta(days=15)
    assert (intake.forget(later - timedelta(days=2)), intake.forget(later), intake.forget(later)) == (0, 1, 0)
    row.refresh_from_db()
    assert (bytes(row.raw), row.verdict) == (b"", Verdict.LOGGED)


def test_an_answer_at_the_address_of_another_team_is_refused(cast: Cast) -> None:
    """Pia may work on both; what Falcon's secret address takes is written to Falcon's impediments only."""
    one = log_impediment(actor=None, what="No link", category="other", team=cast.heron)
    row = receive(cast, "They called back.", sender="pia@example.org", subject=f"Re: [VMO-{one.pk}] x")
    assert (row.verdict, row.impediment) == (Verdict.REFUSED, None)
    assert row.note == f"It answers VMO-{one.pk}, which is not of Falcon: answer on its page."
    assert not comments_of(one).exists()
    assert Impediment.objects.count() == 1
