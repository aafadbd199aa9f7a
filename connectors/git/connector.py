"""Git: any repository by address or path. Commits with their times, tags as deployments, merges as pull requests.

The cursor holds what was true once its rows are stored: `known` (hashes) that are read to the end, `tags` (name →
hash and time) that are deployments, `told` (hashes) that were read before a full sync began, and, in the middle of a
long read, `target` (hashes) with `done` of its commits.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from connectors.git import address as addresses
from connectors.git.mirror import Commit, Mirror, Ref
from connectors.git.process import Broken, Git
from connectors.git.pulls import claims, mention
from connectors.protocol import Batch, Check, ConnectorError, Context, Cursor, Field, Gone, Rejected
from metrics.rows import CommitRow, DeploymentRow, PullRequestRow, Row

BATCH = 1000
TAG = "refs/tags/"


def patterns(text: str) -> list[str]:
    """Patterns separated by commas or lines; none matches nothing."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def matches(name: str, wanted: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in wanted)


def _counted(n: int, noun: str, plural: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else plural}"


def instant(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class GitConnector:
    """See the protocol for what the methods promise."""

    tool: ClassVar[str] = "git"
    label: ClassVar[str] = "Git"
    summary: ClassVar[str] = "Commits, merges and tags of any repository, by address or path."
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "url",
            "Repository",
            "url",
            required=True,
            help="https://…, ssh://…, host:path, or a path on the portal's machine.",
        ),
        Field(
            "deployment_tags",
            "Tags that are deployments",
            "pattern",
            help="Patterns such as v* or release-*, separated by commas. Empty: no tag is a deployment.",
        ),
        Field(
            "hotfix_tags",
            "Tags of unplanned deployments",
            "pattern",
            help="Deployments whose tag matches, such as *-hotfix*, count as rework.",
        ),
        Field(
            "bots",
            "Authors that are bots",
            "pattern",
            default="[bot]",
            help="Parts of names or e-mail addresses, separated by commas.",
        ),
        Field("username", "User name", help="For https; most servers take any name with a token."),
        Field("token", "Token or password", "secret", help="Kept encrypted, and given to this server only."),
    )

    def __init__(self, settings: Mapping[str, str], context: Context) -> None:
        self.settings = settings
        self.context = context
        self.deployment_tags = patterns(settings["deployment_tags"])
        self.hotfix_tags = patterns(settings["hotfix_tags"])
        self.bots = [bot.casefold() for bot in patterns(settings["bots"])]

    def _mirror(self) -> Mirror:
        address = addresses.parse(self.settings["url"])
        addresses.permit(address, self.context)
        git = Git(self.context.workdir, address, self.settings["username"], self.settings["token"])
        return Mirror(git, self.context.workdir, address)

    def check(self) -> Check:
        mirror = self._mirror()
        refs = mirror.remote_refs()
        tags = [name.removeprefix(TAG) for name, _ in refs if name.startswith(TAG)]
        deployed = sum(matches(tag, self.deployment_tags) for tag in tags)
        user = self.settings["username"] or "anybody"
        branches, named = _counted(len(refs) - len(tags), "branch", "es"), _counted(len(tags), "tag", "s")
        summary = f"{branches} and {named}, {deployed} of them deployments."
        return Check(f"{user} at {mirror.address.url}", summary, self._warnings(refs, deployed, mirror.address))

    def _warnings(self, refs: list[tuple[str, str]], deployed: int, address: addresses.Address) -> tuple[str, ...]:
        found = []
        if not refs:
            found.append("The repository is empty.")
        elif not self.deployment_tags:
            found.append("No tag counts as a deployment until you say which (deployment_tags).")
        elif not deployed:
            found.append(f"No tag matches {self.settings['deployment_tags']}.")
        if address.protocol == "http" and self.settings["token"]:
            found.append("The token goes over the network unencrypted (http).")
        return tuple(found)

    def sample(self) -> Iterator[Batch]:
        """For the preview: the tags of a distant repository, without cloning it; a local one is read."""
        mirror = self._mirror()
        if mirror.address.protocol == "file":
            yield from self.pull(None)
            return
        tags = [Ref(name, sha, sha, "") for name, sha in mirror.remote_refs() if name.startswith(TAG)]
        yield Batch([self._deployment(tag) for tag in tags if self._is_deployment(tag)], {})

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        mirror = self._mirror()
        with mirror.locked() as lock:
            try:
                yield from self._pull(mirror, lock, dict(cursor or {}))
            except Broken:
                # Our copy is damaged. A new one gives the same rows; what is stored already comes out unchanged.
                mirror.discard()
                yield from self._pull_anew(mirror, lock, dict(cursor or {}))

    def _pull_anew(self, mirror: Mirror, lock: int, cursor: dict[str, Any]) -> Iterator[Batch]:
        try:
            yield from self._pull(mirror, lock, cursor)
        except Broken as error:
            raise ConnectorError(f"The repository cannot be read: {error}.", field="url") from error

    @staticmethod
    def restart(cursor: Cursor) -> Cursor:
        """What a full sync must not forget: what was told before, so that what is gone since can be named."""
        tags = dict.fromkeys(cursor.get("tags", {}), "")
        return {"tags": tags, "told": sorted({*cursor.get("told", ()), *cursor.get("known", ())})}

    def sweep(self) -> None:
        """A repository has no work items."""

    def _pull(self, mirror: Mirror, lock: int, cursor: dict[str, Any]) -> Iterator[Batch]:
        mirror.prepare()
        for percent in mirror.fetch(lock):
            yield Batch((), cursor, phase="Fetching the repository", done=percent, total=100)
        refs = mirror.refs()
        target = sorted({ref.sha for ref in refs if ref.sha})
        known = sorted(mirror.existing(cursor.get("known", ())))
        pending = cursor.get("target", [])
        if pending and len(mirror.existing(pending)) == len(pending):
            yield from self._commits(mirror, cursor, pending, known)
            known = pending
            cursor["known"] = known
        cursor = {name: value for name, value in cursor.items() if name in {"known", "tags", "told"}}
        yield from self._commits(mirror, cursor, target, known)
        yield self._end(mirror, cursor, refs, [*known, *mirror.existing(cursor.get("told", ()))])

    def _commits(self, mirror: Mirror, cursor: dict[str, Any], target: list[str], known: list[str]) -> Iterator[Batch]:
        """The commits that `target` adds to `known`, and pull requests that come with them."""
        if target == known:
            return
        new = list(mirror.commits(target, known))
        rows, rejected = self._rows(mirror, new, known)
        skip = cursor.get("done", 0) if cursor.get("target") == target else 0
        total = len(rows)
        if not skip and rejected:
            yield Batch((), cursor, rejected, phase="Reading commits", total=total)
        for start in range(skip, total, BATCH):
            done = min(start + BATCH, total)
            here = {**cursor, "target": target, "done": done}
            yield Batch(rows[start:done], here, phase="Reading commits", done=done, total=total)

    def _rows(self, mirror: Mirror, new: list[Commit], known: list[str]) -> tuple[list[Row], list[Rejected]]:
        """Rows of `new` commits, oldest first, then of the pull requests merged by them."""
        old: list[Commit] = []
        if known and any(mention(commit) for commit in new):
            # Which commits a merge brought in is told by the whole graph.
            old = list(mirror.commits(known, ()))
        pulls = claims([*old, *new])
        owner = {sha: number for number in reversed(pulls) for sha in pulls[number][2]}
        fresh = {commit.sha for commit in new}
        brought = [number for number, (merge, _, _) in pulls.items() if merge.sha in fresh]
        retold = {sha for number in brought for sha in pulls[number][2] if sha not in fresh and owner[sha] == number}
        rejected: list[Rejected] = []
        rows: list[Row] = []
        for commit in (*new, *(commit for commit in old if commit.sha in retold)):
            row = self._commit(commit, owner.get(commit.sha))
            if isinstance(row, Rejected):
                rejected.append(row)
            else:
                rows.append(row)
        by_sha = {commit.sha: commit for commit in (*old, *new)} if brought else {}
        rows += [self._pull_request(number, *pulls[number], by_sha) for number in brought]
        return rows, rejected

    def _commit(self, commit: Commit, pull_request: str | None) -> CommitRow | Rejected:
        authored, committed = instant(commit.authored), instant(commit.committed)
        if authored is None or committed is None:
            return Rejected(f"commit {commit.sha}", "it has no readable time", commit.message[:200])
        return CommitRow(commit.sha, authored, committed, commit.parents, pull_request, self._is_bot(commit))

    def _is_bot(self, commit: Commit) -> bool:
        author = commit.author.casefold()
        return any(bot in author for bot in self.bots)

    def _pull_request(
        self, number: str, merge: Commit, named: Any, own: tuple[str, ...], by_sha: Mapping[str, Commit]
    ) -> PullRequestRow:
        authored = [at for sha in own if sha in by_sha and (at := instant(by_sha[sha].authored))]
        merged_at = instant(merge.committed)
        return PullRequestRow(
            external_id=number,
            number=number,
            title=named.title[:500],
            url="",
            opened_at=None,
            first_commit_at=min(authored, default=None),
            first_review_at=None,
            merged_at=merged_at,
            closed_at=merged_at,
            merge_sha=merge.sha,
            merge_method=named.method,
            commits=own,
            is_bot=all(self._is_bot(by_sha[sha]) for sha in own if sha in by_sha) if own else self._is_bot(merge),
        )

    def _is_deployment(self, ref: Ref) -> bool:
        return ref.name.startswith(TAG) and matches(ref.name.removeprefix(TAG), self.deployment_tags)

    def _deployment(self, ref: Ref) -> DeploymentRow:
        tag = ref.name.removeprefix(TAG)
        return DeploymentRow(
            external_id=tag,
            sha=ref.sha,
            ref=tag,
            environment="production",
            is_production=True,
            status="success",
            started_at=None,
            finished_at=instant(ref.at),
            is_unplanned=matches(tag, self.hotfix_tags),
        )

    def _end(self, mirror: Mirror, cursor: dict[str, Any], refs: list[Ref], told: list[str]) -> Batch:
        """Tags that came, moved or went, commits that history lost, and the cursor of a whole read."""
        wanted = [ref for ref in refs if self._is_deployment(ref)]
        tags = {ref.name.removeprefix(TAG): f"{ref.sha} {ref.at}" for ref in wanted if ref.sha}
        before: dict[str, str] = cursor.get("tags", {})
        rows = [
            self._deployment(ref)
            for ref in wanted
            if ref.sha and before.get(ref.name[len(TAG) :]) != tags[ref.name[len(TAG) :]]
        ]
        rejected = [Rejected(f"tag {ref.name}", "it leads to no commit") for ref in wanted if not ref.sha]
        gone = [Gone("deployment", tag) for tag in before if tag not in tags]
        now = {ref.sha for ref in refs if ref.sha}
        if set(told) - now:
            gone += [Gone("commit", sha) for sha in mirror.hashes(told, now)]
        after = {"known": sorted(now), "tags": tags}
        return Batch(rows, after, rejected, gone=gone, phase="Reading tags", done=len(tags), total=len(tags))
