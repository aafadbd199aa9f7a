"""Which items belong to a feature, for programs."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError

from accounts.models import User
from metrics import actions
from metrics.models import EpicLink, Source
from portfolio.api.base import ById, VerbMixin
from portfolio.models import Feature, Team


class SeenFeature(serializers.PrimaryKeyRelatedField):
    """A feature by its id, among those the asker may see."""

    def get_queryset(self) -> QuerySet[Feature]:
        return Feature.objects.for_user(self.context["request"].user).select_related("team")


class SeenSource(serializers.SlugRelatedField):
    """A source by its short name, among those of the teams that the asker may see."""

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.filter(team__in=Team.objects.for_user(self.context["request"].user).order_by())


class EpicLinkSerializer(serializers.ModelSerializer):
    """The items of `source` that name `parent` as their parent are the items of `feature`."""

    feature = SeenFeature(queryset=Feature.objects.all())
    source = SeenSource(slug_field="slug", queryset=Source.objects.all())  # type: ignore[assignment]

    class Meta:
        model = EpicLink
        fields = ["id", "feature", "source", "parent"]
        validators: list[Any] = []


@extend_schema_view(list=extend_schema(parameters=[OpenApiParameter("feature", int, description="of this feature")]))
class EpicLinkViewSet(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Links between epics of tools and features: they are made and removed, not changed."""

    serializer_class = EpicLinkSerializer
    pagination_class = ById

    def get_queryset(self) -> QuerySet[EpicLink]:
        features = Feature.objects.for_user(cast(User, self.request.user)).order_by()
        links = EpicLink.objects.filter(feature__in=features).select_related("source", "feature__team")
        wanted = self.request.query_params.get("feature", "")
        if not wanted or self.action != "list":
            return links
        if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
            raise ValidationError({"feature": ["Give the id of a feature."]})
        return links.filter(feature=int(wanted))

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.link_epic, **serializer.validated_data)

    def perform_destroy(self, instance: EpicLink) -> None:
        self.do(actions.unlink_epic, link=instance)
