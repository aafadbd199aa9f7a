"""The Delivery page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from charts.views import with_figures
from dashboards.queries.delivery import delivery_page
from dashboards.views.base import figures_page


@require_GET
@with_figures
def delivery(request: HttpRequest) -> HttpResponse:
    return figures_page(request, delivery_page, here="delivery", title="Delivery")
