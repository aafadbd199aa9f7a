"""Settings of a source: which values its connector's fields take, and which of them are secret."""

import math
import zoneinfo
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from accounts.models import User
from connectors.models import SyncRun
from connectors.protocol import Connector, Field
from connectors.registry import CONNECTORS
from metrics.models import FlowState, ItemKind
from portfolio.models import Team

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def connector(tool: str) -> type[Connector]:
    """The tool's connector. Raises ValidationError on `tool`, naming those there are."""
    if tool not in CONNECTORS:
        known = ", ".join(sorted(CONNECTORS))
        raise ValidationError({"tool": f"There is no connector “{tool}”; there are: {known}."})
    return CONNECTORS[tool]


def _number(text: str) -> str | None:
    try:
        return None if math.isfinite(float(text)) else "This is not a number."
    except ValueError:
        return "This is not a number."


def _choice(field: Field, text: str) -> str | None:
    if text in dict(field.choices):
        return None
    return f"“{text}” is not one of: {', '.join(key for key, _ in field.choices)}."


def _address(text: str) -> str | None:
    """Addresses are shown and written to the audit trail: no password may be in one."""
    try:
        parts = urlsplit(text if "://" in text else "")
        has_user = bool(parts.username) and parts.scheme != "ssh"
    except ValueError:
        return "This is not an address."
    return "Leave user name and password out of the address." if has_user or parts.password else None


def server(address: str) -> str:
    """The server of an address (scheme, host and port; of git also host:path), to tell whether it is another."""
    scheme, is_url, rest = address.strip().lower().partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if is_url else scheme.partition(":")[0]


def moved(tool: str, old: Mapping[str, str], new: Mapping[str, object]) -> bool:
    """Whether `new` settings lead to another server: what was given to the old one in confidence is not for it."""
    urls = [field.name for field in connector(tool).fields if field.kind == "url"]
    return any(server(str(new[name])) != server(old.get(name, "")) for name in urls if name in new)


def _zone(text: str) -> str | None:
    if text in zoneinfo.available_timezones():
        return None
    return f"“{text}” is not an IANA time zone such as Europe/Berlin."


def problem(field: Field, text: str) -> str | None:
    """What is wrong with a field's value, in words; None: nothing."""
    if not text:
        return "This is needed." if field.required else None
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in text) or (field.kind != "long" and "\n" in text):
        return "This holds signs that no setting has (line breaks, control characters)."
    match field.kind:
        case "number":
            return _number(text)
        case "url":
            return _address(text)
        case "choice":
            return _choice(field, text)
        case "zone":
            return _zone(text)
        case "bool":
            return None if text.lower() in TRUE | FALSE else "Say yes or no."
    return None


def _text(field: Field, value: object) -> str:
    text = field.default if value is None else str(value)
    text = text if field.kind in {"secret", "long"} else text.strip()
    if field.kind == "bool" and text.lower() in TRUE | FALSE:
        return "1" if text.lower() in TRUE else ""
    return text


def clean(tool: str, given: Mapping[str, object], kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """Every field of the tool as text; `kept` are stored secrets, used where an empty secret is given.

    Raises ValidationError by field name: unknown keys, missing and wrong values.
    """
    fields = {field.name: field for field in connector(tool).fields}
    errors = {
        name: f"{tool} has no setting “{name}”; it has: {', '.join(fields)}." for name in given if name not in fields
    }
    values = {name: _text(field, given.get(name)) for name, field in fields.items()}
    for name, value in (kept or {}).items():
        if name in fields and not values[name]:
            values[name] = value
    for name, field in fields.items():
        if message := problem(field, values[name]):
            errors[name] = message
    if errors:
        raise ValidationError(errors)
    return values


def split(tool: str, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings that may be shown, and secrets."""
    secret = {field.name for field in connector(tool).fields if field.kind == "secret"}
    plain = {name: value for name, value in values.items() if name not in secret}
    return plain, {name: value for name, value in values.items() if name in secret and value}


def clean_statuses(statuses: Mapping[str, str]) -> list[list[str]]:
    """[name, state] in the given order. Raises ValidationError on `statuses` for a state that does not exist."""
    for name, state in statuses.items():
        if state not in FlowState.values:
            raise ValidationError({"statuses": f"{name}: “{state}” is not one of {', '.join(FlowState.values)}."})
    return [[name.strip(), state] for name, state in statuses.items()]


def clean_states(states: Mapping[str, str | None]) -> dict[str, str | None]:
    """The same for stored statuses, where None means: not mapped."""
    clean_statuses({name: state for name, state in states.items() if state is not None})
    return dict(states)


def clean_types(types: Mapping[str, str]) -> dict[str, str]:
    """Tool type in lower case → item kind. Raises ValidationError on `types` for a kind that does not exist."""
    for name, kind in types.items():
        if kind not in ItemKind.values:
            raise ValidationError({"types": f"{name}: “{kind}” is not one of {', '.join(ItemKind.values)}."})
    return {name.strip().lower(): kind for name, kind in types.items()}


def may_follow(user: User | AnonymousUser, run_id: str) -> bool:
    """Whether `user` may hear how a run goes: those who may see its team."""
    if not run_id.isdecimal() or len(run_id) > 18:
        return False
    return SyncRun.objects.filter(pk=int(run_id), source__team__in=Team.objects.for_user(user).order_by()).exists()


# Pages beside those of sources: /sources/add/.
RESERVED_SLUGS = {"add"}


def slug_for(name: str, taken: set[str]) -> str:
    """A slug of `name` that is neither taken yet nor the address of another page."""
    base = slugify(name)[:70] or "source"
    slug, n = base, 1
    while slug in taken | RESERVED_SLUGS:
        n += 1
        slug = f"{base}-{n}"
    return slug
