"""The search behind the palette."""

from django.test import Client

from metrics.models import Source, WorkItem
from tests.cast import Cast


def found(client: Client, text: str) -> list[str]:
    return [f"{hit.label} ({hit.kind})" for hit in client.get("/search/", {"q": text}).context["hits"]]


def test_words_begin_with_it(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    assert found(client, "pay") == [
        "Payments: flow (value stream)",
        "Payments: forecast (value stream)",
        "Payments: delivery (value stream)",
        "Payments: calibration (value stream)",
        "Payments (value stream, organisation)",
    ]
    assert found(client, "ments") == []


def test_odd_text_is_text(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    assert found(client, "(") == []
    assert found(client, "%\\'") == []
    assert found(client, "\0zzz\0") == []


def test_nothing_asked_offers_pages(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    assert "Organisation (page)" in found(client, "")
    assert "People (page)" not in found(client, "")
    client.force_login(cast.administrator)
    assert "People (page)" in found(client, "peo")


def test_items_by_the_beginning_of_their_key(client: Client, cast: Cast) -> None:
    source = Source.objects.create(slug="jira", name="Jira of Falcon", tool="jira", team=cast.falcon)
    for number in (7, 71, 8):
        WorkItem.objects.create(
            source=source, external_id=str(number), key=f"FAL-{number}", title="Pay", team=cast.falcon
        )
    client.force_login(cast.viewer)
    assert found(client, "fal-7") == ["FAL-7 Pay (item)", "FAL-71 Pay (item)"]
    assert found(client, "jira") == ["Jira of Falcon (source)"]
    client.force_login(cast.outsider)
    assert found(client, "fal-7") == []
    assert found(client, "jira") == []
