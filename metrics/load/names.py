"""What rows call things, and the ids of those things."""

from collections.abc import Iterable, Sequence

from django.utils.text import slugify

from metrics.models import Source, WorkItem
from metrics.rows import WorkItemRow
from portfolio.models import Service, Team


class Unknown(Exception):
    """A row names something that is not there; the text is the reason it is rejected with."""


class Names:
    """Ids by the names that the rows of one load use. Each kind is read at most once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.statuses: dict[str, int] = {}
        self._items: dict[str, int] = {}
        self._teams: dict[str, int] | None = None
        self._services: dict[str, int] | None = None

    def status(self, external_id: str | None) -> int | None:
        return self.statuses[external_id] if external_id else None

    def team(self, slug: str | None) -> int:
        """The id of the team `slug`, or of the source's team. Raises Unknown."""
        if slug is None:
            return self.source.team_id
        if self._teams is None:
            self._teams = dict(Team.objects.values_list("slug", "pk"))
        if slug not in self._teams:
            raise Unknown(f"there is no team “{slug}” here")
        return self._teams[slug]

    def find_items(self, external_ids: Iterable[str]) -> None:
        found = WorkItem.objects.filter(source=self.source, external_id__in=list(external_ids))
        self._items = dict(found.values_list("external_id", "pk"))

    def known_item(self, external_id: str) -> int | None:
        return self._items.get(external_id)

    def item(self, external_id: str) -> int:
        """The id of an item that find_items was asked for. Raises Unknown."""
        if external_id not in self._items:
            raise Unknown(f"the item {external_id} is not known")
        return self._items[external_id]

    def older_than_stored(self, rows: Sequence[WorkItemRow]) -> set[str]:
        """External ids of `rows` that are older than what is stored."""
        given = {row.external_id: row.updated_at for row in rows if row.updated_at is not None}
        stored = WorkItem.objects.filter(source=self.source, external_id__in=list(given))
        return {name for name, at in stored.values_list("external_id", "updated_at") if at and at > given[name]}

    def service(self, name: str | None) -> int:
        """The id of the service called so (by slug or name), made for the source's team when there is none.

        None: the source's own service. Raises Unknown when no slug can be made of the name.
        """
        if name is None:
            return self._own_service()
        if self._services is None:
            self._services = _services()
        slug = slugify(name)[:80]
        found = self._services.get(name) or self._services.get(slug)
        if found is None:
            if not slug:
                raise Unknown(f"no short name can be made of the service “{name}”")
            found = Service.objects.create(slug=slug, name=name, team=self.source.team).pk
            self._services[slug] = self._services[name] = found
        return found

    def _own_service(self) -> int:
        if self.source.service_id is None:
            made, _ = Service.objects.get_or_create(
                slug=self.source.slug, defaults={"name": self.source.name, "team": self.source.team}
            )
            self.source.service = made
            Source.objects.filter(pk=self.source.pk).update(service=made)
        service = self.source.service_id
        assert service is not None  # noqa: S101  (set just above; for the type checker)
        return service


def _services() -> dict[str, int]:
    """Ids of services by slug, and by name; a slug wins over a name, the older of two names over the newer."""
    rows = list(Service.objects.order_by("-pk").values_list("pk", "slug", "name"))
    by_name = {name: pk for pk, _, name in rows}
    return by_name | {slug: pk for pk, slug, _ in rows}
