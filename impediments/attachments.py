"""Which files may belong to an impediment: small, of a kind that cannot run, and truly of that kind.

What counts is the content: neither the sender's word on the type nor the name alone is believed. Files are handed out
as downloads only (views/attachments.py), never shown in the portal's own origin.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from typing import NamedTuple

from django.core.exceptions import ValidationError

MOST_BYTES = 5 * 2**20
MOST_FILES = 20
MOST_NAME = 120
# Of a spreadsheet or a letter: what runs when it is opened.
RUNS = ("vbaproject.bin", "activex", "macrosheets", "oleobject", "externallinks")
MOST_ENTRIES = 5000
# Categories of signs that are no part of a name: they steer a terminal, or turn the text around.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Kind(NamedTuple):
    """A type that is taken: what it is handed out as, and how its content is known."""

    content_type: str
    fits: Callable[[bytes], bool]


def _begins(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(heads)


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_text(data: bytes) -> bool:
    """Letters only: UTF-8 (or what Windows wrote before it), without the signs that only programs use."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(data, "utf-16")
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", data)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        return "\0" not in data.decode(encoding)
    except UnicodeDecodeError:
        return False


def _holds(folder: str) -> Callable[[bytes], bool]:
    """An Office file whose main part is in `folder`, without macros; its list of parts is read, nothing is unpacked."""

    def fits(data: bytes) -> bool:
        if not data.startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                names = [name.lower() for name in parts.namelist()]
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return False
        has_main = "[content_types].xml" in names and any(name.startswith(f"{folder}/") for name in names)
        return has_main and len(names) <= MOST_ENTRIES and not any(word in name for name in names for word in RUNS)

    return fits


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: dict[str, Kind] = {
    "png": Kind("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "gif": Kind("image/gif", _begins(b"GIF87a", b"GIF89a")),
    "webp": Kind("image/webp", _is_webp),
    "pdf": Kind("application/pdf", _begins(b"%PDF-")),
    "txt": Kind("text/plain; charset=utf-8", _is_text),
    "csv": Kind("text/csv; charset=utf-8", _is_text),
    "log": Kind("text/plain; charset=utf-8", _is_text),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _holds("word")),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _holds("xl")),
}
KINDS["jpeg"] = KINDS["jpg"]
# For the attribute `accept` of a file field, and for people.
ACCEPT = ",".join(f".{kind}" for kind in KINDS)
WORDS = f"{', '.join(kind for kind in KINDS if kind != 'jpeg')}; at most {MOST_BYTES // 2**20} MB each"


class File(NamedTuple):
    """A file that was checked."""

    name: str
    content_type: str
    data: bytes


def clean_name(name: str) -> str:
    """The last part of a path, without hidden signs, and not too long."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign) not in HIDDEN)
    stem, dot, kind = name.strip().rpartition(".")
    return f"{stem[: MOST_NAME - len(kind) - 1].strip()}.{kind}" if dot and len(kind) < 8 else name.strip()[:MOST_NAME]


def checked(name: str, data: bytes) -> File:
    """The file, if it may be kept. Raises ValidationError, in words that name it."""
    name = clean_name(name) or "file"
    kind = KINDS.get(name.rpartition(".")[2].lower() if "." in name else "")
    if kind is None:
        raise ValidationError(f"“{name}” is of a type that is not taken: {WORDS}.")
    if not data:
        raise ValidationError(f"“{name}” is empty.")
    if len(data) > MOST_BYTES:
        raise ValidationError(f"“{name}” has {len(data) / 2**20:.1f} MB: at most {MOST_BYTES // 2**20} MB are taken.")
    if not kind.fits(data):
        raise ValidationError(f"“{name}” is not what its name says, or holds macros: it was not taken.")
    return File(name, kind.content_type, data)
