"""Comments: who is named is told once, what is taken away comes back, and the audit trail keeps every word."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError

from core import comments
from core.models import AuditEntry, Comment
from tests.cast import Cast


class Told(list[str]):
    """Who was told, in the order of it."""

    def __call__(self, comment: Comment, people: Sequence[AbstractBaseUser]) -> None:
        self.extend(str(person) for person in people)


def write(cast: Cast, text: str, told: Told | None = None) -> Comment:
    people = [cast.leader, cast.pmo, cast.member]
    return comments.add(actor=cast.member, target=cast.falcon, text=text, people=people, tell=told)


def test_who_is_named_is_told_but_not_who_writes(cast: Cast) -> None:
    told = Told()
    row = write(
        cast, "@Leo Brandt, @pia ito: sign? Not @Vera Sand, not me@Leo Brandt, @Leo Brandts. @Max Weber waits", told
    )
    assert sorted(told) == ["Leo Brandt", "Pia Ito"]
    # Who is named is kept, the writer too.
    assert set(row.mentions.all()) == {cast.leader, cast.pmo, cast.member}


def test_the_longest_name_wins_and_a_part_of_a_word_is_no_name() -> None:
    text = "@Ann Lee and @Ann, but not @Anna"
    assert [text[first:last] for first, last in comments.spans(text, ["Ann", "Ann Lee"])] == ["@Ann Lee", "@Ann"]


def test_who_is_named_later_is_told_then_and_nobody_twice(cast: Cast) -> None:
    told, people = Told(), [cast.leader, cast.pmo]
    row = write(cast, "@Leo Brandt: who signs?", told)
    for text in ("@Leo Brandt, @Pia Ito: who signs?", "@Leo Brandt, @Pia Ito: who signs? Now."):
        comments.edit(actor=cast.member, comment=row, text=text, target=cast.falcon, people=people, tell=told)
    assert told == ["Leo Brandt", "Pia Ito"]
    row.refresh_from_db()
    assert row.edited_at is not None
    assert AuditEntry.objects.filter(verb="changed a comment on").count() == 2


def test_only_its_writer_changes_it_and_a_manager_may_take_it_away(cast: Cast) -> None:
    row = write(cast, "Who signs?")
    with pytest.raises(PermissionDenied):
        comments.edit(actor=cast.pmo, comment=row, text="No", target=cast.falcon)
    with pytest.raises(PermissionDenied):
        comments.remove(actor=cast.leader, comment=row, target=cast.falcon)
    comments.remove(actor=cast.pmo, comment=row, target=cast.falcon, is_manager=True)
    assert list(comments.comments_of(cast.falcon)) == []
    assert AuditEntry.objects.get(verb="removed a comment from").data["text"] == "Who signs?"
    with pytest.raises(ValidationError):
        comments.edit(actor=cast.member, comment=row, text="Still?", target=cast.falcon)
    for _ in range(2):
        comments.restore(actor=cast.pmo, comment=row, target=cast.falcon, is_manager=True)
    assert list(comments.comments_of(cast.falcon)) == [row]
    assert AuditEntry.objects.filter(verb="put a comment back on").count() == 1


@pytest.mark.parametrize("text", ["", " \n ", "\0", "x" * (comments.LONGEST + 1)])
def test_nothing_and_too_much_are_refused(cast: Cast, text: str) -> None:
    with pytest.raises(ValidationError):
        write(cast, text)
    assert not Comment.objects.exists()


def test_those_of_several_things_are_read_together(cast: Cast) -> None:
    first = write(cast, "One")
    second = comments.add(actor=None, target=cast.heron, text="Two")
    assert list(comments.comments_of(cast.falcon, cast.heron)) == [first, second]
    assert list(comments.comments_of(cast.falcon, cast.heron, as_of=first.at)) == [first]
    assert list(comments.comments_of(cast.kite)) == []


def test_what_a_manager_took_away_its_writer_does_not_put_back(cast: Cast) -> None:
    row = write(cast, "The number of my card is 12")
    comments.remove(actor=cast.pmo, comment=row, target=cast.falcon, is_manager=True)
    with pytest.raises(PermissionDenied):
        comments.restore(actor=cast.member, comment=row, target=cast.falcon)
    comments.restore(actor=cast.pmo, comment=row, target=cast.falcon, is_manager=True)
    comments.remove(actor=cast.member, comment=row, target=cast.falcon)
    comments.restore(actor=cast.member, comment=row, target=cast.falcon)
    assert list(comments.comments_of(cast.falcon)) == [row]
