"""GitHub, cloud or enterprise.

Everything is read over REST, and the timeline of an issue or pull request is the one source of its history: it holds
labels, closing, commits, reviews and comments together, so a pull request costs one request and not four. Only the
status of a project board has no REST form and is asked over GraphQL, for 25 issues at a time.

    rules.py       the settings, understood
    payloads.py    what GitHub answers, as far as we read it
    api.py         its addresses, and pages of records
    issues.py      issue and timeline → item, transitions, blocks, incident
    projects.py    statuses of a project board (GraphQL)
    pulls.py       pull request and timeline → pull request, commits, how it was merged
    commits.py     commits of branches
    deliveries.py  deployments, releases, workflow runs
    connector.py   the phases of a sync and their cursor
"""

from connectors.github.connector import GitHubConnector

__all__ = ["GitHubConnector"]
