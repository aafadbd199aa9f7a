"""Forms of objectives, key results, cycles, links and votes."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from metrics.kpis import kpis_for
from okrs.models import Cycle, KeyResult, KeyResultKind, Objective
from portfolio.forms import Attempt, ThingForm, day_input
from portfolio.models import Feature, Initiative, Team, Theme, ValueStream
from portfolio.quarters import Quarter
from portfolio.rules import Place, can

PLACES = "The company"
MOST_ROWS = 20


def people(also: int | None = None) -> Any:
    """Who can own something: everybody who is active, and who owns it now."""
    active = User.objects.filter(is_active=True)
    return (active | User.objects.filter(pk=also) if also else active).order_by("name")


def place_text(place: Place) -> str:
    """A place as forms write it: company, stream:payments, team:falcon."""
    if isinstance(place, Team):
        return f"team:{place.slug}"
    return f"stream:{place.slug}" if isinstance(place, ValueStream) else "company"


def places_for(user: User) -> list[tuple[str, Any]]:
    """Where `user` may set objectives, as choices."""
    streams = [
        one for one in ValueStream.objects.for_user(user).filter(ended_on=None) if can(user, "manage_objectives", one)
    ]
    teams = Team.objects.for_user(user).filter(ended_on=None).select_related("stream")
    own = [one for one in teams if can(user, "manage_objectives", one)]
    found: list[tuple[str, Any]] = [("company", PLACES)] if can(user, "manage_objectives") else []
    if streams:
        found.append(("Value streams", [(place_text(one), one.name) for one in streams]))
    return [*found, ("Teams", [(place_text(one), one.name) for one in own])] if own else found


def open_cycles(also: int | None = None) -> Any:
    """Cycles that take objectives: those not closed, the latest first."""
    rows = Cycle.objects.filter(closed_at=None)
    return rows | Cycle.objects.filter(pk=also) if also else rows


class ObjectiveForm(ThingForm):
    """What an objective is. Where and when it is, `NewObjectiveForm` asks beside."""

    class Meta:
        model = Objective
        fields = ["name", "description", "ambition", "owner", "theme"]
        labels = {"name": "Objective", "description": "Why, and what will be different", "theme": "Strategic theme"}
        help_texts = {"ambition": "A committed objective is expected at 1.0, an aspirational one at 0.7."}
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Objective | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, instance=instance, **kwargs)
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset, owner.empty_label = people(instance.owner_id if instance else None), "Nobody yet"
        theme = cast("forms.ModelChoiceField[Theme]", self.fields["theme"])
        theme.queryset = Theme.objects.filter(Q(ended_on=None) | Q(pk=instance.theme_id if instance else None))
        theme.empty_label = "None"

    @property
    def said(self) -> dict[str, Any]:
        """The columns that the form is about."""
        return {name: self.cleaned_data[name] for name in ("name", "description", "ambition", "owner", "theme")}


class NewObjectiveForm(ObjectiveForm):
    cycle = forms.ModelChoiceField(Cycle.objects.none(), empty_label=None)
    place = forms.ChoiceField(label="Where")

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        cast("forms.ModelChoiceField[Cycle]", self.fields["cycle"]).queryset = open_cycles()
        cast(forms.ChoiceField, self.fields["place"]).choices = places_for(user)

    def tell(self, error: ValidationError) -> None:
        """Show what the verb refused at its field."""

        def again() -> None:
            raise error

        self.accepts(again)

    def clean_place(self) -> Place:
        kind, _, slug = cast(str, self.cleaned_data["place"]).partition(":")
        if kind == "team":
            return Team.objects.select_related("stream").get(slug=slug)
        return ValueStream.objects.get(slug=slug) if kind == "stream" else None


class KeyResultForm(ThingForm):
    class Meta:
        model = KeyResult
        fields = [
            "name",
            "kind",
            "unit",
            "baseline",
            "target",
            "band_low",
            "band_high",
            "kpi",
            "weight",
            "every_days",
            "owner",
        ]
        labels = {
            "name": "Key result",
            "kind": "How it is measured",
            "band_low": "Lower edge",
            "band_high": "Upper edge",
            "kpi": "Figure",
            "every_days": "Check in every, days",
        }
        help_texts = {"unit": "As “%” or “days”.", "weight": "Counts so many times in the score."}

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: User, instance: KeyResult | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, instance=instance, **kwargs)
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset, owner.empty_label = people(instance.owner_id if instance else None), "The objective’s"
        kpi = cast("forms.ModelChoiceField[Any]", self.fields["kpi"])
        kpi.queryset, kpi.empty_label = kpis_for(user).filter(ended_on=None), "Choose a figure"
        kpi.label_from_instance = lambda obj: f"{obj.name} ({obj.stream.name})"  # type: ignore[method-assign]
        for name in ("baseline", "target", "band_low", "band_high", "weight"):
            self.fields[name].widget.attrs |= {"step": "any", "inputmode": "decimal"}
        for name in ("weight", "every_days"):
            self.fields[name].required = False

    def _post_clean(self) -> None:
        """The verb says what is wrong with the columns together, at their fields; not the model, without any."""

    def clean_weight(self) -> float:
        weight = self.cleaned_data["weight"]
        return 1.0 if weight is None else cast(float, weight)

    def clean_every_days(self) -> int:
        days = self.cleaned_data["every_days"] or 7
        if days > 92:
            raise ValidationError("At most 92 days: a check-in is due at least once a quarter.")
        return cast(int, days)

    @property
    def said(self) -> dict[str, Any]:
        """The columns that the form is about."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class KeyResultRows:
    """The key results of a new objective: some empty forms; those left empty are none."""

    def __init__(self, data: Mapping[str, Any] | None, *, user: User, count: int) -> None:
        count = min(max(count, 1), MOST_ROWS)
        self.forms = [self._form(data, user, number) for number in range(count)]

    @staticmethod
    def _form(data: Mapping[str, Any] | None, user: User, number: int) -> KeyResultForm:
        form = KeyResultForm(data, user=user, prefix=f"kr{number}")
        form.fields["name"].required = False
        return form

    @staticmethod
    def _is_said(form: KeyResultForm) -> bool:
        """Whether something was typed that is not there anyway."""
        names = ("name", "baseline", "target", "band_low", "band_high", "kpi")
        return any(str(form[name].value() or "").strip() for name in names)

    @property
    def said_forms(self) -> list[KeyResultForm]:
        return [form for form in self.forms if self._is_said(form)]

    def is_valid(self) -> bool:
        checked = [form.is_valid() for form in self.said_forms]
        for form in self.said_forms:
            if not form.cleaned_data.get("name", "").strip() and "name" not in form.errors:
                form.add_error("name", "Give it a name.")
        return all(checked) and not any(form.errors for form in self.said_forms)

    @property
    def said(self) -> list[dict[str, Any]]:
        """The columns of each key result that was typed."""
        return [form.said for form in self.said_forms]

    def tell(self, error: ValidationError) -> None:
        """Show what the verb refused at the key result and field that it is about."""
        for one in error.error_dict.get("key_results", []):
            place = one.params or {}
            at, field = place["at"], place["field"]
            form = self.said_forms[at]
            form.add_error(field if field in form.fields else None, one.messages)
        for text in error.message_dict.get("weight", []):
            for form in self.said_forms:
                form.add_error("weight", text)


