"""Items of features: by the parent that the tool names, as at an instant; linking, and making features of epics."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from metrics import actions
from metrics.epics import Size, feature_marks, initiative_marks, size_of_epics, sizes, unlinked
from metrics.load import upsert
from metrics.models import EpicLink, Source
from metrics.rows import StatusRow, TransitionRow, WorkItemRow
from portfolio.actions import create_feature, create_initiative
from portfolio.models import Feature, Team
from tests.cast import Cast
from tests.metrics.cast import at, source
from tests.portfolio.test_api import Api

STATUSES = [
    StatusRow("open", "Open", "backlog"),
    StatusRow("doing", "Doing", "active"),
    StatusRow("done", "Done", "done"),
    StatusRow("dropped", "Dropped", "removed"),
]
NOW = datetime(2025, 4, 1, tzinfo=UTC)


def item(key: str, parent: str, *moves: tuple[str, str], team: str | None = None) -> list[Any]:
    """An item of 1 March and its moves (day of March, status)."""
    status = moves[-1][1] if moves else "open"
    rows: list[Any] = [
        WorkItemRow(f"id-{key}", key, f"Title of {key}", status=status, created_at=at("2025-03-01"),
                    parent=parent, team=team)
    ]  # fmt: skip
    before = "open"
    for n, (day, after) in enumerate(moves):
        rows.append(TransitionRow(f"{key}/{n}", f"id-{key}", at(f"2025-03-{day}"), before, after))
        before = after
    return rows


def board(owner: Team, slug: str = "board") -> Source:
    """E-1 has four items: one done on 10 March, one in progress, one not begun, one dropped on 12 March. E-2 has two:
    one done, one not begun. E-3, which is an item itself, has one that is done. One item has no parent.
    """
    made = source(owner, slug)
    rows = [
        *STATUSES,
        *item("A-1", "E-1", ("05", "doing"), ("10", "done")),
        *item("A-2", "E-1", ("06", "doing")),
        *item("A-3", "E-1"),
        *item("A-4", "E-1", ("12", "dropped")),
        *item("A-5", "E-2", ("05", "doing"), ("09", "done")),
        *item("A-6", "E-2"),
        *item("A-7", "E-3", ("05", "doing"), ("09", "done")),
        *item("A-8", ""),
        *item("E-3", ""),
    ]
    result = upsert(made, rows)
    assert result.rejected == []
    actions.refresh(made)
    return made


@pytest.fixture
def jira(cast: Cast) -> Source:
    return board(cast.falcon)


@pytest.fixture
def feature(cast: Cast) -> Feature:
    return create_feature(actor=None, team=cast.falcon, name="Refunds", guessed_items=9)


def link(feature: Feature, tool: Source, *parents: str) -> list[EpicLink]:
    return [actions.link_epic(actor=None, feature=feature, source=tool, parent=parent) for parent in parents]


def test_an_epic_whose_items_are_all_of_another_team_stays_theirs(cast: Cast, feature: Feature) -> None:
    """A board that two teams share: E-8 is Heron's alone, of E-9 Falcon has one item, E-7 has none yet."""
    shared = source(cast.falcon, "shared")
    rows = [*STATUSES, *item("S-1", "E-8", team="heron"), *item("S-2", "E-9", team="heron"), *item("S-3", "E-9")]
    assert upsert(shared, rows).rejected == []
    with pytest.raises(ValidationError) as refused:
        link(feature, shared, "E-8")
    assert refused.value.message_dict == {"parent": ["Its items are those of other teams: none is with Falcon."]}
    assert len(link(feature, shared, "E-9", "E-7")) == 2


def test_the_example_of_an_epic_is_an_item_of_the_team(cast: Cast) -> None:
    """Of E-9 Falcon has two items and Heron one, whose title comes first and is not Falcon's to read."""
    shared = source(cast.falcon, "shared")
    rows = [*STATUSES, *item("A-1", "E-9", team="heron"), *item("S-2", "E-9"), *item("S-3", "E-9")]
    assert upsert(shared, rows).rejected == []
    actions.refresh(shared)
    [epic] = unlinked(cast.falcon.pk, cast.member)
    assert (epic.items, epic.example) == (3, "Title of S-2")


