"""Files of an impediment: added, handed out as downloads, taken away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from impediments.actions import attach, detach
from impediments.forms.channels import AttachForm
from impediments.models import Attachment, Impediment
from impediments.rules import require_work
from impediments.views.finding import find
from impediments.views.page import show


def _to(one: Impediment) -> HttpResponse:
    return redirect(f"{reverse('impediment', args=[one.pk])}#files")


def _file(one: Impediment, attachment_id: int) -> Attachment:
    return get_object_or_404(one.attachments.all(), pk=attachment_id)


@require_POST
def add(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Keep a file with it."""
    one, form = find(request, impediment_id), AttachForm(request.POST, request.FILES)
    require_work(me(request), one)
    if form.is_valid():
        name, data = form.cleaned_data["file"].name, form.content
        if form.attempt(lambda: attach(actor=me(request), impediment=one, name=name, data=data)):
            return _to(one)
    return show(request, one, 400, attach_form=form)


@require_GET
def download(request: HttpRequest, impediment_id: int, attachment_id: int) -> HttpResponse:
    """The file, to be saved: a browser neither shows it nor guesses what it is."""
    row = _file(find(request, impediment_id), attachment_id)
    answer = HttpResponse(bytes(row.data), content_type=row.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def remove(request: HttpRequest, impediment_id: int, attachment_id: int) -> HttpResponse:
    """Take a file away, for good."""
    one = find(request, impediment_id)
    row = _file(one, attachment_id)
    detach(actor=me(request), attachment=row)
    messages.success(request, f"“{row.name}” was removed.")
    return _to(one)
