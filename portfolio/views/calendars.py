"""Working calendars and their holidays: everybody reads them, the PMO changes them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions, forms
from portfolio.models import Holiday, WorkingCalendar
from portfolio.rules import can


@require_GET
def calendars(request: HttpRequest) -> HttpResponse:
    counted = WorkingCalendar.objects.annotate(
        used=Count("teams", distinct=True), days_off=Count("holidays", distinct=True)
    )
    may_manage = can(me(request), "manage_organisation")
    return render(
        request, "portfolio/calendars.html", {"calendars": counted, "may_manage": may_manage, "tab": "calendars"}
    )


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not can(user, "manage_organisation"):
        raise PermissionDenied("Only the PMO can add calendars.")
    form = forms.CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        calendar = form.attempt(lambda: actions.create_calendar(actor=user, **form.cleaned_data))
        if calendar:
            messages.success(request, f"{calendar.name} was created. Now add its holidays.")
            return redirect("calendar", calendar.pk)
    return render(request, "portfolio/calendar_new.html", {"form": form})


def _page(request: HttpRequest, calendar: WorkingCalendar, **changed: object) -> HttpResponse:
    context = {
        "calendar": calendar,
        "holidays": calendar.holidays.all(),
        "teams": calendar.teams.for_user(me(request)),
        "weekdays": [name for number, name in forms.WEEKDAYS if number in calendar.weekdays],
        "form": forms.CalendarForm(instance=calendar),
        "holidays_form": forms.HolidaysForm(),
        "may_manage": can(me(request), "manage_organisation"),
    }
    return render(request, "portfolio/calendar.html", context | changed)


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest, calendar_id: int) -> HttpResponse:
    calendar, user = get_object_or_404(WorkingCalendar, pk=calendar_id), me(request)
    if request.method == "GET":
        return _page(request, calendar)
    form = forms.CalendarForm(request.POST, instance=calendar)
    if form.is_valid() and form.accepts(
        lambda: actions.change_calendar(actor=user, calendar=calendar, **form.cleaned_data)
    ):
        messages.success(request, "The calendar was saved.")
        return redirect("calendar", calendar_id)
    return _page(request, calendar, form=form)


@require_POST
def add_holidays(request: HttpRequest, calendar_id: int) -> HttpResponse:
    calendar, form = get_object_or_404(WorkingCalendar, pk=calendar_id), forms.HolidaysForm(request.POST)
    if form.is_valid():
        days = form.cleaned_data["lines"]
        written = actions.add_holidays(actor=me(request), calendar=calendar, days=days)
        there = f", {len(days) - written} were there already" if written < len(days) else ""
        messages.success(request, f"{written} holiday{'' if written == 1 else 's'} added{there}.")
        return redirect("calendar", calendar_id)
    return _page(request, calendar, holidays_form=form)


@require_POST
def remove_holiday(request: HttpRequest, calendar_id: int, holiday_id: int) -> HttpResponse:
    holiday = get_object_or_404(Holiday, pk=holiday_id, calendar=calendar_id)
    actions.remove_holiday(actor=me(request), holiday=holiday)
    undo = f"{reverse('holiday_restore', args=[calendar_id])}?{urlencode({'lines': str(holiday)})}"
    messages.success(request, f"{holiday} is a working day again.", undo)
    return redirect("calendar", calendar_id)


@require_POST
def restore_holiday(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """The undo of a removal: the day is in the address."""
    calendar, form = get_object_or_404(WorkingCalendar, pk=calendar_id), forms.HolidaysForm(request.GET)
    if not form.is_valid():
        return _page(request, calendar, holidays_form=form)
    actions.add_holidays(actor=me(request), calendar=calendar, days=form.cleaned_data["lines"])
    messages.success(request, "The holiday is back.")
    return redirect("calendar", calendar_id)