class CycleForm(Attempt, forms.Form):
    """A quarter or year by any of its days, or own dates."""

    name = forms.CharField(max_length=80, help_text="As “Q1 2027”.")
    kind = forms.ChoiceField(choices=[("quarter", "Quarter"), ("year", "Year"), ("own", "Own dates")])
    starts_on = forms.DateField(label="First day", widget=day_input())
    ends_on = forms.DateField(label="Last day", widget=day_input())

    @staticmethod
    def following() -> dict[str, Any]:
        """The quarter after the last one there is, else the present one: what is most likely wanted."""
        last = Cycle.objects.filter(kind="quarter").order_by("-ends_on").first()
        quarter = Quarter.of(last.ends_on).next if last else Quarter.of(timezone.localdate())
        return {"name": quarter.name, "kind": "quarter", "starts_on": quarter.first, "ends_on": quarter.last}


class SupportForm(Attempt, forms.Form):
    """What is supported: an objective above, or one of its key results ("o12", "k34")."""

    above = forms.ChoiceField(label="It supports")

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, objective: Objective) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["above"]).choices = [
            ("", "Choose what it supports"),
            *_above(user, objective),
        ]

    @property
    def said(self) -> dict[str, Any]:
        text = cast(str, self.cleaned_data["above"])
        if text.startswith("k"):
            return {"key_result": KeyResult.objects.select_related("objective").get(pk=text[1:])}
        return {"above": Objective.objects.get(pk=text[1:])}


def _above(user: User, objective: Objective) -> list[tuple[str, Any]]:
    """Open objectives that overlap this one's cycle, at its level or above, each with its key results."""
    levels = {"company": ["company"], "stream": ["company", "stream"], "team": ["company", "stream", "team"]}
    cycle = objective.cycle
    goals = Objective.objects.for_user(user).filter(
        closed_at=None,
        level__in=levels[objective.level],
        cycle__starts_on__lte=cycle.ends_on,
        cycle__ends_on__gte=cycle.starts_on,
    )
    goals = goals.exclude(pk=objective.pk).select_related("stream", "team").prefetch_related("key_results")
    found: list[tuple[str, Any]] = []
    for one in goals.order_by("level", "stream__position", "team__name", "position", "pk"):
        where = one.team or one.stream or "Company"
        rows = [(f"o{one.pk}", one.name), *((f"k{kr.pk}", f"· {kr.name}") for kr in one.key_results.all())]
        found.append((f"{where}: {one.name}"[:80], rows))
    return found


