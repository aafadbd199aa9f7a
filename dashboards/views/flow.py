"""The Flow page and its sub-pages."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from charts.views import with_figures
from dashboards.queries.flow import flow_page
from dashboards.views.base import figures_page


@require_GET
@with_figures
def flow(request: HttpRequest) -> HttpResponse:
    return figures_page(request, flow_page, here="flow", title="Flow")
