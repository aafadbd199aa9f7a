"""What "test connection" says about a Jira site."""

from collections.abc import Iterator, Sequence

from connectors.jira.issues import find
from connectors.jira.payload import Field
from connectors.jira.settings import Options
from connectors.jira.site import Page, Search, Site
from connectors.protocol import Check


def check(options: Options, site: Site) -> Check:
    """Asks for one issue of each filter, so that a mistake in it shows at its field. Raises ConnectorError."""
    for project in options.projects:
        site.workflow(project)
    search = Search(f"({options.scope})", options.scope_setting, changelog=True, size=1)
    sample = _first(site, search)
    if options.incident_jql:
        _first(site, Search(f"({options.incident_jql})", "incident_jql", size=1))
    warnings = [*_access(site, sample), *_unknown_fields(options, site.fields())]
    return Check(site.identity, _summary(site, site.count(search)), warnings)


def _first(site: Site, search: Search) -> Page:
    return next(site.pages(search), Page([], None))


def _summary(site: Site, count: int | None) -> str:
    kind = "Jira Cloud" if site.is_cloud else "Jira Data Center"
    seen = "Issues can be read" if count is None else f"{count:,} issue{'' if count == 1 else 's'}"
    zone = f"dates in filters are read in {site.zone.key}" if site.zone else "the time zone of filters is not known"
    return f"{kind}. {seen}; {zone}."


def _access(site: Site, sample: Page) -> Iterator[str]:
    if site.account is None:
        yield "No token is set: Jira shows only what everybody may see, and everything else is missing here."
    if not sample.issues:
        yield "No issue is seen. Check the project and the filter, and that the account may browse the project."
    elif not isinstance(sample.issues[0].get("changelog"), dict):
        yield "Jira does not show the history of issues to this account: without it there is no flow to measure."


def _unknown_fields(options: Options, fields: Sequence[Field]) -> Iterator[str]:
    """Field names that this site does not know; of the story points' names one is enough."""
    if options.points and not find(fields, *options.points):
        yield f"No field is called “{'” or “'.join(options.points)}”: issues will have no size."
    names = (options.service_class, options.team, options.incident_started, options.service)
    for name in names:
        if name and not find(fields, name):
            yield f"No field is called “{name}”."
    if options.flag and not find(fields, options.flag):
        yield f"No field is called “{options.flag}”: Jira's flags will not be read as blocks."
