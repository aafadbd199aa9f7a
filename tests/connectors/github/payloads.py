"""GitHub's answers as docs.github.com documents them (REST API 2022-11-28), filled with invented things.

Each function makes one record with all the fields that matter and a fair share of those that do not.
"""

import hashlib
from typing import Any

API = "https://api.github.com"
REPOSITORY = "acme/shop"
ROOT = f"{API}/repos/{REPOSITORY}"
Json = dict[str, Any]


def sha(name: str) -> str:
    """The full hash of the commit that tests call `name`."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def node(kind: str, number: int) -> str:
    return f"{kind}_kwDO{number:06d}"


def user(login: str = "ada", number: int = 1) -> Json:
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {
        "login": login,
        "id": number,
        "node_id": node("U", number),
        "avatar_url": f"https://avatars.example/u/{number}?v=4",
        "gravatar_id": "",
        "url": f"{API}/users/{login}",
        "html_url": f"https://github.com/{login}",
        "repos_url": f"{API}/users/{login}/repos",
        "events_url": f"{API}/users/{login}/events{{/privacy}}",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def label(name: str) -> Json:
    number = len(name)
    return {
        "id": 208045946 + number,
        "node_id": node("LA", number),
        "url": f"{ROOT}/labels/{name}",
        "name": name,
        "color": "f29513",
        "default": False,
        "description": None,
    }


def repository(default_branch: str = "main") -> Json:
    return {
        "id": 1296269,
        "node_id": node("R", 1296269),
        "name": "shop",
        "full_name": REPOSITORY,
        "owner": {**user("acme", 9), "type": "Organization"},
        "private": True,
        "html_url": f"https://github.com/{REPOSITORY}",
        "description": None,
        "fork": False,
        "url": ROOT,
        "default_branch": default_branch,
        "open_issues_count": 3,
        "has_issues": True,
        "has_projects": True,
        "archived": False,
        "pushed_at": "2025-03-01T00:00:00Z",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2025-03-01T00:00:00Z",
        "permissions": {"admin": False, "push": False, "pull": True},
    }


def issue(number: int, created: str, updated: str, **more: Any) -> Json:
    """An entry of the list of issues; `pull_request` makes it a pull request."""
    kind = "pull" if "pull_request" in more else "issues"
    return {
        "url": f"{ROOT}/issues/{number}",
        "repository_url": ROOT,
        "labels_url": f"{ROOT}/issues/{number}/labels{{/name}}",
        "comments_url": f"{ROOT}/issues/{number}/comments",
        "events_url": f"{ROOT}/issues/{number}/events",
        "html_url": f"https://github.com/{REPOSITORY}/{kind}/{number}",
        "id": 1000 + number,
        "node_id": node("I", number),
        "number": number,
        "title": f"Thing {number}",
        "user": user(),
        "labels": [],
        "state": "open",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": created,
        "updated_at": updated,
        "closed_at": None,
        "author_association": "MEMBER",
        "type": None,
        "active_lock_reason": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "body": None,
        "closed_by": None,
        "reactions": {"url": f"{ROOT}/issues/{number}/reactions", "total_count": 0, "+1": 0},
        "timeline_url": f"{ROOT}/issues/{number}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
        **more,
    }


def pull_link(number: int, merged: str | None) -> Json:
    return {
        "url": f"{ROOT}/pulls/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/pull/{number}",
        "diff_url": f"https://github.com/{REPOSITORY}/pull/{number}.diff",
        "patch_url": f"https://github.com/{REPOSITORY}/pull/{number}.patch",
        "merged_at": merged,
    }


def event(number: int, kind: str, at: str, by: str = "ada", **more: Any) -> Json:
    """An event of a timeline: labeled, unlabeled, closed, reopened, merged, renamed …"""
    return {
        "id": number,
        "node_id": node("EV", number),
        "url": f"{ROOT}/issues/events/{number}",
        "actor": user(by),
        "event": kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": at,
        "performed_via_github_app": None,
        **more,
    }


def labeled(number: int, at: str, name: str, kind: str = "labeled") -> Json:
    return event(number, kind, at, label={"name": name, "color": "f29513"})


def unlabeled(number: int, at: str, name: str) -> Json:
    return labeled(number, at, name, "unlabeled")


def commented(number: int, at: str, by: str) -> Json:
    return {
        "id": number,
        "node_id": node("IC", number),
        "url": f"{ROOT}/issues/comments/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/issues/1#issuecomment-{number}",
        "body": "Nice.",
        "user": user(by),
        "created_at": at,
        "updated_at": at,
        "issue_url": f"{ROOT}/issues/1",
        "author_association": "COLLABORATOR",
        "event": "commented",
        "actor": user(by),
    }


def reviewed(number: int, at: str, by: str, state: str = "approved") -> Json:
    return {
        "id": number,
        "node_id": node("PRR", number),
        "user": user(by),
        "body": "Go on.",
        "state": state,
        "html_url": f"https://github.com/{REPOSITORY}/pull/1#pullrequestreview-{number}",
        "pull_request_url": f"{ROOT}/pulls/1",
        "author_association": "COLLABORATOR",
        "_links": {"html": {"href": "https://github.com"}, "pull_request": {"href": ROOT}},
        "submitted_at": at,
        "commit_id": sha("reviewed"),
        "event": "reviewed",
    }


def line_commented(at: str, by: str) -> Json:
    comment = {
        "url": f"{ROOT}/pulls/comments/10",
        "pull_request_review_id": 42,
        "id": 10,
        "diff_hunk": "@@ -16,33 +16,40 @@",
        "path": "file1.txt",
        "position": 1,
        "commit_id": sha("reviewed"),
        "user": user(by),
        "body": "Why?",
        "created_at": at,
        "updated_at": at,
    }
    return {"event": "line-commented", "node_id": node("PRRC", 10), "comments": [comment]}


def signature(at: str, name: str = "Ada") -> Json:
    return {"name": name, "email": f"{name.lower()}@acme.example", "date": at}


def committed(name: str, at: str, parents: tuple[str, ...] = (), committed_at: str = "") -> Json:
    """A commit of a pull request's branch, as its timeline shows it."""
    return {
        "sha": sha(name),
        "node_id": node("C", len(name)),
        "url": f"{ROOT}/git/commits/{sha(name)}",
        "html_url": f"https://github.com/{REPOSITORY}/commit/{sha(name)}",
        "author": signature(at),
        "committer": signature(committed_at or at),
        "tree": {"sha": sha("tree"), "url": f"{ROOT}/git/trees/{sha('tree')}"},
        "message": f"Do {name}",
        "parents": [{"sha": sha(parent), "url": f"{ROOT}/git/commits/{sha(parent)}"} for parent in parents],
        "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        "event": "committed",
    }


