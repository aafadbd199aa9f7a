"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """The address of the live stream and the portal's currency."""
    host = request.get_host().rsplit(":", 1)[0]
    return {
        "live_url": settings.LIVE_URL or f"//{host}:{settings.LIVE_PORT}/live/",
        "currency": settings.CURRENCY,
    }
