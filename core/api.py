"""What every API route builds on: JSON that the database can store, and pages whose cursors are looked at."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import NotFound, ParseError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request


def is_text(value: object) -> bool:
    """Whether every text in `value`, keys too, can be stored: no NUL, no half of a character (a lone surrogate)."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value))
    if isinstance(value, dict):
        return all(is_text(key) and is_text(one) for key, one in value.items())
    return all(map(is_text, value)) if isinstance(value, list) else True


class JsonOfText(JSONParser):
    """JSON; what no database column could hold is refused here, once for every route."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            is_ours = is_text(data)
        except RecursionError:
            raise ParseError("This JSON is nested too deeply.") from None
        if not is_ours:
            raise ParseError("A text holds a NUL or half of a character.")
        return data


class PagesById(CursorPagination):
    """Pages by a number such as the primary key; a cursor that names none is not found."""

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        position = str(cursor.position) if cursor and cursor.position is not None else "0"
        if not (position.isascii() and position.isdecimal()):
            raise NotFound(self.invalid_cursor_message)
        return cursor
