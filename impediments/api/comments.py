"""What people wrote about an impediment, for programs."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.comments import LONGEST, comments_of
from core.models import Comment
from impediments.actions.comments import add_comment, edit_comment, remove_comment
from impediments.models import Impediment
from portfolio.api.base import VerbMixin


class CommentSerializer(serializers.ModelSerializer):
    """`text` may name people who see the impediment (“@Ada Keller”): they are told."""

    author = serializers.CharField(source="author_name", read_only=True)
    text = serializers.CharField(max_length=LONGEST)

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "at", "edited_at"]
        read_only_fields = ["at", "edited_at"]


def find(request: Request, pk: int) -> Impediment:
    """An impediment that the asker may see; 404 for everybody else."""
    rows = Impediment.objects.for_user(cast(User, request.user)).select_related("team__stream", "owner", "logged_by")
    return get_object_or_404(rows, pk=pk)


class CommentsView(VerbMixin, APIView):
    """The comments on an impediment."""

    @extend_schema(responses=CommentSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Those that stand, the oldest first."""
        return Response(CommentSerializer(comments_of(find(request, pk)), many=True).data)

    @extend_schema(request=CommentSerializer, responses={201: CommentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Write one."""
        one, given = find(request, pk), CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, add_comment, impediment=one, text=given.validated_data["text"])
        return Response(CommentSerializer(given.instance).data, status=201)


class CommentView(VerbMixin, APIView):
    """One comment: its author changes it, or takes it away."""

    def _find(self, request: Request, pk: int, comment_id: int) -> dict[str, Any]:
        one = find(request, pk)
        return {"impediment": one, "comment": get_object_or_404(comments_of(one), pk=comment_id)}

    @extend_schema(request=CommentSerializer, responses=CommentSerializer)
    def patch(self, request: Request, pk: int, comment_id: int) -> Response:
        """Write it anew."""
        what, given = self._find(request, pk, comment_id), CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, edit_comment, text=given.validated_data["text"], **what)
        return Response(CommentSerializer(given.instance).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, comment_id: int) -> Response:
        """Take it away; it stays in the audit trail."""
        self.do(remove_comment, **self._find(request, pk, comment_id))
        return Response(status=204)
