"""What a mail says, read from its bytes with the standard library; nothing here asks the database or the clock.

A mail is written by anybody: headers may be nonsense, encodings unknown, parts nested without end. Whatever cannot be
read is left out, never guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from hashlib import sha256
from html import unescape

from core.outbox import OURS

MOST_BYTES = 10 * 2**20
MOST_ID = 300
MOST_SUBJECT = 300
MOST_TEXT = 20_000
MOST_PARTS = 200
MOST_HTML = 200_000
MOST_HEAD = 256 * 1024
# Lines that may begin a part: Python's parser needs a minute for a million of them.
MOST_MARKS = 5000
# Each server that a mail passes adds one; a mail that passed so many goes in circles.
MOST_HOPS = 40
# What Python's parser raises for headers and parts that are nonsense.
NONSENSE = (ValueError, LookupError, AttributeError, TypeError, AssertionError, MessageError)
ROBOTS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)\b", re.I)
REPLY = re.compile(r"\[VMO-(\d{1,18})\]", re.I)
LISTS = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List")
AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients")
# Where an answer begins to quote what it answers.
QUOTE = re.compile(
    r"^(>|-{2,} ?(original|forwarded) message|_{20,}$"
    r"|on .{6,200} wrote:|am .{6,200} schrieb.{0,100}:|le .{6,200} écrit ?:)",
    re.I,
)


class Unreadable(Exception):
    """These bytes are no mail that can be read."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers of a mail say. `automatic`: in words, why no person is behind it; empty otherwise."""

    message_id: str
    sender: str
    subject: str
    references: str
    recipients: tuple[str, ...]
    automatic: str

    @property
    def answers(self) -> int | None:
        """The impediment whose number stands in the subject ([VMO-12])."""
        found = REPLY.search(self.subject)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Part:
    """A file that came with a mail; `data` is empty for parts that are no file we could keep."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole mail: `text` without the signature, `own` without what it quotes."""

    head: Head
    text: str
    own: str
    parts: tuple[Part, ...]


def head_of(raw: bytes) -> Head:
    """The headers only: quick, however large the mail is. Raises Unreadable."""
    return _head(BytesHeaderParser().parsebytes(_checked(raw)), raw)


def _checked(raw: bytes) -> bytes:
    """`raw`, unless its headers would take long to read."""
    end = re.search(rb"\r?\n\r?\n", raw[: MOST_HEAD + 4])
    if len(raw) > MOST_HEAD and end is None:
        raise Unreadable(f"Its headers are longer than {MOST_HEAD // 1024} KB.")
    if raw.count(b"\n--") > MOST_MARKS:
        raise Unreadable("It has too many parts.")
    return raw


def letter_of(raw: bytes) -> Letter:
    """The whole mail. Raises Unreadable."""
    try:
        mail = message_from_bytes(_checked(raw))
        parts = list(_walk(mail))
        text = _text(parts)
        files = tuple(_files(parts))
    except RecursionError:
        raise Unreadable("Its parts are nested too deeply.") from None
    whole = _cut(text, signature_only=True)
    return Letter(_head(mail, raw), whole, _cut(text, signature_only=False), files)


