"""One's own profile and theme."""

from django.test import Client

from core.models import AuditEntry
from tests.cast import Cast


def test_name_and_theme_are_saved(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    answer = client.post("/profile/", {"name": "Vera Sand-Moll", "theme": "dark"})
    assert answer.headers["Location"] == "/profile/"
    cast.viewer.refresh_from_db()
    assert (cast.viewer.name, cast.viewer.theme) == ("Vera Sand-Moll", "dark")
    assert 'data-theme="dark"' in client.get("/profile/").content.decode()
    entry = AuditEntry.objects.get(verb="changed")
    assert entry.data == {"name": ["Vera Sand", "Vera Sand-Moll"]}


def test_an_empty_name_is_refused_at_the_field(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    page = client.post("/profile/", {"name": "", "theme": "dark"}).content.decode()
    assert 'id="id_name_error"' in page
    assert "Vera Sand" in page  # the frame still shows who one is
    cast.viewer.refresh_from_db()
    assert cast.viewer.theme == "system"


def test_the_switch_is_kept_with_the_user(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    answer = client.post("/profile/theme/", {"theme": "light"}, headers={"x-requested-with": "fetch"})
    assert answer.status_code == 204
    cast.viewer.refresh_from_db()
    assert cast.viewer.theme == "light"


def test_without_scripts_the_switch_comes_back(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    answer = client.post("/profile/theme/", {"theme": "light", "next": "/organisation/?ended=1"})
    assert answer.headers["Location"] == "/organisation/?ended=1"
    answer = client.post("/profile/theme/", {"theme": "light", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/profile/"


def test_no_such_theme(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    assert client.post("/profile/theme/", {"theme": "pink"}).status_code == 400
