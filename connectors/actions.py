"""What people do with sources. Each verb checks the actor, is one transaction and leaves one audit entry.

`actor` None is the portal itself (commands, the demo organisation). Invalid values raise ValidationError by field;
what a tool says against it is a ConnectorError.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from connectors import preview as previews
from connectors import rules, tasks
from connectors.models import SyncRun
from connectors.opening import opened, secrets_of
from connectors.preview import Preview
from connectors.protocol import Check
from core import audit, jobs, secrets
from core.models import JobState
from metrics import rollups
from metrics.delivery import derive_changes
from metrics.load import removal
from metrics.models import Source, SourceState, Status
from portfolio.models import Service, Team
from portfolio.rules import Person, require

# Cleaned by rules.py; Django would call an empty mapping blank.
CLEANED = ("settings", "type_mapping", "status_mapping", "cursor")


def _settings(source: Source, given: Mapping[str, object] | None = None) -> dict[str, str]:
    """The source's settings with `given` laid over them; an empty secret keeps the stored one.

    At another server it is asked for again: who may change the address may not thereby be sent the stored one.
    """
    fields = {field.name for field in rules.connector(source.tool).fields}
    stored = {name: value for name, value in source.settings.items() if name in fields}
    kept = secrets_of(source)
    if rules.moved(source.tool, stored, given or {}):
        again = "The address leads to another server: give this again."
        missing = {name: again for name in kept if not (given or {}).get(name)}
        if missing:
            raise ValidationError(missing)
    return rules.clean(source.tool, {**stored, **(given or {})}, kept=kept)


def _locked(source: Source) -> Source:
    return Source.objects.select_for_update().get(pk=source.pk)


def _revoke(source: Source) -> None:
    """A sync that runs under the old settings stops without writing. Runs are locked before sources, everywhere."""
    run = open_run(source)
    if run is not None:
        jobs.revoke(run)


def _check_place(team: Team, service: Service | None) -> None:
    if service is not None and service.team_id != team.pk:
        raise ValidationError({"service": f"{service} belongs to another team."})


def connect(
    *,
    actor: Person,
    tool: str,
    name: str,
    team: Team,
    settings: Mapping[str, object],
    service: Service | None = None,
    schedule_minutes: int = 15,
    statuses: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    incident_window_hours: int = 24,
) -> Source:
    """A new source. `statuses`: status name → state, in the workflow's order; `types`: tool's type → item kind.

    Its first sync starts with `request_sync`, or by itself at the scheduler's next look (schedule 0: by hand only).
    """
    require(actor, "manage_sources", team)
    plain, secret = rules.split(tool, rules.clean(tool, settings))
    _check_place(team, service)
    source = Source(
        name=name.strip(),
        tool=tool,
        team=team,
        service=service,
        settings=plain,
        secrets=secrets.seal(secret),
        schedule_minutes=schedule_minutes,
        incident_window_hours=incident_window_hours,
        status_mapping=rules.clean_statuses(statuses or {}),
        type_mapping=rules.clean_types(types or {}),
    )
    with transaction.atomic():
        source.slug = rules.slug_for(source.name, set(Source.objects.values_list("slug", flat=True)))
        source.full_clean(exclude=CLEANED)
        source.save()
        data = {"tool": tool, "team": team.slug, "settings": plain, "secrets": sorted(secret)}
        audit.record(actor=actor, verb="connected", target=source, data=data)
    return source


def change_settings(
    *,
    actor: Person,
    source: Source,
    settings: Mapping[str, object] | None = None,
    name: str | None = None,
    service: Service | None = None,
    schedule_minutes: int | None = None,
    incident_window_hours: int | None = None,
) -> Source:
    """Change what is given; an empty secret keeps the stored one.

    When a setting of the tool changes, the cursor and what the old rules had made of the tool's deployments and
    incidents go, and a full sync is due at once: the same facts are read again under the new rules.
    """
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        _revoke(source)
        row = _locked(source)
        plain, secret = rules.split(row.tool, _settings(row, settings))
        changed = sorted(n for n in plain if plain[n] != row.settings.get(n))
        old = secrets_of(row)
        resealed = sorted(n for n in secret if secret[n] != old.get(n))
        row.settings = plain
        row.secrets = secrets.seal(secret)
        given: dict[str, Any] = {
            "name": name,
            "service": service,
            "schedule_minutes": schedule_minutes,
            "incident_window_hours": incident_window_hours,
        }
        for field, value in given.items():
            if value is not None:
                setattr(row, field, value)
        _check_place(row.team, row.service)
        _wake(row)
        row.full_clean(exclude=CLEANED)
        row.save()
        if changed:
            _start_over(row)
        data = {"changed": {n: plain[n] for n in changed}, "secrets": resealed}
        data |= {field: str(value) for field, value in given.items() if value is not None}
        audit.record(actor=actor, verb="changed", target=row, data=data)
    return row


def _start_over(row: Source) -> None:
    """The rules are others now: what they made goes, and the next sync is a full one."""
    derive_changes(removal.forget_rules(row))
    row.cursor, row.next_sync_at = None, None
    row.data_version += 1
    row.save(update_fields=["cursor", "next_sync_at", "data_version"])


def _wake(row: Source) -> None:
    """A stopped source works again; the scheduler looks at it at once."""
    if row.state == SourceState.STOPPED:
        row.state = SourceState.ACTIVE
        row.error = ""
    row.next_sync_at = None


def pause(*, actor: Person, source: Source) -> Source:
    """No sync by schedule until resumed; a running one goes on to its end."""
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        row = _locked(source)
        row.state = SourceState.PAUSED
        row.save(update_fields=["state"])
        audit.record(actor=actor, verb="paused", target=row)
    return row


def resume(*, actor: Person, source: Source) -> Source:
    """A paused or stopped source works again; its next sync is due at once."""
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        row = _locked(source)
        row.state, row.error, row.next_sync_at = SourceState.ACTIVE, "", None
        row.save(update_fields=["state", "error", "next_sync_at"])
        audit.record(actor=actor, verb="resumed", target=row)
    return row


def map_statuses(*, actor: Person, source: Source, states: Sequence[tuple[int, str | None]]) -> None:
    """(primary key, state or None) of all statuses in the workflow's order; figures are derived again by a worker.

    A status given None counts as active, and is listed as not mapped.
    """
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        row = _locked(source)
        known = {status.pk: status for status in Status.objects.filter(source=row)}
        chosen = rules.clean_states({known[pk].name: state for pk, state in states if pk in known})
        for place, pk in enumerate(pk for pk, _ in states if pk in known):
            status = known[pk]
            status.state, status.position = chosen[status.name], place
            status.is_chosen = status.state is not None
        Status.objects.bulk_update(known.values(), ["state", "position", "is_chosen"])
        _remapped(row)
        audit.record(actor=actor, verb="mapped statuses", target=row, data=chosen)


def mark_blocked(*, actor: Person, source: Source, statuses: Collection[int]) -> None:
    """Items in these statuses (primary keys), and in no others, are blocked; stays are derived again by a worker."""
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        row = _locked(source)
        own = Status.objects.filter(source=row)
        own.exclude(pk__in=statuses).update(is_blocked=False)
        own.filter(pk__in=statuses).update(is_blocked=True)
        _remapped(row)
        names = list(own.filter(is_blocked=True).values_list("name", flat=True))
        audit.record(actor=actor, verb="marked blocked statuses", target=row, data={"statuses": names})


def map_types(*, actor: Person, source: Source, types: Mapping[str, str]) -> None:
    """The tool's type → item kind; what is not given goes by the defaults."""
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        row = _locked(source)
        row.type_mapping = rules.clean_types(types)
        row.save(update_fields=["type_mapping"])
        _remapped(row)
        audit.record(actor=actor, verb="mapped types", target=row, data=row.type_mapping)


