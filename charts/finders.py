"""plotly.min.js from the installed plotly package, as a static file: no copy of it is kept in the tree."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

FILE = "plotly.min.js"
PREFIX = "plotly"


def folder() -> Path:
    """Where the package keeps it; found without importing plotly."""
    spec = find_spec("plotly")
    assert spec is not None  # noqa: S101 - a pinned requirement
    assert spec.submodule_search_locations is not None  # noqa: S101
    return Path(spec.submodule_search_locations[0]) / "package_data"


class PlotlyFinder(BaseFinder):
    """Finds exactly one file, `plotly/plotly.min.js`."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [str(folder() / FILE)] if path == f"{PREFIX}/{FILE}" else []
        return found if find_all else next(iter(found), None)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        storage = FileSystemStorage(location=folder())
        storage.prefix = PREFIX  # type: ignore[attr-defined]
        yield FILE, storage
