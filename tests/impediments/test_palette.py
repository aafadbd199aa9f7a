"""The command palette: impediments by the beginning of a word and by number, and the pages they are on."""

import pytest
from django.test import Client

from impediments import apps
from impediments.actions import log_impediment, resolve
from impediments.models import Impediment
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(cast: Cast) -> list[Impediment]:
    """Of Falcon, Heron and Kite; Heron's is resolved."""
    made = [
        log_impediment(actor=None, what=what, category="vendor", team=team)
        for what, team in (
            ("No licence for the scanner", cast.falcon),
            ("Licences cost too much", cast.heron),
            ("The licensor is silent (again)", cast.kite),
        )
    ]
    resolve(actor=None, impediment=made[1], resolution="Bought", root_cause="process")
    return made


def found(client: Client, text: str) -> list[str]:
    return [f"{hit.label} ({hit.kind})" for hit in client.get("/search/", {"q": text}).context["hits"]]


def test_by_the_beginning_of_a_word_those_that_are_open_first(
    client: Client, cast: Cast, three: list[Impediment]
) -> None:
    client.force_login(cast.leader)
    assert found(client, "licen") == [
        "The licensor is silent (again) (impediment of Kite)",
        "No licence for the scanner (impediment of Falcon)",
        "Licences cost too much (impediment of Heron, resolved)",
    ]
    assert found(client, "SCANN") == ["No licence for the scanner (impediment of Falcon)"]
    # Not from within a word; and odd text is text.
    assert found(client, "canner") == []
    assert found(client, ".icence") == []
    # Max sees those of Falcon, Otto none.
    client.force_login(cast.member)
    assert found(client, "licen") == ["No licence for the scanner (impediment of Falcon)"]
    client.force_login(cast.outsider)
    assert found(client, "licen") == []


def test_by_its_number_however_it_is_written(client: Client, cast: Cast, three: list[Impediment]) -> None:
    first, _, last = three
    for text in (f"VMO-{first.pk}", f"vmo-{first.pk}", f" {first.pk} "):
        [hit] = apps.find(text, cast.member)
        assert (hit.label, hit.url) == (first.what, f"/impediments/{first.pk}/")
    client.force_login(cast.member)
    assert found(client, f"VMO-{first.pk}") == ["No licence for the scanner (impediment of Falcon)"]
    # A team that he does not see; and no number of ours.
    assert found(client, f"VMO-{last.pk}") == []
    assert list(apps.find(f"VMO-{'9' * 18}", cast.leader)) == []
    assert list(apps.find(f"VMO-{'9' * 30}", cast.leader)) == []
    assert list(apps.find("", cast.leader)) == []


def test_six_are_offered_at_most(cast: Cast) -> None:
    for number in range(7):
        log_impediment(actor=None, what=f"Proxy {number}", category="other", team=cast.falcon)
    # The latest first.
    assert [hit.label for hit in apps.find("proxy", cast.member)] == [f"Proxy {number}" for number in range(6, 0, -1)]


def test_their_page_and_the_form_that_logs_one(client: Client, cast: Cast) -> None:
    client.force_login(cast.member)
    assert found(client, "imped") == ["Log an impediment (do it, key I)", "Impediments (page)"]
    # Vera may view Falcon: she reads, and logs nothing.
    client.force_login(cast.viewer)
    assert found(client, "imped") == ["Impediments (page)"]
