"""Key figures and their values for programs; many values at once by `ingest/measurements/`."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from metrics import actions, kpis
from metrics.actions.kpis import Entry, problem_with
from metrics.forms.kpis import day_asked
from metrics.models import Kpi, KpiOrigin
from portfolio.api.base import NoDelete, Seen, VerbMixin, without
from portfolio.models import Initiative, Team, ValueStream
from portfolio.rules import WORDS

AS_OF = OpenApiParameter("as_of", str, description="a date (its end) or a past instant; default: now")
MOST_VALUES = 5000


def day_of(request: Request) -> date:
    """The day of ?as_of=; 400 with a message for one that cannot be used."""
    day, _, problem = day_asked(request.query_params, timezone.now())
    if problem:
        raise ValidationError({"as_of": [problem]})
    return day


class KpiSerializer(serializers.ModelSerializer[Kpi]):
    """`value`, `value_on` and `state` (empty, none: no target, open, reached, late) are as at `as_of`. With `measure`
    the portal writes the values, in a unit of its own.
    """

    slug = serializers.SlugField(required=False, max_length=80)
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all())
    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True)
    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all(), required=False, allow_null=True)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )

    class Meta:
        model = Kpi
        fields = ["id", "slug", "stream", "initiative", "team", "name", "description", "unit", "better", "target"]
        fields += ["target_on", "owner", "measure", "percentile", "window_days", "position", "ended_on"]
        validators: list[Any] = []

    def to_representation(self, instance: Kpi) -> dict[str, Any]:
        known: Mapping[int, kpis.Line] = self.context.get("lines", {})
        line = known.get(instance.pk) or kpis.lines([instance], day_of(self.context["request"]))[0]
        now = line.now
        about = {"value": now and now.value, "value_on": now and now.on, "state": line.state}
        return super().to_representation(instance) | about


class ValueSerializer(serializers.Serializer[Any]):
    """What a figure was on a day, in its unit. `origin`: hand, file, api or measure (written by the portal)."""

    on = serializers.DateField()
    value = serializers.FloatField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    origin = serializers.CharField(read_only=True)


@extend_schema_view(list=extend_schema(parameters=[AS_OF]), retrieve=extend_schema(parameters=[AS_OF]))
class KpiViewSet(NoDelete):
    """Key figures of value streams and leading measures of initiatives. `ended_on` ends one, null reopens it."""

    serializer_class = KpiSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Kpi]:
        return kpis.kpis_for(cast(User, self.request.user))

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.lines = {line.kpi.pk: line for line in kpis.lines(page or [], day_of(self.request))}
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "lines": getattr(self, "lines", {})}

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_kpi, **without(serializer.validated_data, "ended_on"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        kpi, fields = serializer.instance, without(serializer.validated_data, "slug", "stream", "ended_on")
        self.save_by(serializer, actions.change_kpi, kpi=kpi, **fields)
        self.end_or_reopen(serializer, actions.end_kpi, actions.reopen_kpi, kpi=serializer.instance)

    @extend_schema(methods=["get"], parameters=[AS_OF], responses=ValueSerializer(many=True))
    @extend_schema(methods=["post"], request=ValueSerializer, responses=ValueSerializer)
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def values(self, request: Request, slug: str) -> Response:
        """The history, the earliest first; POST records a day's value, or corrects it."""
        kpi = self.get_object()
        if request.method == "GET":
            return Response(ValueSerializer(kpis.history(kpi.pk, day_of(request)), many=True).data)
        given = ValueSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, actions.record_value, kpi=kpi, origin=KpiOrigin.API, **given.validated_data)
        return Response(ValueSerializer(given.instance).data, status=201)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path=r"values/(?P<on>\d{4}-\d\d-\d\d)/remove")
    def remove(self, request: Request, slug: str, on: str) -> Response:
        """Take back what was recorded for a day."""
        try:
            day = date.fromisoformat(on)
        except ValueError:
            raise NotFound("There is no such day.") from None
        self.do(actions.remove_value, kpi=self.get_object(), on=day)
        return Response(status=204)


class MeasurementSerializer(serializers.Serializer[Any]):
    """A figure by its short name, a day up to today, the value in the figure's unit."""

    kpi = serializers.CharField(max_length=80)
    on = serializers.DateField()
    value = serializers.FloatField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class MeasurementsSerializer(serializers.Serializer[Any]):
    measurements = MeasurementSerializer(many=True, allow_empty=False)

    def validate_measurements(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(rows) > MOST_VALUES:
            raise serializers.ValidationError(f"Send at most {MOST_VALUES:,} at a time; these are {len(rows):,}.")
        return rows


class CountsSerializer(serializers.Serializer[Any]):
    """Days that are new, corrected, and as they were."""

    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class IngestMeasurements(VerbMixin, APIView):
    """Many values of many key figures at once: all of them, or none with what is wrong by index.

    Sending the same again changes nothing; sending a day again corrects it. At most 5,000 at a time.
    """

    @extend_schema(request=MeasurementsSerializer, responses=CountsSerializer)
    def post(self, request: Request) -> Response:
        given = MeasurementsSerializer(data=request.data)
        if not given.is_valid():
            raise ValidationError(_by_index(given.errors))
        entries = _entries(given.validated_data["measurements"], cast(User, request.user))
        self.save_by(given, actions.record_values, entries=entries, origin=KpiOrigin.API)
        return Response(CountsSerializer(given.instance).data)


def _by_index(errors: Mapping[str, Any]) -> dict[str, Any]:
    """The problems of rows under their index, without those that have none."""
    rows = errors.get("measurements")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return dict(errors)
    return {"measurements": {str(index): row for index, row in enumerate(rows) if row}}


def _entries(rows: Sequence[Mapping[str, Any]], user: User) -> list[Entry]:
    """The entries that are meant. Raises ValidationError with the problems by index, 403 where they may not be made."""
    seen = {kpi.slug: kpi for kpi in kpis.kpis_for(user).filter(slug__in={row["kpi"] for row in rows})}
    entries, problems, today = list[Entry](), dict[str, dict[str, list[str]]](), timezone.localdate()
    first: dict[tuple[str, date], int] = {}
    for index, row in enumerate(rows):
        wrong = _problems(row, seen, today)
        if (before := first.setdefault((row["kpi"], row["on"]), index)) != index:
            wrong = {"on": f"Number {before} is of the same figure and day."}
        if wrong:
            problems[str(index)] = {name: [text] for name, text in wrong.items()}
        else:
            entries.append(Entry(seen[row["kpi"]], row["on"], row["value"], row["note"]))
    if problems:
        raise ValidationError({"measurements": problems})
    if not all(kpis.may_record(user, kpi) for kpi in seen.values()):
        raise PermissionDenied(WORDS["manage_kpis"])
    return entries


def _problems(row: Mapping[str, Any], seen: Mapping[str, Kpi], today: date) -> dict[str, str]:
    kpi = seen.get(row["kpi"])
    if kpi is None:
        return {"kpi": f"The key figure “{row['kpi']}” does not exist."}
    return problem_with(Entry(kpi, row["on"], row["value"], row["note"]), today)
