"""“Test connection” and the settings: who we are, what we see, and honest errors."""

import pytest

from connectors.github.rules import Patterns, addresses
from connectors.protocol import ConnectorError
from tests.connectors.github.fake import TOKEN, FakeGitHub
from tests.connectors.github.shop import connector


def test_it_says_who_we_are_and_what_we_see(github: FakeGitHub) -> None:
    check = connector(github).check()
    assert check.identity == "vmo-reader"
    assert check.summary == "acme/shop, private, default branch main"
    assert check.warnings == ()


def test_a_wrong_token(github: FakeGitHub) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(github, token="ghp_wrong").check()
    assert (caught.value.permanent, caught.value.field) == (True, "token")
    assert "does not accept the token" in caught.value.message
    assert "ghp_wrong" not in caught.value.message


def test_no_token_where_one_is_needed(github: FakeGitHub) -> None:
    with pytest.raises(ConnectorError, match="no token is set"):
        connector(github, token="").check()


def test_a_repository_that_is_not_there_or_not_ours_to_see(github: FakeGitHub) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(github, repository="acme/secret").check()
    assert (caught.value.permanent, caught.value.field) == (True, "repository")
    assert "private repository looks as if it did not exist" in caught.value.message


@pytest.mark.parametrize("text", ["shop", "acme/shop/issues", "", "acme shop", "../etc/passwd"])
def test_what_is_no_repository(github: FakeGitHub, text: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(github, repository=text)
    assert caught.value.field == "repository"


@pytest.mark.parametrize(
    "text",
    ["acme/shop", "https://github.com/acme/shop", "https://github.com/acme/shop.git", "git@github.com:acme/shop.git"],
)
def test_a_pasted_address_will_do(github: FakeGitHub, text: str) -> None:
    assert connector(github, repository=text).check().summary.startswith("acme/shop")


def test_rules_that_match_nothing_are_said(github: FakeGitHub) -> None:
    warnings = connector(github, production_environments="live*", status_labels="stage *").check().warnings
    assert warnings == (
        "No label matches the status labels: issues will only be open or closed, and start when they end.",
        "No environment is production by the rule; there are: production, staging.",
    )


def test_a_workflow_without_a_name_is_said(github: FakeGitHub) -> None:
    assert "No workflow is named" in connector(github, deployment_source="workflow").check().warnings[0]


def test_a_repository_without_issues(github: FakeGitHub) -> None:
    github.repository["has_issues"] = False
    assert "has no issues" in connector(github).check().warnings[0]


@pytest.mark.parametrize(
    ("typed", "rest", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://acme.ghe.com/", "https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ("https://git.acme.example", "https://git.acme.example/api/v3", "https://git.acme.example/api/graphql"),
        ("https://git.acme.example/api/v3/", "https://git.acme.example/api/v3", "https://git.acme.example/api/graphql"),
        ("http://10.0.0.7:8080/", "http://10.0.0.7:8080/api/v3", "http://10.0.0.7:8080/api/graphql"),
    ],
)
def test_addresses_of_the_cloud_and_of_own_servers(typed: str, rest: str, graphql: str) -> None:
    assert addresses(typed) == (rest, graphql)


def test_patterns() -> None:
    patterns = Patterns.of(" v* , Release-?, ")
    assert [patterns.place(text) for text in ("v1", "RELEASE-2", "release-22", "")] == [0, 1, None, None]
    assert not Patterns.of("").matches("")


def test_the_token_goes_with_every_question(github: FakeGitHub) -> None:
    list(connector(github).pull(None))
    assert {request.headers["authorization"] for request in github.server.requests} == {f"Bearer {TOKEN}"}
    assert {request.headers["x-github-api-version"] for request in github.server.requests} == {"2022-11-28"}
