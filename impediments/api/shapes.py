"""What an impediment is for programs, and what its verbs are given."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from impediments.models import Block, Category, Impediment, Level, RootCause, State
from impediments.queries.rows import Row, rows_of
from metrics.models import WorkItem
from portfolio.api.base import Seen
from portfolio.models import Team

# So many items can be named at once.
MOST_ITEMS = 200
MOST_WORDS = 10_000


@extend_schema_field(OpenApiTypes.STR)
class DayOrInstant(serializers.Field):
    """A day such as 2026-02-14 (then it is the start of that working day) or an instant with its zone."""

    def to_internal_value(self, data: object) -> date | datetime:
        text = str(data).strip() if isinstance(data, str) else ""
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return serializers.DateField().run_validation(text)  # type: ignore[no-any-return]
        return serializers.DateTimeField().run_validation(text)  # type: ignore[no-any-return]

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field({"type": "array", "items": {"type": "integer"}, "maxItems": MOST_ITEMS})
class Items(serializers.ListField):
    """Ids of work items (as /items/ has them), of teams that the asker may see."""

    child = serializers.IntegerField(min_value=1, max_value=2**63 - 1)

    def to_internal_value(self, data: Any) -> list[Any]:
        ids = set(super().to_internal_value(data))
        teams = Team.objects.for_user(self.context["request"].user).order_by()
        found = list(WorkItem.objects.filter(pk__in=ids, team__in=teams))
        if len(found) < len(ids):
            raise serializers.ValidationError("One of the items does not exist.")
        return found


class BlockedSerializer(serializers.ModelSerializer):
    """An item that it blocks, since when; `item` is null when its source was removed.

    Of an item of a team that you do not see the key alone is told.
    """

    since = serializers.DateTimeField(source="from_at", read_only=True)

    class Meta:
        model = Block
        fields = ["item", "key", "title", "since"]
        read_only_fields = fields


@dataclass(frozen=True, slots=True)
class Shown:
    """The figures of impediments by their ids, as at an instant, and what they block then."""

    rows: Mapping[int, Row]
    blocks: Mapping[int, list[Block]]


def shown(ones: Collection[Impediment], user: User, at: datetime, *, is_past: bool = False) -> Shown:
    """The same number of queries for one and for many; `ones` come from queries.seen at this instant."""
    rows = {row.one.pk: row for row in rows_of(ones, user, at, is_past=is_past)}
    during = Q(from_at__lte=at) & (Q(to_at=None) | Q(to_at__gt=at))
    blocks: dict[int, list[Block]] = {pk: [] for pk in rows}
    teams = set(Team.objects.for_user(user).order_by().values_list("pk", flat=True))
    for block in Block.objects.filter(during, impediment__in=rows).select_related("item"):
        blocks[block.impediment_id].append(_for_reader(block, teams))
    return Shown(rows, blocks)


def _for_reader(block: Block, teams: Collection[int]) -> Block:
    """A block with the item that it has where the reader sees its team, as on the page."""
    if block.item is not None and block.item.team_id not in teams:
        block.item, block.title = None, ""
    return block


class ImpedimentSerializer(serializers.ModelSerializer):
    """What is in the way of a team. `since` is given as a day or an instant, `items` as ids of work items.

    `age_days` are working days over all periods; the clock of its level has `level_hours_used` of `level_hours_limit`
    (null: no limit) and runs out at `breach_at`. `lost_item_days` and `capacity_cost` are what blocked items took so
    far; the money is left out where you may not see it. `version`, when given, must be the present one (409).
    """

    team = Seen(slug_field="slug", queryset=Team.objects.all())
    stream: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        source="team.stream", slug_field="slug", read_only=True
    )
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    since = DayOrInstant(source="since_at", required=False)
    items = Items(write_only=True, required=False, max_length=MOST_ITEMS)
    is_external = serializers.BooleanField(required=False, allow_null=True)
    blocks = serializers.SerializerMethodField()
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    class Meta:
        model = Impediment
        fields = ["id", "what", "description", "category", "team", "stream", "state", "level", "is_external", "owner"]
        fields += ["asked", "promised_on", "since", "items", "blocks", "logged_at", "logged_by", "via", "resolved_at"]
        fields += ["resolution", "root_cause", "merged_into", "version"]
        read_only_fields = ["state", "level", "logged_at", "logged_by", "via", "resolved_at", "resolution"]
        read_only_fields += ["root_cause", "merged_into"]
        validators: list[Any] = []
        extra_kwargs = {"description": {"max_length": MOST_WORDS}, "category": {"choices": Category.choices}}

    @extend_schema_field(BlockedSerializer(many=True))
    def get_blocks(self, one: Impediment) -> Any:
        return BlockedSerializer(self.context["shown"].blocks.get(one.pk, []), many=True).data

    def to_representation(self, instance: Impediment) -> dict[str, Any]:
        found = super().to_representation(instance)
        row: Row | None = self.context["shown"].rows.get(instance.pk)
        return found if row is None else found | _figures(row)


def _figures(row: Row) -> dict[str, Any]:
    clock = row.standing if row.is_open else None
    told: dict[str, Any] = {
        "state": row.state or "open",
        "level": row.level,
        "age_days": round(row.age.days, 4),
        "age_hours": round(row.age.hours, 4),
        "level_hours_used": round(clock.used_hours, 4) if clock else None,
        "level_hours_limit": clock.limit_hours if clock else None,
        "breach_at": clock.breach_at.isoformat() if clock and clock.breach_at else None,
        "is_paused": bool(clock and clock.is_paused),
        "paused_because": clock.reason if clock else "",
        "paused_until": clock.until_on.isoformat() if clock and clock.until_on else None,
        "lost_item_days": round(row.cost.days, 4),
    }
    return told | money(row.cost.amount, "capacity_cost", is_hidden=row.cost.is_hidden)


def money(amount: Decimal | None, name: str, *, is_hidden: bool) -> dict[str, Any]:
    """An amount to the cent under its name; nothing at all where it is hidden."""
    if amount is None:
        return {} if is_hidden else {name: None}
    return {name: str(amount.quantize(Decimal("0.01")))}


class Versioned(serializers.Serializer[Any]):
    """What every verb may be given: the version that was seen (409 when it is another one)."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class MoveImpedimentSerializer(Versioned):
    """To `resolved` it needs a resolution and a root cause."""

    state = serializers.ChoiceField(State.choices)
    resolution = serializers.CharField(required=False, allow_blank=True, max_length=MOST_WORDS)
    root_cause = serializers.ChoiceField(RootCause.choices, required=False, allow_blank=True)


class ResolveSerializer(Versioned):
    resolution = serializers.CharField(max_length=MOST_WORDS)
    root_cause = serializers.ChoiceField(RootCause.choices)


class ReopenSerializer(Versioned):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000)


class LevelSerializer(Versioned):
    level = serializers.ChoiceField(Level.choices)
    reason = serializers.CharField(max_length=1000)


class PauseSerializer(Versioned):
    """`until_on`: the day on which the clock runs again by itself."""

    reason = serializers.CharField(max_length=300)
    until_on = serializers.DateField(required=False, allow_null=True)


class BlockSerializer(Versioned):
    items = Items(max_length=MOST_ITEMS, allow_empty=False)


class SeenImpediment(serializers.PrimaryKeyRelatedField):
    """Another impediment that the asker may see."""

    def get_queryset(self) -> Any:
        return Impediment.objects.for_user(self.context["request"].user)


class MergeSerializer(Versioned):
    """The impediment is the same as `into`, which takes over what it blocks."""

    into = SeenImpediment(queryset=Impediment.objects.all())
