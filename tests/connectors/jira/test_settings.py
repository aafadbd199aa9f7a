"""What is typed into the form, and Jira's small conventions."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.jira.payload import instant, jql_minute
from connectors.jira.settings import FIELDS, Options, mapping, scope, without_order
from connectors.protocol import ConnectorError


def options(**typed: str) -> Options:
    return Options.parse({"url": "https://jira.example.com", "project": "PAY"} | typed)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.atlassian.net/", "https://example.atlassian.net"),
        ("https://example.atlassian.net/jira/software/projects/PAY/boards/1", "https://example.atlassian.net"),
        ("https://jira.example.com/jira/browse/PAY-1", "https://jira.example.com/jira"),
        ("https://jira.example.com/projects/PAY/summary", "https://jira.example.com"),
    ],
)
def test_an_address_may_be_that_of_a_page(typed: str, url: str) -> None:
    assert options(url=typed).url == url


@pytest.mark.parametrize(
    ("typed", "jql"),
    [
        ("component = Cards order by Rank", "component = Cards"),
        ('summary ~ "order by" ORDER  BY key', 'summary ~ "order by"'),
        (r"summary ~ 'it\'s order by' ", r"summary ~ 'it\'s order by'"),
        ("ORDER BY created", ""),
        ("reorder = 1", "reorder = 1"),
    ],
)
def test_the_order_of_a_filter_is_ignored(typed: str, jql: str) -> None:
    assert without_order(typed) == jql


def test_project_and_filter_limit_each_other() -> None:
    assert scope(("PAY", "OPS"), "a = 1 OR b = 2 ORDER BY c") == 'project in ("PAY", "OPS") AND (a = 1 OR b = 2)'
    assert scope((), "a = 1") == "(a = 1)"
    assert scope(('A"B',), "") == 'project in ("A\\"B")'
    assert (options(jql="a = 1").scope_setting, options().scope_setting) == ("jql", "project")


def test_lines_of_a_mapping() -> None:
    assert mapping("Squad Blue = falcon\n\n A=B = heron ", "team_map") == {"squad blue": "falcon", "a=b": "heron"}
    with pytest.raises(ConnectorError) as caught:
        mapping("Squad Blue: falcon", "team_map")
    assert (caught.value.field, caught.value.permanent) == ("team_map", True)


def test_every_field_has_words_for_people() -> None:
    assert all(field.label[0].isupper() for field in FIELDS)
    assert [field.name for field in FIELDS if not field.help] == ["incident_resolved"]
    assert [field.name for field in FIELDS if field.kind == "secret"] == ["token", "password"]


def test_times_of_jira() -> None:
    assert instant("2024-01-08T10:15:32.123+0100") == datetime(2024, 1, 8, 9, 15, 32, 123000, UTC)
    assert instant(1704705332123) == datetime(2024, 1, 8, 9, 15, 32, 123000, UTC)
    with pytest.raises(ValueError, match="time zone"):
        instant("2024-01-08T10:15:32")


ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]


# New York, 3 November 2024: 05:45 UTC is the first 01:45, 06:45 the second.
TWICE = int(datetime(2024, 11, 3, 5, 45, tzinfo=UTC).timestamp() - datetime(2000, 1, 1, tzinfo=UTC).timestamp())


@example(seconds=TWICE, zone="America/New_York", fold=1)
@example(seconds=TWICE + 3600, zone="America/New_York", fold=0)
@given(seconds=st.integers(0, 40 * 366 * 86400), zone=st.sampled_from(ZONES), fold=st.sampled_from([0, 1]))
def test_a_minute_for_jql_is_never_late_and_seldom_early(seconds: int, zone: str, fold: int) -> None:
    """Whichever of two readings the server takes in the hour that comes twice."""
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    place = ZoneInfo(zone)
    read = datetime.strptime(jql_minute(at, place), "%Y-%m-%d %H:%M").replace(tzinfo=place, fold=fold)
    assert timedelta(0) <= at - read.astimezone(UTC) < timedelta(hours=2, minutes=1)


@given(hours=st.integers(-12, 14))
def test_a_minute_for_jql_is_early_enough_for_every_zone(hours: int) -> None:
    at = datetime(2024, 5, 1, 12, tzinfo=UTC)
    read = datetime.strptime(jql_minute(at, None), "%Y-%m-%d %H:%M").replace(tzinfo=timezone(timedelta(hours=hours)))
    assert read <= at
