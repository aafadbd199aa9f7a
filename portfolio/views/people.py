"""People and their roles, for administrators."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import me
from portfolio import actions, forms
from portfolio.models import Grant, Role
from portfolio.rules import require

ROLE_WORDS = {
    Role.ADMINISTRATOR: "everything, people and roles too",
    Role.LEADER: "reads everything here, money too",
    Role.PMO: "manages teams, members and sources here; for the whole portal also streams and calendars",
    Role.COACH: "reads, and coaches",
    Role.MEMBER: "reads, and works here",
    Role.VIEWER: "reads",
}


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    require(me(request), "administer")
    text = request.GET.get("q", "").replace("\0", "").strip()
    found = User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text)).order_by("-is_active", "name", "id")
    page = Paginator(found.prefetch_related("grants__stream", "grants__team"), 50).get_page(request.GET.get("page"))
    return render(request, "portfolio/people.html", {"page": page, "q": text, "tab": "people"})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    require(me(request), "administer")
    form = forms.InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = form.attempt(lambda: actions.invite(actor=me(request), **form.cleaned_data))
        if person:
            _mail_invitation(request, person)
            messages.success(request, f"{person.name} was invited by mail. Now give them a role.")
            return redirect("person", person.pk)
    return render(request, "portfolio/person_new.html", {"form": form})


def invitation_link(request: HttpRequest, person: User) -> str:
    """Where `person` chooses a password: works until they have, and no longer than three days."""
    parts = [urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)]
    return request.build_absolute_uri(reverse("password_reset_confirm", args=parts))


def _mail_invitation(request: HttpRequest, person: User) -> None:
    context = {"person": person, "by": me(request), "link": invitation_link(request, person)}
    text = render_to_string("accounts/mail/invitation.txt", context)
    send_mail("Your invitation to the VMO portal", text, None, [person.email], fail_silently=True)


def _page(request: HttpRequest, person: User, **changed: object) -> HttpResponse:
    context = {
        "person": person,
        "grants": person.grants.select_related("stream", "team"),
        "memberships": person.memberships.select_related("team"),
        "form": forms.PersonForm(instance=person),
        "grant_form": forms.GrantForm(auto_id="grant-%s"),
        "roles": [(role.label, words) for role, words in ROLE_WORDS.items()],
    }
    return render(request, "portfolio/person.html", context | changed)


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    require(me(request), "administer")
    person = get_object_or_404(User, pk=person_id)
    if request.method == "GET":
        return _page(request, person)
    form = forms.PersonForm(request.POST, instance=person)
    verb = partial(actions.change_person, actor=me(request), person=person)
    if form.is_valid() and form.accepts(lambda: verb(**form.cleaned_data)):
        messages.success(request, "The changes were saved.")
        return redirect("person", person_id)
    return _page(request, person, form=form)


@require_POST
def link(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show a link by which the person chooses a password, for when mail does not arrive."""
    require(me(request), "administer")
    person = get_object_or_404(User, pk=person_id, is_active=True)
    actions.record_link(actor=me(request), person=person)
    response = _page(request, person, link=invitation_link(request, person))
    response["Cache-Control"] = "no-store"
    return response


def _done(request: HttpRequest, verb: Callable[[], object], text: str, undo: str) -> None:
    """Do it and say so with a way back, or say why not."""
    try:
        verb()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, text, undo)


@require_POST
def deactivate(request: HttpRequest, person_id: int) -> HttpResponse:
    require(me(request), "administer")
    person, undo = get_object_or_404(User, pk=person_id), reverse("person_reactivate", args=[person_id])
    verb = partial(actions.deactivate, actor=me(request), person=person)
    _done(request, verb, f"{person} cannot log in any more.", undo)
    return redirect("person", person_id)


@require_POST
def reactivate(request: HttpRequest, person_id: int) -> HttpResponse:
    require(me(request), "administer")
    person = actions.reactivate(actor=me(request), person=get_object_or_404(User, pk=person_id))
    messages.success(request, f"{person} can log in again.")
    return redirect("person", person_id)


def _grant(request: HttpRequest, person: User, form: forms.GrantForm) -> HttpResponse:
    if form.is_valid():
        place = {"stream": form.cleaned_data["stream"], "team": form.cleaned_data["team"]}
        role = form.cleaned_data["role"]
        given = form.attempt(lambda: actions.grant(actor=me(request), user=person, role=role, **place))
        if given:
            messages.success(request, f"{person} has the role: {given}.")
            return redirect("person", person.pk)
    return _page(request, person, grant_form=form)


@require_POST
def grant(request: HttpRequest, person_id: int) -> HttpResponse:
    require(me(request), "administer")
    return _grant(request, get_object_or_404(User, pk=person_id), forms.GrantForm(request.POST, auto_id="grant-%s"))


@require_POST
def restore_grant(request: HttpRequest, person_id: int) -> HttpResponse:
    """The undo of a revocation: role and place are in the address."""
    require(me(request), "administer")
    return _grant(request, get_object_or_404(User, pk=person_id), forms.GrantForm(request.GET, auto_id="grant-%s"))


@require_POST
def revoke(request: HttpRequest, person_id: int, grant_id: int) -> HttpResponse:
    require(me(request), "administer")
    grant = get_object_or_404(Grant.objects.select_related("user", "stream", "team"), pk=grant_id, user=person_id)
    way_back = urlencode({"role": grant.role, "place": forms.place_text(grant)})
    undo = f"{reverse('grant_restore', args=[person_id])}?{way_back}"
    verb = partial(actions.revoke, actor=me(request), grant=grant)
    _done(request, verb, f"The role was taken away from {grant.user}: {grant}.", undo)
    return redirect("person", person_id)