class TestSizes:
    def test_what_was_removed_does_not_count(self, jira: Source, feature: Feature) -> None:
        """E-1: 4 items less the dropped one are 3, of which A-2 and A-3 are open."""
        links = link(feature, jira, "E-1")
        assert sizes([feature.pk], NOW) == {feature.pk: Size(3, 2, 1)}
        link(feature, jira, "E-2")
        assert sizes([feature.pk], NOW) == {feature.pk: Size(3 + 2, 2 + 1, 2)}
        assert size_of_epics(links, NOW) == [Size(3, 2)]

    @pytest.mark.parametrize(
        ("day", "items", "still_open"),
        [
            ("2025-02-28", 0, 0),  # before they were created
            ("2025-03-01", 4, 4),
            ("2025-03-09", 4, 4),
            ("2025-03-10", 4, 3),  # A-1 is done
            ("2025-03-12", 3, 2),  # A-4 is dropped
        ],
    )
    def test_as_at_a_day(self, jira: Source, feature: Feature, day: str, items: int, still_open: int) -> None:
        link(feature, jira, "E-1")
        assert sizes([feature.pk], at(f"{day} 12:00")) == {feature.pk: Size(items, still_open, 1)}

    def test_the_same_key_in_another_source_is_another_parent(self, cast: Cast, jira: Source, feature: Feature) -> None:
        other = board(cast.falcon, "other")
        link(feature, other, "E-2")
        assert sizes([feature.pk], NOW)[feature.pk] == Size(2, 1, 1)

    def test_deleted_items_are_gone(self, jira: Source, feature: Feature) -> None:
        link(feature, jira, "E-1")
        jira.items.filter(key="A-2").update(deleted_at=NOW)
        assert sizes([feature.pk], NOW)[feature.pk] == Size(2, 1, 1)

    def test_of_many_features_in_as_many_queries_as_of_one(self, cast: Cast, jira: Source) -> None:
        made = [create_feature(actor=None, team=cast.falcon, name=name) for name in "ABC"]
        for one, parent in zip(made, ["E-1", "E-2", "E-3"], strict=True):
            link(one, jira, parent)

        def queries(*features: Feature) -> int:
            with CaptureQueriesContext(connection) as found:
                sizes([one.pk for one in features], NOW)
            return len(found)

        assert queries(*made[:1]) == queries(*made)
        assert sizes([one.pk for one in made], NOW)[made[2].pk] == Size(1, 0, 1)

    def test_without_features_nothing_is_asked(self, db: None) -> None:
        assert sizes([], NOW) == {}


class TestMarks:
    def texts(self, feature: Feature, cast: Cast) -> list[str]:
        return [mark.text for mark in feature_marks([feature.pk], cast.leader, NOW)[feature.pk]]

    def test_say_how_far_it_is(self, cast: Cast, jira: Source, feature: Feature) -> None:
        link(feature, jira, "E-1")
        (mark,) = feature_marks([feature.pk], cast.leader, NOW)[feature.pk]
        assert mark.text == "1 of 3 items finished"
        assert mark.share == pytest.approx(1 / 3)

    def test_say_what_counts_until_there_are_items(self, cast: Cast, jira: Source, feature: Feature) -> None:
        assert self.texts(feature, cast) == ["not broken down", "about 9 items, by guess"]
        link(feature, jira, "E-9")
        assert self.texts(feature, cast)[0] == "no items yet"
        Feature.objects.update(guessed_items=None)
        assert self.texts(feature, cast)[1] == "counts with the usual size"

    def test_of_an_initiative_are_those_of_its_features_that_one_sees(self, cast: Cast, jira: Source) -> None:
        goal = create_initiative(actor=None, stream=cast.payments, name="Goal")
        for team, parent in ((cast.falcon, "E-1"), (cast.heron, "E-2")):
            part = create_feature(actor=None, team=team, name=parent, initiative=goal)
            EpicLink.objects.create(feature=part, source=jira, parent=parent)
        everybody, member = (initiative_marks([goal.pk], who, NOW) for who in (cast.leader, cast.member))
        assert [mark.text for mark in everybody[goal.pk]] == ["2 of 5 items finished"]
        assert [mark.text for mark in member[goal.pk]] == ["1 of 3 items finished"]


class TestUnlinked:
    def found(self, cast: Cast, team: Team) -> list[tuple[str, str, int, int]]:
        return [(epic.parent, epic.title, epic.items, epic.open) for epic in unlinked(team.pk, cast.leader)]

    def test_parents_that_belong_to_no_feature_the_openest_first(
        self, cast: Cast, jira: Source, feature: Feature
    ) -> None:
        """E-3 is an item itself, so it has a title; the others are told by one of their items."""
        expected = [("E-1", "", 3, 2), ("E-2", "", 2, 1), ("E-3", "Title of E-3", 1, 0)]
        assert self.found(cast, cast.falcon) == expected
        assert unlinked(cast.falcon.pk, cast.leader)[0].example == "Title of A-1"
        link(feature, jira, "E-1")
        assert self.found(cast, cast.falcon) == expected[1:]

    def test_the_team_that_holds_most_of_a_parent_is_asked(self, cast: Cast) -> None:
        shared = source(cast.falcon)
        rows = [item("B-1", "E-1", team="heron"), item("B-2", "E-1", team="heron"), item("B-3", "E-1")]
        upsert(shared, [*STATUSES, *(row for group in rows for row in group)])
        actions.refresh(shared)
        assert self.found(cast, cast.heron) == [("E-1", "", 3, 3)]
        assert self.found(cast, cast.falcon) == []

    def test_a_title_is_not_told_to_those_who_may_not_see_its_item(self, cast: Cast, jira: Source) -> None:
        jira.items.filter(key="E-3").update(team=cast.kite)
        assert [epic.title for epic in unlinked(cast.falcon.pk, cast.leader)][-1] == "Title of E-3"
        assert [epic.title for epic in unlinked(cast.falcon.pk, cast.coach)][-1] == ""


