"""The CSV connector by itself: encodings, separators, dates, layouts and bad lines."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.csv import dates
from connectors.protocol import Batch, ConnectorError, Cursor, Rejected
from metrics.rows import StatusRow, TransitionRow, WorkItemRow
from tests.connectors.cast import connector, rows_of, shared

CHANGES = "key,at,from,to,created\nA-1,2025-01-02T09:00Z,Open,Doing,2025-01-01\n"


def pull(path: Path, cursor: Cursor | None = None, zone: str = "UTC", **settings: str) -> list[Batch]:
    return list(connector("csv", path.parent, zone, path=str(path), **settings).pull(cursor))


def rejected(batches: list[Batch]) -> list[Rejected]:
    return [bad for batch in batches for bad in batch.rejected]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode(encoding))
    return path


def moves(path: Path, **settings: Any) -> list[tuple[str, datetime, str | None, str]]:
    rows = rows_of(pull(path, **settings), TransitionRow)
    return [(row.item, row.at, row.from_status, row.to_status) for row in rows]


def test_one_row_per_change(tmp_path: Path) -> None:
    text = CHANGES + "A-1,2025-01-03T09:00Z,Doing,Done,2025-01-01\nA-2,2025-01-04T09:00Z,,Open,\n"
    batches = pull(file(tmp_path, text))
    assert [(row.key, row.status, row.created_at) for row in rows_of(batches, WorkItemRow)] == [
        ("A-1", "Done", at(2025, 1, 1)),
        ("A-2", "Open", None),
    ]
    assert moves(tmp_path / "a.csv") == [
        ("A-1", at(2025, 1, 2, 9), "Open", "Doing"),
        ("A-1", at(2025, 1, 3, 9), "Doing", "Done"),
        ("A-2", at(2025, 1, 4, 9), None, "Open"),
    ]
    assert {row.name for row in rows_of(batches, StatusRow)} == {"Open", "Doing", "Done"}
    assert [batch.whole for batch in batches if batch.whole] == [["A-1", "A-2"]]


def test_columns_by_the_names_that_are_given(tmp_path: Path) -> None:
    path = file(tmp_path, "Nr;Zeit;Neu;Titel\n7;02.01.2025;Doing;Ünter\n")
    batches = pull(path, key="nr", at="Zeit", to="Neu", title="Titel")
    (row,) = rows_of(batches, WorkItemRow)
    assert (row.key, row.title) == ("7", "Ünter")
    assert rows_of(batches, TransitionRow)[0].from_status is None


def test_other_columns_describe_the_item(tmp_path: Path) -> None:
    text = (
        "key,at,to,title,type,points,labels,parent,updated\n"
        'A-1,2025-01-02,Doing,First,Story,"3,5","red, blue",E-1,2025-01-05\n'
        "A-1,2025-01-03,Done,,,,,,\n"
    )
    (row,) = rows_of(pull(file(tmp_path, text)), WorkItemRow)
    assert row.title == "First"
    assert (row.tool_type, row.points, row.labels, row.parent) == ("Story", 3.5, ("red", "blue"), "E-1")
    assert row.updated_at == at(2025, 1, 5)


def test_one_row_per_item_with_date_columns(tmp_path: Path) -> None:
    text = "key,created,Started,Tested,Finished\nA-1,2025-01-01,2025-01-02,,2025-01-05\nA-2,2025-01-01,,,\n"
    path = file(tmp_path, text)
    columns = "Doing=Started\nTesting=Tested\nDone=Finished"
    assert moves(path, columns=columns) == [
        ("A-1", at(2025, 1, 2), None, "Doing"),
        ("A-1", at(2025, 1, 5), "Doing", "Done"),
    ]
    batches = pull(path, columns=columns)
    assert [row.status for row in rows_of(batches, WorkItemRow)] == ["Done", ""]
    assert [(row.name, row.position) for row in rows_of(batches, StatusRow)] == [("Doing", 0), ("Done", 2)]


def test_dates_of_one_item_are_put_in_order_and_equal_ones_go_by_the_columns(tmp_path: Path) -> None:
    text = "key,Started,Back,Finished\nA-1,2025-01-05,2025-01-02,2025-01-05\n"
    assert moves(file(tmp_path, text), columns="Doing=Started\nOpen=Back\nDone=Finished") == [
        ("A-1", at(2025, 1, 2), None, "Open"),
        ("A-1", at(2025, 1, 5), "Open", "Doing"),
        ("A-1", at(2025, 1, 5), "Doing", "Done"),
    ]


def test_an_export_of_jira_maps_itself(tmp_path: Path) -> None:
    text = (
        "Summary,Issue key,Issue id,Issue Type,Status,Created,Updated,Resolved,Labels,Labels,"
        "Custom field (Story Points),Status Category Changed\n"
        '"Pay, by card",PAY-1,10001,Story,Done,01/Dec/23 9:00 AM,05/Dec/23 2:30 PM,05/Dec/23 2:30 PM,red,blue,5.0,'
        "04/Dec/23 1:00 PM\n"
        "Refund,PAY-2,10002,Bug,To Do,02/Dec/23 12:15 AM,02/Dec/23 12:15 PM,,,,,\n"
    )
    path = file(tmp_path, text)
    batches = pull(path)
    first, second = rows_of(batches, WorkItemRow)
    assert (first.key, first.title, first.tool_type, first.points) == ("PAY-1", "Pay, by card", "Story", 5.0)
    assert (first.status, first.labels, first.created_at) == ("Done", ("red", "blue"), at(2023, 12, 1, 9))
    assert (second.status, second.created_at, second.updated_at) == (
        "To Do",
        at(2023, 12, 2, 0, 15),
        at(2023, 12, 2, 12, 15),
    )
    assert moves(path) == [("PAY-1", at(2023, 12, 4, 13), None, "Done")]
    assert "has no history" in connector("csv", tmp_path, path=str(path)).check().warnings[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = file(tmp_path, "key,at,to\nÄ-1,2025-01-02,Prüfung\n", encoding)
    assert moves(path) == [("Ä-1", at(2025, 1, 2), None, "Prüfung")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = [["key", "at", "to", "title"], ["A-1", "2025-01-02", "Doing", "one, two; three"]]
    text = "\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    assert moves(file(tmp_path, text)) == [("A-1", at(2025, 1, 2), None, "Doing")]


def test_a_line_that_tells_the_separator_is_understood(tmp_path: Path) -> None:
    assert moves(file(tmp_path, "sep=;\nkey;at;to\nA-1;2025-01-02;Doing\n")) == [("A-1", at(2025, 1, 2), None, "Doing")]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2023-12-01T13:27:50.014-0500", "", at(2023, 12, 1, 18, 27, 50, 14000)),
        ("2023-12-01T13:27:50Z", "", at(2023, 12, 1, 13, 27, 50)),
        ("2023-12-01 13:27", "", at(2023, 12, 1, 12, 27)),
        ("2023-12-01", "", at(2023, 11, 30, 23)),
        ("01.12.2023", "", at(2023, 11, 30, 23)),
        ("1.12.23 08:05:06", "", at(2023, 12, 1, 7, 5, 6)),
        ("12/01/2023 1:27 PM", "mdy", at(2023, 12, 1, 12, 27)),
        ("01/12/2023 13:27", "dmy", at(2023, 12, 1, 12, 27)),
        ("12/31/2023 12:05 AM", "mdy", at(2023, 12, 30, 23, 5)),
        ("2023/12/01", "ymd", at(2023, 11, 30, 23)),
        ("01/Dec/23 1:27 PM", "", at(2023, 12, 1, 12, 27)),
        ("Dec 1, 2023 1:27 PM", "", at(2023, 12, 1, 12, 27)),
        ("1701433670", "", at(2023, 12, 1, 12, 27, 50)),
        ("1701433670014", "", at(2023, 12, 1, 12, 27, 50, 14000)),
        ("01-2023-12", "%d-%Y-%m", at(2023, 11, 30, 23)),
        # In summer Berlin is two hours ahead.
        ("2023-07-01", "", at(2023, 6, 30, 22)),
    ],
)
def test_dates_in_berlin(text: str, order: str, expected: datetime) -> None:
    assert dates.parser(order, ZoneInfo("Europe/Berlin"))(text) == expected


@pytest.mark.parametrize(
    "text", ["yesterday", "31.02.2025", "2025-13-01", "1/2", "12:30", "01/Foo/23", "13:00 PM 1.1.2025"]
)
def test_what_is_no_date_says_so(text: str) -> None:
    with pytest.raises(dates.Unreadable, match="“"):
        dates.parser("dmy", ZoneInfo("UTC"))(text)


@pytest.mark.parametrize(
    ("days", "first"),
    [(["13/04/2025", "03/04/2025"], at(2025, 4, 13)), (["04/13/2025", "03/04/2025"], at(2025, 4, 13))],
)
def test_the_order_of_day_and_month_is_told_by_the_file(tmp_path: Path, days: list[str], first: datetime) -> None:
    text = "key,at,to\n" + "".join(f"A-{n},{day},Doing\n" for n, day in enumerate(days))
    assert moves(file(tmp_path, text))[0][1] == first


@pytest.mark.parametrize("days", [["03/04/2025"], ["13/04/2025", "04/13/2025"]])
def test_an_order_that_the_file_does_not_tell_is_asked_for(tmp_path: Path, days: list[str]) -> None:
    text = "key,at,to\n" + "".join(f"A-{n},{day},Doing\n" for n, day in enumerate(days))
    with pytest.raises(ConnectorError, match="two ways") as caught:
        pull(file(tmp_path, text))
    assert (caught.value.field, caught.value.permanent) == ("date_format", True)
    assert moves(tmp_path / "a.csv", date_format="mdy")[-1][0] == f"A-{len(days) - 1}"


def test_dates_without_a_zone_are_the_team_s_or_the_setting_s(tmp_path: Path) -> None:
    path = file(tmp_path, "key,at,to\nA-1,2025-01-02,Doing\n")
    assert moves(path, zone="Europe/Berlin")[0][1] == at(2025, 1, 1, 23)
    settings = {"path": str(path), "zone": "Asia/Tokyo"}
    asked = connector("csv", tmp_path, "Europe/Berlin", **{k: v for k, v in settings.items() if k != "zone"})
    assert rows_of(asked.pull(None), TransitionRow)[0].at == at(2025, 1, 1, 23)


def test_bad_lines_are_listed_and_the_rest_is_loaded(tmp_path: Path) -> None:
    text = (
        "key,at,from,to\n"
        "A-1,2025-01-02,Open,Doing\n"
        ",2025-01-02,Open,Doing\n"
        "A-2,someday,Open,Doing\n"
        "A-3,2025-01-02,Open\n"
        "A-4,2025-01-02,Open,Doing,more\n"
        "A-5,,Open,Doing\n"
        "A-6,2025-01-02,Open,\n"
        "\n"
        '"A-7\nsecond line",2025-01-03,Open,Doing\n'
        "A-8,,,\n"
    )
    batches = pull(file(tmp_path, text))
    assert [(bad.place, bad.reason) for bad in rejected(batches)] == [
        ("line 3", "it has no key"),
        ("line 4", "“someday” is not a date in a form known here; say which with date_format"),
        ("line 5", "it has only 3 of 4 cells"),
        ("line 6", "it has 5 cells, the header 4"),
        ("line 7", "it has no time of the change"),
        ("line 8", "it has no status after the change"),
    ]
    assert rejected(batches)[0].record == ",2025-01-02,Open,Doing"
    assert [row.key for row in rows_of(batches, WorkItemRow)] == ["A-1", "A-7\nsecond line", "A-8"]


def test_a_key_that_comes_twice_in_a_file_of_items_is_rejected(tmp_path: Path) -> None:
    batches = pull(file(tmp_path, "key,status\nA-1,Open\nA-1,Done\n"))
    assert [bad.place for bad in rejected(batches)] == ["line 3"]


def test_the_same_change_twice_is_two_and_the_order_of_lines_is_no_matter(tmp_path: Path) -> None:
    header, *lines = (CHANGES + CHANGES.splitlines()[1] + "\nA-2,2025-01-02,Open,Doing,\n").splitlines()
    first = rows_of(pull(file(tmp_path, "\n".join([header, *lines]))), TransitionRow)
    second = rows_of(pull(file(tmp_path, "\n".join([header, *reversed(lines)]))), TransitionRow)
    assert len(first) == 3
    assert set(first) == set(second)
    assert len({row.external_id for row in first}) == 3


def test_of_changes_of_one_instant_the_end_of_the_chain_is_the_present_status(tmp_path: Path) -> None:
    text = "key,at,from,to\nA-1,2025-01-02,Doing,Done\nA-1,2025-01-02,Open,Doing\n"
    (row,) = rows_of(pull(file(tmp_path, text)), WorkItemRow)
    assert row.status == "Done"


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_wholly(tmp_path: Path) -> None:
    path = file(tmp_path, CHANGES)
    cursor = pull(path)[-1].cursor
    assert [row for batch in pull(path, cursor) for row in batch.rows] == []
    path.touch()
    assert [row for batch in pull(path, cursor) for row in batch.rows] == []
    with path.open("a") as more:
        more.write("A-2,2025-01-02T09:00Z,Open,Doing,2025-01-01\n")
    assert [row.key for row in rows_of(pull(path, cursor), WorkItemRow)] == ["A-1", "A-2"]


def test_a_read_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    lines = "".join(f"A-{n},2025-01-02,Open,Doing,\n" for n in range(500))
    path = file(tmp_path, "key,at,from,to,created\n" + lines)
    batches = pull(path)
    middle = next(batch for batch in batches if batch.done == 200 and batch.rows)
    rest = pull(path, middle.cursor)
    assert [row.key for row in rows_of(rest, WorkItemRow)] == [f"A-{n}" for n in range(200, 500)]
    assert rest[-1].cursor == batches[-1].cursor


def test_a_sweep_names_the_items_of_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, CHANGES)
    parts = connector("csv", tmp_path, path=str(path)).sweep()
    assert parts is not None
    assert [key for part in parts for key in part] == ["A-1"]


@pytest.mark.parametrize(
    ("text", "settings", "field"),
    [
        ("", {}, "path"),
        ("a,b\n1,2\n", {}, "key"),
        ("key,b\n1,2\n", {}, "to"),
        ("key,to\n1,2\n", {}, "at"),
        (CHANGES, {"title": "headline"}, "title"),
        (CHANGES, {"columns": "Doing=Nowhere"}, "columns"),
        (CHANGES, {"columns": "Doing"}, "columns"),
        (CHANGES, {"date_format": "american"}, "date_format"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, settings: dict[str, str], field: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        pull(file(tmp_path, text), **settings)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.permanent


@pytest.mark.parametrize("path", ["/no/such/file.csv", "relative.csv", "/"])
def test_a_file_that_cannot_be_read_is_a_lasting_error_of_the_path(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector("csv", tmp_path, path=path).check()
    assert (caught.value.field, caught.value.permanent) == ("path", True)


def test_real_ticket_history_is_read_whole() -> None:
    path = shared("data", "jira-history", "replication-reviews.csv")
    lines = path.read_text().splitlines()[1:]
    batches = pull(path, zone="America/New_York")
    assert rejected(batches) == []
    assert len(rows_of(batches, WorkItemRow)) == len({line.split(",")[0] for line in lines}) == 1339
    assert len(rows_of(batches, TransitionRow)) == len(lines) == 13642
    assert len(rows_of(batches, StatusRow)) == 29
