"""The house rules that a machine can check: which way imports and foreign keys point, how long functions and files
are, how files are called, and what templates must not hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

ROOT = Path(settings.BASE_DIR)
# What each app may import beside itself: everything that lies below it.
BELOW: dict[str, set[str]] = {}
BELOW["core"] = set()
BELOW["accounts"] = {"core"}
BELOW["portfolio"] = {"accounts"} | BELOW["accounts"]
BELOW["charts"] = set()
BELOW["metrics"] = {"portfolio", "charts"} | BELOW["portfolio"]
BELOW["funding"] = {"metrics"} | BELOW["metrics"]
for sibling in ("connectors", "impediments", "okrs", "planning", "coaching"):
    BELOW[sibling] = {"funding"} | BELOW["funding"]
BELOW["dashboards"] = set(BELOW)
BELOW["vmo"] = set(BELOW)
APPS = [name for name in BELOW if (ROOT / name).is_dir()]
# The Celery application and the services are named by tasks and commands, which live in their apps.
NAMED_BY_ALL = {"vmo.celery", "vmo.services"}

ROLES = {"models", "queries", "actions", "rules", "forms", "views", "api", "tasks", "urls", "admin", "apps", "__init__"}
# Files with a line in the README's tour: "`app/name.py`" or "`app/folder`".
TOUR = re.compile(r"`(\w+)/(\w+)(?:\.py)?`")
MAX_FUNCTION, P90_FUNCTION, MEDIAN_FUNCTION, MAX_FILE = 60, 25, 8, 400


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("app", APPS)
def test_imports_point_down(app: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sources(app)
        for module in imports(path)
        if module.split(".")[0] in BELOW
        and module.split(".")[0] not in BELOW[app] | {app}
        and ".".join(module.split(".")[:2]) not in NAMED_BY_ALL
    ]
    assert not wrong, "\n".join(wrong)


def test_formulas_and_rows_know_nothing_of_django() -> None:
    pure = [ROOT / "metrics" / "rows.py", *sources("metrics/formulas")]
    assert len(pure) > 2
    wrong = [f"{path.relative_to(ROOT)} imports {m}" for path in pure for m in imports(path) if m.startswith("django")]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("app", APPS)
def test_foreign_keys_point_down(app: str) -> None:
    """Only a key to the user may point anywhere."""
    if app not in {config.label for config in apps.get_app_configs()}:
        pytest.skip("has no models")
    wrong = [
        f"{field} points to {target._meta.label}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and (target := field.related_model)
        and target._meta.label != settings.AUTH_USER_MODEL
        and target._meta.app_label in BELOW
        and target._meta.app_label not in BELOW[app] | {app}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("app", APPS)
def test_files_have_the_ten_names(app: str) -> None:
    earned = {name for owner, name in TOUR.findall((ROOT / "README.md").read_text()) if owner == app}
    allowed = ROLES | earned | {"migrations", "management", "templatetags", "__pycache__"}
    there = {path.stem for path in (ROOT / app).iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there <= allowed, f"earn a line in the README's tour first: {sorted(there - allowed)}"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function, without its docstring, decorators and the functions inside it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            start = body[0].lineno if body is not node.body else node.lineno
            inside = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
            nested = sum((n.end_lineno or n.lineno) - n.lineno + 1 for n in inside)
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - start + 1 - nested


def test_functions_are_short() -> None:
    lengths = dict(pair for path in sources(*APPS) for pair in functions(path))
    too_long = {name: length for name, length in lengths.items() if length > MAX_FUNCTION}
    assert not too_long, too_long
    assert median(lengths.values()) <= MEDIAN_FUNCTION
    assert quantiles(lengths.values(), n=10)[-1] <= P90_FUNCTION


def test_views_are_short() -> None:
    paths = [path for path in sources(*APPS) if path.stem == "views" or path.parent.stem == "views"]
    too_long = {name: length for path in paths for name, length in functions(path) if length > P90_FUNCTION}
    assert not too_long, too_long


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*APPS, "tests")}
    too_long = {name: length for name, length in lengths.items() if length > MAX_FILE}
    assert not too_long, too_long


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\b(src|type=\"application/json\"))", re.I),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape off"),
    "something from elsewhere": re.compile(r"(src|href)=\"(https?:)?//", re.I),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_templates_hold_nothing_forbidden(what: str) -> None:
    """Mails may have styles of their own: they have no style sheet, and no content security policy."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in templates()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if FORBIDDEN[what].search(line) and not (what == "an inline style" and path.parent.name == "mail")
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_marked_safe() -> None:
    wrong = [str(path.relative_to(ROOT)) for path in sources(*APPS) if re.search(r"\bmark_safe\b", path.read_text())]
    assert not wrong, wrong


def test_there_are_no_signals_and_no_save_overrides() -> None:
    signs = re.compile(r"^from django\.(db\.models|core|contrib\.auth)\.signals|def save\(self", re.M)
    wrong = [str(path.relative_to(ROOT)) for path in sources(*APPS) if signs.search(path.read_text())]
    assert not wrong, wrong


def test_the_two_lists_of_dark_tokens_agree() -> None:
    """Dark comes by the switch or by the system; CSS cannot say it once."""
    css = (ROOT / "static" / "css" / "tokens.css").read_text()
    switch = re.search(r':root\[data-theme="dark"\] \{(.*?)\n\}', css, re.S)
    system = re.search(r":root:not\([^)]*\) \{(.*?)\n  \}", css, re.S)
    assert switch
    assert system
    assert switch[1].split() == system[1].split()