def clean(text: str, most: int, *, one_line: bool = False) -> str:
    """Text that the database takes: no NUL, no half characters, no lines where one is wanted, at most `most` signs."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if one_line:
        text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    else:
        text = "".join(map(_shown, text.replace("\r\n", "\n")))
    return text[:most].strip()


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in "\n\t":
        return sign
    return " " if sign.isspace() else ""


def _words(value: object) -> str:
    """What an encoded header says; nonsense is left as it is."""
    text = str(value)
    try:
        return str(make_header(decode_header(text)))
    except NONSENSE:
        return text


def _header(mail: Message, name: str) -> str:
    """The first header of this name, as it is written."""
    return next(iter(_all(mail, name)), "")


def _all(mail: Message, name: str) -> list[str]:
    return [str(one) for one in mail.get_all(name, [])]


def _addresses(lines: list[str]) -> list[str]:
    try:
        return [address for _, address in getaddresses(lines) if address]
    except (*NONSENSE, RecursionError):
        return []


def _head(mail: Message, raw: bytes) -> Head:
    given = clean(_header(mail, "Message-ID"), 10_000, one_line=True)
    # Without a name of its own a mail is known by its content.
    message_id = given if given and len(given) <= MOST_ID else f"sha256:{sha256(given.encode() or raw).hexdigest()}"
    lines = [line for name in ("Delivered-To", "X-Original-To", "To", "Cc") for line in _all(mail, name)]
    sender = _sender(mail)
    return Head(
        message_id,
        sender,
        clean(_words(_header(mail, "Subject")), MOST_SUBJECT, one_line=True),
        f"{_header(mail, 'References')[-5000:]} {_header(mail, 'In-Reply-To')[:1000]}",
        tuple(dict.fromkeys(address.lower() for address in _addresses(lines))),
        _automatic(mail, sender),
    )


def _sender(mail: Message) -> str:
    """The one address in the one From; several, or none, give nothing."""
    lines = _all(mail, "From")
    found = _addresses(lines)
    return clean(found[0], 320, one_line=True).lower() if len(lines) == 1 and len(found) == 1 else ""


def _automatic(mail: Message, sender: str) -> str:
    """Why no person wrote this, or nobody wrote it to us."""
    if _header(mail, OURS):
        return "It is a mail of this portal: it went in a circle."
    if len(_all(mail, "Received")) > MOST_HOPS:
        return f"It passed more than {MOST_HOPS} servers: it goes in circles."
    said = _header(mail, "Auto-Submitted").split(";")[0].strip().lower()
    kind = mail.get_content_type()
    if said not in {"", "no"} or kind == "multipart/report" or any(_header(mail, name) for name in AUTOMATIC):
        return "A program sent it: an automatic answer, or a mail that could not be delivered."
    if _header(mail, "Precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}:
        return "It was sent to many at once."
    if any(_header(mail, name) for name in LISTS):
        return "It came by a mailing list."
    if "<>" in map(str.strip, _all(mail, "Return-Path")) or ROBOTS.match(sender):
        return "It came from an address that nobody reads: mails from there are not logged."
    return ""


def _walk(mail: Message) -> Iterator[Message]:
    """The parts that hold something, the outer ones first; not those inside of attached mails."""
    waiting = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            waiting[:0] = [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
        else:
            yield part


def _name(part: Message) -> str:
    try:
        return _words(part.get_filename() or "")
    except NONSENSE:
        return "file"


def _is_file(part: Message) -> bool:
    if part.get_content_type() not in {"text/plain", "text/html"}:
        return True
    try:
        return part.get_content_disposition() == "attachment" or bool(_name(part))
    except NONSENSE:
        return False


def _text(parts: list[Message]) -> str:
    """The plain texts of a mail, or else its HTML without the marks."""
    texts = [part for part in parts if not _is_file(part)]
    plain = "\n\n".join(_decoded(part)[: 4 * MOST_TEXT] for part in texts if part.get_content_type() == "text/plain")
    if plain.strip():
        return clean(plain, MOST_TEXT)
    return clean("\n\n".join(words_of(_decoded(part)) for part in texts), MOST_TEXT)


def _bytes(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except NONSENSE:
        return b""
    return data if isinstance(data, bytes) else b""


def _decoded(part: Message) -> str:
    data = _bytes(part)
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except NONSENSE:
        return data.decode("utf-8", "replace")


def _files(parts: list[Message]) -> Iterator[Part]:
    for number, part in enumerate(parts, 1):
        if _is_file(part):
            kind = part.get_content_subtype()
            name = _name(part) or f"part {number}.{'txt' if kind == 'plain' else kind}"
            yield Part(clean(name, 300, one_line=True), b"" if part.is_multipart() else _bytes(part))


def _cut(text: str, *, signature_only: bool) -> str:
    """Without the signature, and (for answers) without what is quoted."""
    kept: list[str] = []
    lines = text.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        # "On … wrote:" is often broken into two lines.
        quotes = QUOTE.match(line.strip()) or QUOTE.match(f"{line.strip()} {following.strip()}")
        if line.rstrip("\r") in {"-- ", "--"} or (quotes and not signature_only):
            break
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


SILENT = frozenset({"script", "style", "head", "title", "template", "noscript"})
BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "pre"})
TAG = re.compile(r"(/?)([a-z][a-z0-9]*)", re.I)


def words_of(page: str) -> str:
    """HTML as plain text: a line per block, nothing of scripts and styles.

    By hand, in one pass: Python's HTMLParser takes minutes for pages that are made to hold it up.
    """
    first, *rest = page[:MOST_HTML].split("<")
    words, silent = [_blank(first)], ""
    for chunk in rest:
        inside, closed, text = chunk.partition(">")
        tag = TAG.match(inside)
        ends, name = (bool(tag[1]), tag[2].lower()) if tag else (False, "")
        if silent == "!--":
            silent, name, text = ("", "", chunk.partition("-->")[2]) if "-->" in chunk else (silent, "", "")
        elif inside.startswith("!--"):
            silent, text = ("", chunk.partition("-->")[2]) if "-->" in chunk else ("!--", "")
        elif silent and (name == "body" or (ends and name == silent)):
            silent = ""
        elif not silent and name in SILENT and not ends:
            silent = name
        elif not tag and not inside.startswith(("!", "?", "/")):
            text = f"<{chunk}"
        if not silent:
            words.append(("\n" if closed and name in BLOCKS else "") + _blank(text))
    lines = unescape("".join(words)).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in lines)).strip()


def _blank(text: str) -> str:
    return re.sub(r"\s+", " ", text)
