"""A source from the first click to the end of its first sync, with the real worker."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from connectors.models import SyncRun
from metrics.models import Commit, Deployment, Source
from tests.cast import Cast
from tests.conftest import Worker

pytestmark = pytest.mark.browser
SLOW = 60_000


def repository(folder: Path) -> Path:
    """Four commits; the second and the fourth are tagged as releases."""
    folder.mkdir()
    who = {f"GIT_{role}_{what}": f"dev{at}" for role in ("AUTHOR", "COMMITTER") for what, at in
           (("NAME", ""), ("EMAIL", "@example.org"))}  # fmt: skip

    def git(*arguments: str, at: str = "2025-05-01T09:00:00Z") -> None:
        dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=os.environ | who | dates)

    git("init", "-b", "main")
    for n in range(1, 5):
        git("commit", "--allow-empty", "-m", f"Change {n}", at=f"2025-05-0{n}T09:00:00Z")
        if n % 2 == 0:
            git("tag", "-a", f"v{n}", "-m", f"Release {n}", at=f"2025-05-0{n}T12:00:00Z")
    return folder


@pytest.fixture
def page(transactional_db: None, cast: Cast, as_person: Callable[..., Page]) -> Page:
    return as_person(cast.pmo)


def start(page: Page, live_server: object) -> None:
    page.goto(f"{live_server.url}/sources/")  # type: ignore[attr-defined]
    page.get_by_role("link", name="Add a source").click()
    page.get_by_role("link", name="Git", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Ledger repository")
    page.get_by_label("Team", exact=True).select_option("Falcon")
    page.get_by_label("Service").select_option("Ledger")


def test_a_source_is_added_and_synced(
    page: Page, cast: Cast, live_server: object, worker: Worker, tmp_path: Path
) -> None:
    start(page, live_server)
    page.get_by_label("Repository").fill(str(repository(tmp_path / "ledger")))
    page.get_by_label("Tags that are deployments").fill("v*")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The connection works")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="What would come")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("row", name="v4")).to_contain_text("yes")
    assert not Source.objects.exists(), "neither stores anything"
    page.get_by_role("button", name="Connect and start the first sync").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=SLOW)
    run = SyncRun.objects.get()
    assert (run.state, run.rejected) == ("succeeded", 0)
    assert Commit.objects.count() == 4
    assert Deployment.objects.filter(is_production=True, service=cast.ledger).count() == 2
    page.get_by_role("link", name="Sources").first.click()
    expect(page.get_by_role("row", name="Ledger repository")).to_contain_text("synced")


def test_what_the_tool_refuses_stands_at_its_field_and_nothing_is_lost(
    page: Page, live_server: object, tmp_path: Path
) -> None:
    start(page, live_server)
    page.get_by_label("Repository").fill(str(tmp_path / "nowhere"))
    page.get_by_label("Tags that are deployments").fill("v*")
    page.get_by_role("button", name="Test connection").click()
    field = page.get_by_label("Repository")
    expect(field).to_have_attribute("aria-invalid", "true", timeout=SLOW)
    expect(field).to_have_value(str(tmp_path / "nowhere"))
    expect(page.get_by_label("Tags that are deployments")).to_have_value("v*")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ledger repository")
    assert not Source.objects.exists()