class TestVerbs:
    def test_linking_and_unlinking_are_recorded(self, jira: Source, feature: Feature) -> None:
        (made,) = link(feature, jira, "E-1")
        actions.unlink_epic(actor=None, link=made)
        assert not EpicLink.objects.exists()
        entries = AuditEntry.objects.filter(target_id=str(feature.pk)).values_list("verb", "data")[:2]
        same = {"source": "Board", "parent": "E-1"}
        assert list(entries) == [("unlinked", same), ("linked", same)]

    def test_a_parent_belongs_to_one_feature(self, cast: Cast, jira: Source, feature: Feature) -> None:
        link(feature, jira, "E-1")
        other = create_feature(actor=None, team=cast.falcon, name="Other")
        with pytest.raises(ValidationError, match="belong to another feature already"):
            link(other, jira, "E-1")

    @pytest.mark.parametrize("parent", ["", "x" * 201])
    def test_a_parent_that_is_none(self, jira: Source, feature: Feature, parent: str) -> None:
        with pytest.raises(ValidationError) as error:
            link(feature, jira, parent)
        assert list(error.value.message_dict) == ["parent"]

    def test_only_sources_of_the_team(self, cast: Cast, feature: Feature) -> None:
        theirs = board(cast.kite)
        with pytest.raises(ValidationError, match="delivers no items of Falcon"):
            link(feature, theirs, "E-1")

    def test_who_may(self, cast: Cast, jira: Source, feature: Feature) -> None:
        made = actions.link_epic(actor=cast.coach, feature=feature, source=jira, parent="E-1")
        with pytest.raises(PermissionDenied):
            actions.unlink_epic(actor=cast.viewer, link=made)

    def test_features_are_made_in_one_go_or_not_at_all(self, cast: Cast, jira: Source, feature: Feature) -> None:
        with pytest.raises(ValidationError, match=r"E-2: .*already exists"):
            actions.make_features(
                actor=None, team=cast.falcon, epics=[(jira, "E-1", "New"), (jira, "E-2", feature.name)]
            )
        assert Feature.objects.count() == 1
        made = actions.make_features(actor=None, team=cast.falcon, epics=[(jira, "E-1", "One"), (jira, "E-2", "Two")])
        assert [(one.name, one.rank) for one in made] == [("One", 2), ("Two", 3)]
        assert sizes([made[0].pk], NOW)[made[0].pk] == Size(3, 2, 1)


