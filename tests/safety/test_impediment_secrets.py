"""What one team's impediments, items and money are not told to those of another: on pages, by the API, in what is kept.

Max is of Falcon (Payments); Heron is of Payments too, Kite of Platform: he sees neither.
"""

from typing import Any

import pytest
from django.test import Client

from metrics.models import WorkItem
from tests.cast import Cast
from tests.impediments.work_cast import items

pytestmark = pytest.mark.django_db
SECRET = "Buy the rival"
NEW = "/impediments/new/"


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    client.force_login(cast.member)
    return client


@pytest.fixture
def secret(cast: Cast) -> WorkItem:
    """An item that Heron has in progress, with a title that nobody else may read."""
    (one,) = items(cast.heron, "HER-1")
    one.title = SECRET
    one.save()
    return one


def test_the_form_names_no_items_of_teams_that_one_does_not_see(cast: Cast, max_: Client, secret: WorkItem) -> None:
    (own,) = items(cast.falcon, "FAL-1")
    said: dict[str, Any] = {"what": "", "team": "falcon", "items": [own.pk, secret.pk]}
    for answer in (
        max_.get(f"{NEW}?team=falcon&item={secret.pk}&items={secret.pk}"),
        max_.get(f"{NEW}items/?team=falcon&items={own.pk}&items={secret.pk}"),
        max_.post(NEW, said),
        max_.post(NEW, said | {"show": "1"}),
    ):
        html = answer.content.decode()
        assert "FAL-1" in html
        assert "HER-1" not in html
        assert SECRET not in html
    # Who sees both keeps what was ticked, whichever team the form is about.
    max_.force_login(cast.pmo)
    assert "HER-1" in max_.get(f"{NEW}items/?team=falcon&items={secret.pk}").content.decode()
