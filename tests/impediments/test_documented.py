"""The call that the operators' page shows is the call that goes out."""

import json
import re
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from core.models import Hook, HookCall
from impediments.escalation import escalate
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operators" / "impediments.md"


@pytest.mark.django_db
def test_the_sample_is_what_programs_get(cast: Cast, settings: Settings) -> None:
    settings.PORTAL_URL = "https://vmo.example.org"
    in_berlin(cast)
    Hook.objects.create(name="Room", url="http://127.0.0.1:9/x", scope="", made_at=timezone.now())
    one = logged(cast, "2025-05-05 09:00", what="Vendor silent", category="vendor")
    # A Monday: the team's 8 hours are over at 17:00.
    assert escalate(impediment_id=one.pk, now=at("2025-05-05 17:00")) is not None
    sent = HookCall.objects.get(event="impediment.escalated").body
    [sample] = re.findall(r'^    (\{"text".*?\}\})$', PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    # Its number is 12 there.
    numbered = sample.replace("VMO-12 ", f"VMO-{one.pk} ").replace("/12/", f"/{one.pk}/")
    assert sent == json.loads(numbered.replace('"id": 12', f'"id": {one.pk}'))
