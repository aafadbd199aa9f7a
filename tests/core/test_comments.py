"""Comments: who is named is told once, what is taken away comes back, and the audit trail keeps every word."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core import comments
from core.comments import About
from core.models import AuditEntry, Comment, Mail, Notice
from tests.cast import Cast

ABOUT = About("Firewall rule", "/impediments/7/", "[VMO-7]")


def write(cast: Cast, text: str) -> Comment:
    people = [cast.leader, cast.pmo, cast.member]
    return comments.add(actor=cast.member, target=cast.falcon, text=text, about=ABOUT, people=people)


def told() -> list[str]:
    return sorted(Mail.objects.values_list("to", flat=True))


def test_who_is_named_is_told_once_in_the_portal_and_by_mail(cast: Cast) -> None:
    row = write(cast, "@Leo Brandt, @pia ito: who signs? Not @Vera Sand, not me@Leo Brandtx. @Max Weber waits.")
    assert told() == ["leo@example.org", "pia@example.org"]
    assert {one.user_id for one in Notice.objects.all()} == {cast.leader.pk, cast.pmo.pk}
    notice = Notice.objects.get(user=cast.leader)
    assert notice.text == "Max Weber asks for you: Firewall rule"
    assert notice.url == f"/impediments/7/#comment-{row.pk}"
    mail = Mail.objects.get(to="leo@example.org")
    assert mail.subject == "[VMO-7] Max Weber asks for you: Firewall rule"
    assert "who signs?" in mail.text
    # Who is named is kept, the writer too, who is not told of it.
    assert set(row.mentions.all()) == {cast.leader, cast.pmo, cast.member}


def test_the_longest_name_wins_and_a_part_of_a_word_is_no_name() -> None:
    text = "@Ann Lee and @Ann, but not @Anna"
    assert [text[first:last] for first, last in comments.spans(text, ["Ann", "Ann Lee"])] == ["@Ann Lee", "@Ann"]


def test_who_is_named_later_is_told_then_and_nobody_twice(cast: Cast) -> None:
    row = write(cast, "@Leo Brandt: who signs?")
    people = [cast.leader, cast.pmo]
    text = "@Leo Brandt, @Pia Ito: who signs?"
    comments.edit(actor=cast.member, comment=row, text=text, target=cast.falcon, about=ABOUT, people=people)
    comments.edit(actor=cast.member, comment=row, text=text + " Now.", target=cast.falcon, about=ABOUT, people=people)
    assert told() == ["leo@example.org", "pia@example.org"]
    row.refresh_from_db()
    assert row.edited_at is not None
    assert AuditEntry.objects.filter(verb="changed a comment on").count() == 2


def test_only_its_writer_changes_it_and_a_manager_may_take_it_away(cast: Cast) -> None:
    row = write(cast, "Who signs?")
    with pytest.raises(PermissionDenied):
        comments.edit(actor=cast.pmo, comment=row, text="No", target=cast.falcon, about=ABOUT)
    with pytest.raises(PermissionDenied):
        comments.remove(actor=cast.leader, comment=row, target=cast.falcon)
    comments.remove(actor=cast.pmo, comment=row, target=cast.falcon, is_manager=True)
    assert list(comments.comments_of(cast.falcon)) == []
    assert AuditEntry.objects.get(verb="removed a comment from").data["text"] == "Who signs?"
    with pytest.raises(ValidationError):
        comments.edit(actor=cast.member, comment=row, text="Still?", target=cast.falcon, about=ABOUT)
    for _ in range(2):
        comments.restore(actor=cast.member, comment=row, target=cast.falcon)
    assert list(comments.comments_of(cast.falcon)) == [row]
    assert AuditEntry.objects.filter(verb="put a comment back on").count() == 1


@pytest.mark.parametrize("text", ["", " \n ", "\0", "x" * (comments.LONGEST + 1)])
def test_nothing_and_too_much_are_refused(cast: Cast, text: str) -> None:
    with pytest.raises(ValidationError):
        write(cast, text)
    assert not Comment.objects.exists()


def test_those_of_several_things_are_read_together(cast: Cast) -> None:
    first = write(cast, "One")
    second = comments.add(actor=None, target=cast.heron, text="Two", about=ABOUT)
    assert list(comments.comments_of(cast.falcon, cast.heron)) == [first, second]
    assert list(comments.comments_of(cast.falcon, cast.heron, as_of=first.at)) == [first]
    assert list(comments.comments_of(cast.kite)) == []
