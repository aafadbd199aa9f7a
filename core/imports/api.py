"""Imports for programs: the same dry run, import and roll-back as the pages."""

import io
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import imports
from core.api import JsonOfText
from core.models import ImportRun


class ProblemSerializer(serializers.Serializer[Any]):
    """`column` is empty where it is about the whole line."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    message = serializers.CharField()


@extend_schema_serializer(component_name="ImportRun")
class RunSerializer(serializers.ModelSerializer[ImportRun]):
    """A file that was checked, imported or rolled back; with problems nothing of it can be imported."""

    problems = ProblemSerializer(many=True, read_only=True)

    class Meta:
        model = ImportRun
        fields = ["id", "kind", "name", "scope", "state", "created", "changed", "unchanged", "problems"]
        fields += ["made_at", "applied_at", "rolled_back_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer[Any]):
    """A `file` (multipart, CSV or XLSX), or the `text` of a CSV (JSON)."""

    file = serializers.FileField(required=False, allow_empty_file=True)
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    name = serializers.CharField(required=False, max_length=200)
    scope = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"file": ["Give either a file or a text."]})
        return attrs


def _file_of(given: dict[str, Any]) -> tuple[BinaryIO, str]:
    if "file" in given:
        return given["file"].file, given.get("name") or given["file"].name
    return io.BytesIO(given["text"].encode()), given.get("name", "")


def _refused(error: Refused) -> ValidationError:
    return ValidationError(error.message_dict if hasattr(error, "error_dict") else {"detail": error.messages})


class ImportsView(APIView):
    """Files of a kind."""

    parser_classes = [MultiPartParser, JsonOfText]

    @extend_schema(responses=RunSerializer(many=True), operation_id="imports_list")
    def get(self, request: Request, kind: str) -> Response:
        """The last files of this kind that you see, the newest first; `?scope=` as the kind has it."""
        scope = request.query_params.get("scope", "")
        imports.find(kind).allow(request.user, scope)
        return Response(RunSerializer(imports.runs_for(request.user, kind, scope)[:50], many=True).data)

    @extend_schema(request=UploadSerializer, responses={201: RunSerializer})
    def post(self, request: Request, kind: str) -> Response:
        """Check a file: nothing is written. The answer says what importing it would do, and what is wrong by line."""
        named = request.data.get("scope", "") if isinstance(request.data, dict) else ""
        imports.find(kind).allow(request.user, str(named))
        given = UploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file, name = _file_of(given.validated_data)
        scope = given.validated_data["scope"]
        try:
            run = imports.start(actor=request.user, kind=kind, file=file, name=name, scope=scope)
        except Refused as error:
            raise _refused(error) from error
        return Response(RunSerializer(run).data, status=201)


class ImportView(APIView):
    """A file."""

    @extend_schema(responses=RunSerializer)
    def get(self, request: Request, kind: str, run_id: int) -> Response:
        """What it would do, or did."""
        return Response(RunSerializer(imports.run_for(request.user, kind, run_id)).data)


class ApplyView(APIView):
    """Importing a checked file."""

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, kind: str, run_id: int) -> Response:
        """Import all of it, or nothing."""
        found = imports.run_for(request.user, kind, run_id)
        try:
            return Response(RunSerializer(imports.apply(actor=request.user, run=found)).data)
        except Refused as error:
            raise _refused(error) from error


class RollBackView(APIView):
    """Taking an import back."""

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, kind: str, run_id: int) -> Response:
        """Take all of it back, or nothing; refused when something was changed since."""
        found = imports.run_for(request.user, kind, run_id)
        try:
            return Response(RunSerializer(imports.roll_back(actor=request.user, run=found)).data)
        except Refused as error:
            raise _refused(error) from error
