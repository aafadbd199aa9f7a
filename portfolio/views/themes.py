"""Strategic themes: what the portfolio is for."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions, forms, queries
from portfolio.models import Theme
from portfolio.rules import can, require


@require_GET
def themes(request: HttpRequest) -> HttpResponse:
    """The themes with their initiatives; ended ones on request (?ended=1)."""
    user, with_ended = me(request), request.GET.get("ended") == "1"
    rows, without = queries.themes(user, with_ended=with_ended)
    may = can(user, "manage_portfolio")
    context = {"rows": rows, "without": without, "with_ended": with_ended, "may_manage": may}
    return render(request, "portfolio/themes.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    require(user, "manage_portfolio")
    form = forms.ThemeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_theme(actor=user, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} was created.")
            return redirect("themes")
    return render(request, "portfolio/theme.html", {"form": form})


@require_http_methods(["GET", "POST"])
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a theme, or end it."""
    user, theme = me(request), get_object_or_404(Theme, slug=slug)
    require(user, "manage_portfolio")
    form = forms.ThemeForm(request.POST or None, instance=theme)
    if request.method == "POST" and form.is_valid():
        changed = form.attempt(lambda: actions.change_theme(actor=user, theme=theme, **form.cleaned_data))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("themes")
    return render(request, "portfolio/theme.html", {"form": form, "theme": theme, "end_form": forms.EndForm()})


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    theme, form = get_object_or_404(Theme, slug=slug), forms.EndForm(request.POST)
    require(me(request), "manage_portfolio")
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.end_theme(actor=me(request), theme=theme, on=day)):
            messages.success(request, f"{theme.name} ends on {day:%-d %b %Y}.", reverse("theme_reopen", args=[slug]))
            return redirect("themes")
    return render(
        request, "portfolio/theme.html", {"form": forms.ThemeForm(instance=theme), "theme": theme, "end_form": form}
    )


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    theme = actions.reopen_theme(actor=me(request), theme=get_object_or_404(Theme, slug=slug))
    messages.success(request, f"{theme.name} goes on.")
    return redirect("themes")