def merged(number: int, at: str, name: str) -> Json:
    url = f"{ROOT}/commits/{sha(name)}"
    return event(number, "merged", at, commit_id=sha(name), commit_url=url)


def commit(name: str, at: str, parents: tuple[str, ...] = (), committed_at: str = "", by: str = "ada") -> Json:
    """An entry of the list of commits."""
    return {
        "url": f"{ROOT}/commits/{sha(name)}",
        "sha": sha(name),
        "node_id": node("C", len(name)),
        "html_url": f"https://github.com/{REPOSITORY}/commit/{sha(name)}",
        "comments_url": f"{ROOT}/commits/{sha(name)}/comments",
        "commit": {
            "url": f"{ROOT}/git/commits/{sha(name)}",
            "author": signature(at, by),
            "committer": signature(committed_at or at, "GitHub"),
            "message": f"Do {name}",
            "tree": {"url": f"{ROOT}/tree/{sha('tree')}", "sha": sha("tree")},
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        },
        "author": user(by),
        "committer": user("web-flow"),
        "parents": [{"url": f"{ROOT}/commits/{sha(parent)}", "sha": sha(parent)} for parent in parents],
    }


def deployment(number: int, name: str, environment: str, created: str, updated: str, **more: Any) -> Json:
    return {
        "url": f"{ROOT}/deployments/{number}",
        "id": number,
        "node_id": node("DE", number),
        "sha": sha(name),
        "ref": "main",
        "task": "deploy",
        "payload": {},
        "original_environment": environment,
        "environment": environment,
        "description": "Deploy request",
        "creator": user(),
        "created_at": created,
        "updated_at": updated,
        "statuses_url": f"{ROOT}/deployments/{number}/statuses",
        "repository_url": ROOT,
        "transient_environment": False,
        "production_environment": environment == "production",
        **more,
    }


