"""Log in and out, and one's own account."""

from datetime import datetime, time, timedelta
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, forms
from accounts.models import ApiToken, User
from accounts.queries import me


class Login(auth.LoginView):
    template_name = "accounts/login.html"
    authentication_form = forms.LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        actions.record_login(user=me(self.request), address=forms.client_address(self.request))
        return response


class Password(auth.PasswordChangeView):
    template_name = "accounts/password.html"
    extra_context = {"tab": "password"}
    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        actions.record_password(user=me(self.request))
        messages.success(self.request, "Your password was changed.")
        return response


class Reset(auth.PasswordResetView):
    template_name = "accounts/reset.html"
    email_template_name = "accounts/mail/reset.txt"
    subject_template_name = "accounts/mail/reset_subject.txt"
    success_url = reverse_lazy("password_reset_sent")


class ResetSent(auth.PasswordResetDoneView):
    template_name = "accounts/reset_sent.html"


class ResetConfirm(auth.PasswordResetConfirmView):
    """Where the link of a mail or an invitation leads: choose a password."""

    template_name = "accounts/reset_confirm.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        actions.record_password(user=cast(User, self.user))
        messages.success(self.request, "Your password is set. Please log in with it.")
        return response


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    # A copy of the user: a form with errors must not change the name in the page's frame.
    form = forms.ProfileForm(request.POST or None, instance=User.objects.get(pk=me(request).pk))
    if request.method == "POST" and form.is_valid():
        actions.change_profile(user=me(request), **form.cleaned_data)
        messages.success(request, "Your profile was saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form, "tab": "profile"})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The theme switch; a script asks for no page, a form comes back to where it was."""
    form = forms.ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse("No such theme.", status=400, content_type="text/plain")
    actions.choose_theme(user=me(request), theme=form.cleaned_data["theme"])
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    back = form.cleaned_data["next"]
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "profile")


@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of the API; a new one's key is on the answer to its form and never again."""
    form, key = forms.TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["last_day"]
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) if day else None
        _, key = actions.create_token(user=me(request), name=form.cleaned_data["name"], expires_at=end)
        form = forms.TokenForm()
    context = {"form": form, "key": key, "tokens": me(request).tokens.all(), "now": timezone.now(), "tab": "tokens"}
    response = render(request, "accounts/tokens.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=token_id, user=me(request))
    actions.revoke_token(user=me(request), token=token)
    messages.success(request, f"The token “{token.name}” does not work any more.")
    return redirect("tokens")