def _remapped(row: Source) -> None:
    row.needs_derive = True
    row.data_version += 1
    row.save(update_fields=["needs_derive", "data_version"])
    transaction.on_commit(lambda: tasks.derive.delay(row.pk), robust=True)


def what_goes(source: Source) -> dict[str, int]:
    """What `delete_source` would take with it, for the button that says so."""
    return removal.counts(source)


def delete_source(*, actor: Person, source: Source) -> dict[str, int]:
    """Delete the source with everything pulled from it; returns what went, by kind.

    A running sync loses its lease and stops without writing.
    """
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        _revoke(source)
        row = _locked(source)
        gone = removal.counts(row)
        audit.record(actor=actor, verb="deleted", target=row, data={"gone": gone})
        teams, services = removal.teams_of(row), removal.services_of(row)
        removal.delete_facts(row)
        row.delete()
        rollups.rebuild(teams)
        derive_changes(services)
    return gone


def open_run(source: Source) -> SyncRun | None:
    """The run of this source that is waiting or running."""
    return SyncRun.objects.filter(source=source, state__in=[JobState.QUEUED, JobState.RUNNING]).first()


def request_sync(*, actor: Person, source: Source, full: bool = False, enqueue: bool = True) -> SyncRun:
    """The open run of this source, made and handed to a worker if there is none; a waiting one can become full.

    `enqueue` False is for who executes the run in their own process.
    """
    require(actor, "manage_sources", source.team)
    with transaction.atomic():
        if full:
            SyncRun.objects.filter(source=source, state=JobState.QUEUED).update(is_full=True)
        row = _locked(source)
        run = open_run(row)
        if run is None:
            run = SyncRun.objects.create(source=row, is_full=full, requested_by=cast("User | None", actor))
            audit.record(actor=actor, verb="requested sync", target=row, data={"run": run.pk, "full": full})
            if enqueue:
                run_id = run.pk
                # Robust: with the broker away the sweep hands the run out later.
                transaction.on_commit(lambda: tasks.wake([run_id]), robust=True)
    return run


def cancel(*, actor: Person, run: SyncRun) -> bool:
    """Stop a sync: at once when it is waiting, after its present batch when it runs. What was stored stays, and the
    next sync goes on there. Returns whether there was anything to cancel."""
    require(actor, "manage_sources", run.source.team)
    with transaction.atomic():
        asked = jobs.cancel(run)
        if asked:
            audit.record(actor=actor, verb="cancelled sync", target=run.source, data={"run": run.pk})
    return asked


def test_connection(
    *,
    actor: Person,
    tool: str,
    settings: Mapping[str, object],
    team: Team,
    source: Source | None = None,  # noqa: PT028
) -> Check:
    """Ask the tool who we are there. `source`: the stored one being edited, whose secrets fill empty ones."""
    require(actor, "manage_sources", team)
    values = _settings(source, settings) if source else rules.clean(tool, settings)
    with opened(tool, values, team) as connector:
        return connector.check()


def preview(
    *,
    actor: Person,
    tool: str,
    settings: Mapping[str, object],
    team: Team,
    limit: int = 500,
    statuses: Mapping[str, str] | None = None,
    source: Source | None = None,
) -> Preview:
    """What the first `limit` records would become; nothing is stored."""
    require(actor, "manage_sources", team)
    values = _settings(source, settings) if source else rules.clean(tool, settings)
    with opened(tool, values, team) as connector:
        return previews.of(connector, limit, dict(rules.clean_statuses(statuses or {})))  # type: ignore[arg-type]
