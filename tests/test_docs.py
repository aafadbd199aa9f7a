"""What exists is documented: measures, connectors, commands and dependencies."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from connectors.registry import CONNECTORS
from metrics.registry import METRICS

ROOT = Path(__file__).resolve().parent.parent
OURS = {"core", "accounts", "portfolio", "charts", "metrics", "connectors", "funding", "okrs", "dashboards", "vmo"}
OURS |= {"impediments"}


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


@pytest.mark.parametrize("key", sorted(METRICS))
def test_every_measure_is_defined_for_users(key: str) -> None:
    assert f"(`{key}`)" in text("docs", "users", "measures.md")


@pytest.mark.parametrize("tool", sorted(set(CONNECTORS) - {"demo"}))
def test_every_connector_has_a_page_that_names_its_settings(tool: str) -> None:
    page = text("docs", "users", f"connect-{tool}.md")
    missing = [field.name for field in CONNECTORS[tool].fields if f"`{field.name}`" not in page]
    assert missing == []


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app in OURS))
def test_every_command_is_documented(command: str) -> None:
    assert f"manage.py {command}" in text("docs", "operators", "commands.md")


def direct_dependencies() -> set[str]:
    lines = (text("requirements.in") + text("requirements-dev.in")).splitlines()
    named = [re.match(r"[A-Za-z0-9-]+", line) for line in lines if not line.startswith(("#", "-"))]
    return {match.group().lower() for match in named if match}


def test_every_dependency_says_why() -> None:
    page = text("docs", "dependencies.md")
    named = {
        name.strip().lower()
        for line in page.splitlines()
        if line.startswith("|")
        for name in line.split("|")[1].split(",")
    }
    assert direct_dependencies() - named == set()
    assert named - direct_dependencies() <= {"package", "---"}
