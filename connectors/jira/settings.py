"""The settings of a Jira source: the form's fields, and what they mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.protocol import ConnectorError, Field

FIELDS: tuple[Field, ...] = (
    Field(
        "url",
        "Address",
        "url",
        required=True,
        help="Where you open Jira: https://example.atlassian.net, or https://jira.example.com/jira with its path.",
    ),
    Field(
        "deployment",
        "Kind of Jira",
        "choice",
        default="auto",
        choices=(("auto", "Ask the server"), ("cloud", "Cloud"), ("datacenter", "Data Center or Server")),
        help="Only needed when the server does not say what it is.",
    ),
    Field("user", "E-mail or user name", help="Cloud: the e-mail of the account. Data Center: only with a password."),
    Field(
        "token",
        "Token",
        "secret",
        help="Cloud: an API token (account settings, security). Data Center: a personal access token (profile). "
        "An account that may only read is enough. Empty: what everybody may see.",
    ),
    Field("password", "Password", "secret", help="Data Center without personal access tokens: the user's password."),
    Field(
        "project",
        "Project",
        help="The key of a project, such as PAY; several with commas. Its workflow gives the order of the statuses.",
    ),
    Field(
        "jql",
        "Filter (JQL)",
        "long",
        help="Which issues to read, such as: component = Checkout. With a project: only those of the project. "
        "Its ORDER BY is ignored.",
    ),
    Field(
        "points_field",
        "Story points field",
        default="Story Points, Story point estimate",
        help="Name of the field with the size; of several names the first that holds a number counts.",
    ),
    Field(
        "epic_field",
        "Epic field",
        default="Epic Link",
        help="Name of the field that names an issue's epic where it has no parent.",
    ),
    Field(
        "flag_field",
        "Flag field",
        default="Flagged",
        help="An issue is blocked as long as this field holds something. Empty: blocks are not read.",
    ),
    Field("class_field", "Class of service field", help="Name of a field, such as Priority. Empty: not read."),
    Field(
        "team_field",
        "Team field",
        help="Name of the field that says whose issue it is (Team, Squad …), or Project. Empty: all belong to the "
        "source's team.",
    ),
    Field(
        "team_map",
        "Teams",
        "long",
        help="One line per value of the team field: value = team's short name here, such as: Squad Blue = falcon. "
        "Other values belong to the source's team.",
    ),
    Field(
        "incident_types",
        "Incidents by type or label",
        help="Issue types or labels, with commas, such as: Incident, outage. These issues are incidents as well.",
    ),
    Field(
        "incident_jql",
        "Incidents by filter (JQL)",
        "long",
        help="Issues that are incidents, in any project, such as: project = OPS AND priority = Highest.",
    ),
    Field(
        "incident_started_field",
        "Incident start field",
        help="Name of the date and time field that says when an incident began. Empty: when it was created.",
    ),
    Field(
        "incident_resolved",
        "Incident resolved",
        "choice",
        default="status",
        choices=(("status", "When it last entered a done status"), ("resolution", "At its resolution date")),
    ),
    Field(
        "service_field",
        "Service field",
        help="Name of the field that says which service an incident hit. Empty: the source's service.",
    ),
    Field(
        "service_map",
        "Services",
        "long",
        help="One line per value of the service field: value = service's short name here. A value without a line is "
        "taken for the service's own name.",
    ),
    Field(
        "ca_file",
        "Certificate authority",
        "path",
        help="File with your company's own certificate authority, if it signs the server's certificate.",
    ),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings, parsed. Names are as typed; maps have case-folded keys; `scope` is JQL without ORDER BY."""

    url: str
    deployment: Literal["auto", "cloud", "datacenter"]
    user: str
    token: str
    password: str
    projects: tuple[str, ...]
    scope: str
    # The setting in which a mistake in `scope` is mended.
    scope_setting: str
    points: tuple[str, ...]
    epic: str
    flag: str
    service_class: str
    team: str
    teams: Mapping[str, str]
    incident_types: frozenset[str]
    incident_jql: str
    incident_started: str
    by_resolution: bool
    service: str
    services: Mapping[str, str]
    ca_file: str

    @classmethod
    def parse(cls, settings: Mapping[str, str]) -> "Options":
        """Raises ConnectorError at the field that is wrong."""
        given = {field.name: settings.get(field.name, field.default).strip() for field in FIELDS}
        projects = names(given["project"])
        return cls(
            url=_site(given["url"]),
            deployment=_deployment(given["deployment"]),
            user=given["user"],
            token=given["token"],
            password=given["password"],
            projects=projects,
            scope=scope(projects, given["jql"]),
            scope_setting="jql" if without_order(given["jql"]) else "project",
            points=names(given["points_field"]),
            epic=given["epic_field"],
            flag=given["flag_field"],
            service_class=given["class_field"],
            team=given["team_field"],
            teams=mapping(given["team_map"], "team_map"),
            incident_types=frozenset(name.casefold() for name in names(given["incident_types"])),
            incident_jql=without_order(given["incident_jql"]),
            incident_started=given["incident_started_field"],
            by_resolution=given["incident_resolved"] == "resolution",
            service=given["service_field"],
            services=mapping(given["service_map"], "service_map"),
            ca_file=given["ca_file"],
        )


def _site(url: str) -> str:
    """The site's address of a page's: Cloud sites have no path, others may have one before the page's own."""
    cloud = re.match(r"https://[^/]+\.atlassian\.net(?=/|$)", url)
    return cloud[0] if cloud else re.sub(r"/(browse|projects|secure)/.*$", "", url).rstrip("/")


def _deployment(text: str) -> Literal["auto", "cloud", "datacenter"]:
    return "cloud" if text == "cloud" else "datacenter" if text == "datacenter" else "auto"


def names(text: str) -> tuple[str, ...]:
    """The names in a text, apart by commas or lines."""
    return tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())


def mapping(text: str, field: str) -> dict[str, str]:
    """`value = slug` lines as case-folded value → slug. The last “=” parts: values may hold one themselves."""
    result = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        value, sign, slug = line.rpartition("=")
        if not (sign and value.strip() and slug.strip()):
            message = f"“{line.strip()}” is not of the form: value = short name."
            raise ConnectorError(message, permanent=True, field=field)
        result[value.strip().casefold()] = slug.strip()
    return result


def without_order(jql: str) -> str:
    """`jql` up to its ORDER BY; one inside quotes is part of a text and stays."""
    for found in re.finditer(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\border\s+by\b""", jql, re.IGNORECASE):
        if found[0][0] not in "\"'":
            return jql[: found.start()].strip()
    return jql.strip()


def scope(projects: tuple[str, ...], jql: str) -> str:
    """The JQL of project keys and a filter together. Raises ConnectorError when there is neither."""
    parts = []
    if projects:
        parts.append(f"project in ({', '.join(quoted(key) for key in projects)})")
    if inner := without_order(jql):
        parts.append(f"({inner})")
    if not parts:
        raise ConnectorError("Enter the key of a project, or a filter.", permanent=True, field="project")
    return " AND ".join(parts)


def quoted(text: str) -> str:
    """`text` as a JQL string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