class TestPages:
    EPICS = "/organisation/teams/falcon/epics/"

    @pytest.fixture
    def coach(self, client: Client, cast: Cast) -> Client:
        client.force_login(cast.coach)
        return client

    def url(self, feature: Feature) -> str:
        return f"/organisation/teams/falcon/features/{feature.pk}/"

    def test_an_epic_is_linked_shown_unlinked_and_linked_again(
        self, coach: Client, jira: Source, feature: Feature
    ) -> None:
        assert "Link the epic under which its items are kept" in coach.get(self.url(feature)).content.decode()
        done = coach.post(f"{self.url(feature)}epics/", {"source": jira.pk, "parent": " E-1 "}, follow=True)
        assert "E-1 belongs to Refunds. It has 3 items." in done.content.decode()
        (made,) = EpicLink.objects.all()
        gone = coach.post(f"{self.url(feature)}epics/{made.pk}/unlink/", follow=True)
        assert not EpicLink.objects.exists()
        coach.post(gone.context["messages"]._loaded_data[-1].extra_tags)
        assert EpicLink.objects.get().parent == "E-1"

    def test_a_key_that_no_item_names_is_linked_with_a_word(
        self, coach: Client, jira: Source, feature: Feature
    ) -> None:
        done = coach.post(f"{self.url(feature)}epics/", {"source": jira.pk, "parent": "E-77"}, follow=True)
        assert "No item names it yet" in done.content.decode()

    @pytest.mark.parametrize("parent", ["", "x" * 201, "E\x00"])
    def test_what_is_wrong_is_said(self, coach: Client, jira: Source, feature: Feature, parent: str) -> None:
        done = coach.post(f"{self.url(feature)}epics/", {"source": jira.pk, "parent": parent}, follow=True)
        seen = done.content.decode()
        assert 'id="link-parent_error"' in seen
        assert not EpicLink.objects.exists()

    def test_features_are_made_of_chosen_epics(self, coach: Client, cast: Cast, jira: Source) -> None:
        assert "Make features of epics" in coach.get("/organisation/teams/falcon/").content.decode()
        seen = coach.get(self.EPICS).content.decode()
        assert "2 open epics of Falcon belong to no feature" in seen
        assert "Show 1 finished" in seen
        goal = create_initiative(actor=None, stream=cast.payments, name="Goal")
        sent = {f"take:{jira.pk}:E-1": "on", f"name:{jira.pk}:E-1": "Refunds", "initiative": goal.pk}
        done = coach.post(self.EPICS, sent, follow=True)
        assert "1 feature was made, last in the team’s order" in done.content.decode()
        made = Feature.objects.get()
        assert (made.name, made.initiative, made.epics.get().parent) == ("Refunds", goal, "E-1")

    def test_nothing_chosen_a_name_missing_or_taken(self, coach: Client, jira: Source, feature: Feature) -> None:
        assert "Choose at least one epic." in coach.post(self.EPICS, {}).content.decode()
        sent = {f"take:{jira.pk}:E-1": "on", f"name:{jira.pk}:E-1": " ", f"name:{jira.pk}:E-2": "Typed"}
        seen = coach.post(self.EPICS, sent).content.decode()
        assert "Give the feature a name." in seen
        assert 'value="Typed"' in seen
        taken = coach.post(self.EPICS, sent | {f"name:{jira.pk}:E-1": feature.name}).content.decode()
        assert "E-1: " in taken
        assert "already exists" in taken
        assert Feature.objects.count() == 1

    def test_without_a_source_the_page_teaches(self, coach: Client) -> None:
        assert "No source delivers items of this team yet" in coach.get(self.EPICS).content.decode()

    def test_what_the_verb_refuses_is_said_at_the_field(
        self, coach: Client, cast: Cast, jira: Source, feature: Feature
    ) -> None:
        other = create_feature(actor=None, team=cast.falcon, name="Other")
        link(other, jira, "E-1")
        sent = {"source": jira.pk, "parent": "E-1"}
        seen = coach.post(f"{self.url(feature)}epics/", sent).content.decode()
        assert "belong to another feature already" in seen
        assert 'value="E-1"' in seen

    def test_a_link_of_another_feature_is_not_found(
        self, coach: Client, cast: Cast, jira: Source, feature: Feature
    ) -> None:
        other = create_feature(actor=None, team=cast.falcon, name="Other")
        (made,) = link(other, jira, "E-1")
        assert coach.post(f"{self.url(feature)}epics/{made.pk}/unlink/").status_code == 404


class TestApi:
    def test_links_are_listed_made_and_removed(self, cast: Cast, jira: Source, feature: Feature) -> None:
        api = Api(cast.coach)
        sent = {"feature": feature.pk, "source": "board", "parent": "E-1"}
        status, made = api("post", "epics/", sent)
        assert (status, made) == (201, {"id": EpicLink.objects.get().pk} | sent)
        assert api("post", "epics/", sent)[0] == 400
        assert api("get", f"epics/?feature={feature.pk}")[1]["results"] == [made]  # type: ignore[index]
        assert api("get", "epics/?feature=0")[1]["results"] == []  # type: ignore[index]
        assert api("get", "epics/?feature=x")[0] == 400
        assert Api(cast.viewer)("delete", f"epics/{made['id']}/")[0] == 403  # type: ignore[index]
        assert api("delete", f"epics/{made['id']}/")[0] == 204  # type: ignore[index]
        assert not EpicLink.objects.exists()

    def test_neither_features_nor_sources_of_others_can_be_named(self, cast: Cast, feature: Feature) -> None:
        board(cast.kite)
        api = Api(cast.coach)
        theirs = create_feature(actor=None, team=cast.kite, name="Theirs")
        status, said = api("post", "epics/", {"feature": feature.pk, "source": "board", "parent": "E-1"})
        assert (status, list(said)) == (400, ["source"])  # type: ignore[call-overload]
        status, said = api("post", "epics/", {"feature": theirs.pk, "source": "board", "parent": "E-1"})
        assert (status, list(said)) == (400, ["feature", "source"])  # type: ignore[call-overload]