class WorkForm(Attempt, forms.Form):
    """Work that should move a key result ("i12" an initiative, "f34" a feature), and by how much."""

    work = forms.ChoiceField(label="Initiative or feature")
    lift = forms.FloatField(label="Expected lift")
    note = forms.CharField(max_length=300, required=False, label="Why so much")

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, key_result: KeyResult) -> None:
        super().__init__(data, prefix=f"work{key_result.pk}")
        cast(forms.ChoiceField, self.fields["work"]).choices = work_for(user)
        unit = f", {key_result.unit}" if key_result.unit else ""
        self.fields["lift"].label = f"Expected lift{unit}"
        self.fields["lift"].help_text = "How far the value moves when it lands, signed as it moves: −5 takes 5 away."
        self.fields["lift"].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    @property
    def said(self) -> dict[str, Any]:
        text, given = cast(str, self.cleaned_data["work"]), self.cleaned_data
        thing = (
            {"initiative": Initiative.objects.get(pk=text[1:])}
            if text[0] == "i"
            else {"feature": Feature.objects.get(pk=text[1:])}
        )
        return {**thing, "lift": given["lift"], "note": given["note"]}


def work_for(user: User) -> list[tuple[str, Any]]:
    """Open initiatives and features that `user` may see, as choices."""
    initiatives = Initiative.objects.for_user(user).filter(ended_on=None).select_related("stream")
    features = Feature.objects.for_user(user).filter(ended_on=None).select_related("team")
    return [
        ("", "Choose the work"),
        ("Initiatives", [(f"i{one.pk}", f"{one.name} ({one.stream.name})") for one in initiatives.order_by("name")]),
        ("Features", [(f"f{one.pk}", f"{one.name} ({one.team.name})") for one in features.order_by("name")]),
    ]


class CloseForm(Attempt, forms.Form):
    """What people say of an objective that is over; and whether it goes on in another cycle."""

    grade = forms.FloatField(
        label="Your own grade, 0 to 1",
        required=False,
        help_text="Beside the score, where the score alone is not fair. Leave it empty to keep the score.",
    )
    lessons = forms.CharField(
        label="What was learned?", required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=10_000
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["grade"].widget.attrs |= {"step": "any", "inputmode": "decimal", "min": 0, "max": 1}


class CarryForm(Attempt, forms.Form):
    """Into which cycle, which key results, and from which baselines."""

    cycle = forms.ModelChoiceField(Cycle.objects.none(), label="Into", empty_label=None)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, objective: Objective, offered: Mapping[int, float | None]
    ) -> None:
        super().__init__(data)
        later = open_cycles().exclude(pk=objective.cycle_id).filter(ends_on__gt=objective.cycle.starts_on)
        cast("forms.ModelChoiceField[Cycle]", self.fields["cycle"]).queryset = later.order_by("starts_on")
        self.rows: list[tuple[KeyResult, str, str, bool]] = []
        for one in objective.key_results.all():
            take, start = f"take{one.pk}", f"baseline{one.pk}"
            has_way = one.kind not in {KeyResultKind.BAND, KeyResultKind.MILESTONE}
            self.fields[take] = forms.BooleanField(label=one.name, required=False, initial=one.pk in offered)
            if has_way:
                self.fields[start] = forms.FloatField(label="New baseline", required=False, initial=offered.get(one.pk))
                self.fields[start].widget.attrs |= {"step": "any", "inputmode": "decimal"}
            self.rows.append((one, take, start if has_way else "", one.pk in offered))

    @property
    def lines(self) -> list[tuple[KeyResult, forms.BoundField, forms.BoundField | None, bool]]:
        """Each key result with its fields, and whether something of it is left."""
        return [(one, self[take], self[start] if start else None, left) for one, take, start, left in self.rows]

    @property
    def baselines(self) -> dict[int, float | None]:
        """The chosen key results with their new baselines."""
        given = self.cleaned_data
        return {one.pk: given.get(start) if start else None for one, take, start, _ in self.rows if given[take]}


class VoteForm(Attempt, forms.Form):
    confidence = forms.TypedChoiceField(
        label="How confident are you that it will be reached?",
        choices=[(number, str(number)) for number in range(11)],
        coerce=int,
        widget=forms.RadioSelect,
        help_text="0 is no hope, 10 is certain. Nobody sees your vote before all are revealed.",
        error_messages={"required": "Choose from 0 (no hope) to 10 (certain)."},
    )