def deployment_status(number: int, state: str, at: str) -> Json:
    return {
        "url": f"{ROOT}/deployments/42/statuses/{number}",
        "id": number,
        "node_id": node("DES", number),
        "state": state,
        "creator": user(),
        "description": "",
        "environment": "production",
        "target_url": "",
        "created_at": at,
        "updated_at": at,
        "deployment_url": f"{ROOT}/deployments/42",
        "repository_url": ROOT,
        "environment_url": "",
        "log_url": f"https://github.com/{REPOSITORY}/actions/runs/{number}",
    }


def release(number: int, tag: str, created: str, published: str | None, **more: Any) -> Json:
    return {
        "url": f"{ROOT}/releases/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/releases/tag/{tag}",
        "assets_url": f"{ROOT}/releases/{number}/assets",
        "id": number,
        "node_id": node("RE", number),
        "tag_name": tag,
        "target_commitish": "main",
        "name": tag,
        "body": "Better.",
        "draft": published is None,
        "prerelease": False,
        "created_at": created,
        "published_at": published,
        "author": user(),
        "assets": [],
        **more,
    }


def tag(name: str, commit_name: str) -> Json:
    return {
        "name": name,
        "commit": {"sha": sha(commit_name), "url": f"{ROOT}/commits/{sha(commit_name)}"},
        "zipball_url": f"https://github.com/{REPOSITORY}/zipball/{name}",
        "tarball_url": f"https://github.com/{REPOSITORY}/tarball/{name}",
        "node_id": node("T", len(name)),
    }


def workflow(number: int, name: str, path: str) -> Json:
    return {
        "id": number,
        "node_id": node("W", number),
        "name": name,
        "path": path,
        "state": "active",
        "created_at": "2024-01-01T00:00:00.000Z",
        "updated_at": "2024-01-01T00:00:00.000Z",
        "url": f"{ROOT}/actions/workflows/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/blob/main/{path}",
        "badge_url": f"https://github.com/{REPOSITORY}/workflows/{name}/badge.svg",
    }


def run(number: int, name: str, created: str, updated: str, conclusion: str | None, **more: Any) -> Json:
    return {
        "id": number,
        "name": "Deploy",
        "node_id": node("WFR", number),
        "head_branch": "main",
        "head_sha": sha(name),
        "path": ".github/workflows/deploy.yml",
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "display_title": "Update shop",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "workflow_id": 7,
        "url": f"{ROOT}/actions/runs/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{number}",
        "pull_requests": [],
        "created_at": created,
        "updated_at": updated,
        "run_started_at": created,
        "actor": user(),
        "triggering_actor": user(),
        **more,
    }


def job(name: str, started: str | None, conclusion: str | None) -> Json:
    return {
        "id": 1,
        "run_id": 1,
        "name": name,
        "status": "completed",
        "conclusion": conclusion,
        "started_at": started,
        "completed_at": started,
        "steps": [],
        "labels": ["ubuntu-latest"],
    }


def environment(name: str) -> Json:
    return {
        "id": 56780428,
        "node_id": node("EN", 1),
        "name": name,
        "url": f"{ROOT}/environments/{name}",
        "html_url": f"https://github.com/{REPOSITORY}/deployments/activity_log?environments_filter={name}",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


def refusal(message: str) -> Json:
    return {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "403"}
