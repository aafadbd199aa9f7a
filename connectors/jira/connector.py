"""The Jira connector: check, pull and sweep."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from connectors.http import HASTY, Limits
from connectors.jira import checking
from connectors.jira.issues import Reader, Reading
from connectors.jira.reading import Pass, all_ids
from connectors.jira.settings import FIELDS, Options
from connectors.jira.site import Site
from connectors.jira.statuses import Statuses
from connectors.protocol import Batch, Check, Context, Cursor, Field


class JiraConnector:
    """Jira Cloud and Jira Data Center."""

    tool: ClassVar[str] = "jira"
    label: ClassVar[str] = "Jira"
    summary: ClassVar[str] = "Issues of a project or filter with their status history, flags, sizes and incidents."
    fields: ClassVar[tuple[Field, ...]] = FIELDS

    def __init__(self, settings: Mapping[str, str], context: Context) -> None:
        self._settings, self._context = settings, context

    def check(self) -> Check:
        """Who we are and what we see. Raises ConnectorError at the field to correct."""
        options, site = self._open(HASTY)
        return checking.check(options, site)

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Statuses, then issues by the time of their update, then the incidents that only a filter names."""
        options, site = self._open(Limits())
        reader = _reader(options, site)
        marks = dict(cursor or {})
        yield Batch(reader.statuses.take(), dict(marks), phase="Statuses")
        yield from _items(options, site, reader).batches(marks)
        if options.incident_jql:
            yield from _incidents(options, site, reader).batches(marks)

    def sample(self) -> Iterator[Batch]:
        """The issues and incidents touched last, for a preview."""
        options, site = self._open(HASTY)
        reader = _reader(options, site)
        yield _items(options, site, reader).newest()
        if options.incident_jql:
            yield _incidents(options, site, reader).newest()

    def sweep(self) -> Iterator[Sequence[str]] | None:
        """Ids of all issues of the scope. Lost access must not look like deletions: we say who we are, and look for
        the projects, before anything is listed. Raises ConnectorError."""
        options, site = self._open(Limits())
        for project in options.projects:
            site.workflow(project)
        return all_ids(site, options.scope, options.scope_setting)

    def _open(self, limits: Limits) -> tuple[Options, Site]:
        options = Options.parse(self._settings)
        return options, Site(options, self._context, limits)


def _reader(options: Options, site: Site) -> Reader:
    workflow = [status for project in options.projects for status in site.workflow(project)]
    statuses = Statuses(site.statuses(), workflow)
    return Reader(options, Reading.of(options, site.fields()), statuses)


def _items(options: Options, site: Site, reader: Reader) -> Pass:
    scope, setting = options.scope, options.scope_setting
    return Pass(site, reader, "items", "Issues", scope, setting, reader.rows, is_whole=True)


def _incidents(options: Options, site: Site, reader: Reader) -> Pass:
    scope = options.incident_jql
    return Pass(site, reader, "incidents", "Incidents", scope, "incident_jql", reader.incident_rows, is_whole=False)
