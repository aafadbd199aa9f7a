"""What "test connection" finds out: who we are, what we see, and which settings will match nothing."""

from collections.abc import Iterator

from connectors.github.api import Api
from connectors.github.deliveries import Runs
from connectors.github.payloads import EnvironmentList, Label, Repository, User
from connectors.github.projects import Projects, ProjectUnreadable
from connectors.github.rules import Rules
from connectors.http import HttpError
from connectors.protocol import Check, ConnectorError


class Checking:
    """One check of one connection."""

    def __init__(self, api: Api, rules: Rules, projects: Projects | None) -> None:
        self._api, self._rules, self._projects = api, rules, projects

    def check(self) -> Check:
        """Raises ConnectorError when the sync could not work at all."""
        identity = self._identity()
        repository = self._repository()
        kind = "private" if repository.private else "public"
        summary = f"{repository.full_name}, {kind}, default branch {repository.default_branch}"
        return Check(identity, summary, tuple(self._warnings(repository)))

    def _identity(self) -> str:
        if not self._rules.token:
            return "anonymous"
        try:
            return self._api.http.get("user", User).login
        except HttpError as error:
            # An app's token is nobody's.
            if error.status in {403, 404}:
                return "an app"
            raise

    def _repository(self) -> Repository:
        try:
            return self._api.http.get(self._api.root, Repository)
        except HttpError as error:
            if error.status == 404:
                raise ConnectorError(error.message, permanent=True, field="repository") from None
            raise

    def _warnings(self, repository: Repository) -> Iterator[str]:
        if not self._rules.token:
            yield "Without a token GitHub answers 60 requests an hour, and shows public repositories only."
        if self._rules.work_items:
            yield from self._about_items(repository)
        yield from self._about_deployments()

    def _about_items(self, repository: Repository) -> Iterator[str]:
        if not repository.has_issues:
            yield "The repository has no issues: there will be no work items from here."
        elif self._projects is not None:
            yield from self._about_project(self._projects)
        else:
            yield from self._about_labels()

    def _about_project(self, projects: Projects) -> Iterator[str]:
        try:
            projects.columns()
        except ProjectUnreadable as error:
            yield f"{error.message} Until then status labels count."

    def _about_labels(self) -> Iterator[str]:
        labels = self._api.all(self._api.path("labels"), Label, "labels")
        if not any(self._rules.status_labels.matches(label.name) for label in labels):
            yield "No label matches the status labels: issues will only be open or closed, and start when they end."

    def _about_deployments(self) -> Iterator[str]:
        match self._rules.deployment_source:
            case "deployments":
                yield from self._about_environments()
            case "releases":
                yield from self._about_reading("releases", "releases")
            case "workflow" if not self._rules.workflow:
                yield "No workflow is named: no run counts as a deployment."
            case "workflow":
                Runs(self._api, self._rules).workflow()

    def _about_environments(self) -> Iterator[str]:
        yield from self._about_reading("deployments", "deployments")
        try:
            found = self._api.maybe(self._api.path("environments?per_page=100"), EnvironmentList)
        except HttpError as error:
            if error.status != 403:
                raise
            return
        names = [environment.name for environment in found.environments] if found else []
        if names and not any(self._rules.production_environments.matches(name) for name in names):
            yield f"No environment is production by the rule; there are: {', '.join(sorted(names))}."

    def _about_reading(self, what: str, path: str) -> Iterator[str]:
        error = self._api.readable(self._api.path(path))
        if error:
            yield f"The {what} cannot be read: {error.message}"
