"""Forms of the WSJF pages: a rank by hand, a new scoring session, a score."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from accounts.models import User
from portfolio.forms.base import Attempt
from portfolio.formulas.wsjf import PARTS
from portfolio.models import SCORES, Initiative, Stage, ValueStream
from portfolio.rules import can


class RankForm(Attempt, forms.Form):
    """A place given by hand with its reason; no place: it goes where its WSJF puts it."""

    manual_rank = forms.IntegerField(
        label="Rank",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="1 is first. Leave it empty for the rank by WSJF.",
    )
    manual_rank_reason = forms.CharField(
        label="Reason", required=False, max_length=300, help_text="Shown beside the rank, as the computed one is."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class SessionForm(Attempt, forms.Form):
    """What is scored together: initiatives of one value stream or of all that `user` steers."""

    name = forms.CharField(max_length=120, help_text="So that people find it, e.g. “Backlog of the next quarter”.")
    stream = forms.ModelChoiceField(ValueStream.objects.none(), label="Value stream", to_field_name="slug")
    initiatives = forms.ModelMultipleChoiceField(
        Initiative.objects.none(), widget=forms.CheckboxSelectMultiple, help_text="Compared with each other."
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: User, stream: ValueStream | None, **kwargs: Any
    ) -> None:
        super().__init__(data, initial={"stream": stream.slug if stream else ""}, **kwargs)
        own = [one.pk for one in ValueStream.objects.for_user(user) if can(user, "manage_portfolio", one)]
        streams = cast("forms.ModelChoiceField[ValueStream]", self.fields["stream"])
        streams.queryset = ValueStream.objects.filter(pk__in=own)
        streams.required = not can(user, "manage_portfolio")
        streams.empty_label = "Several" if not streams.required else "Choose a value stream"
        found = Initiative.objects.for_user(user).filter(stream__in=[stream.pk] if stream else own)
        choice = cast("forms.ModelMultipleChoiceField[Initiative]", self.fields["initiatives"])
        choice.queryset = found.exclude(stage__in=[Stage.IMPLEMENTING, Stage.DONE]).select_related("stream")
        choice.label_from_instance = lambda obj: (  # type: ignore[method-assign]
            obj.name if stream else f"{obj.name} ({obj.stream.name})"
        )


class ScoreForm(Attempt, forms.Form):
    """A score of one initiative; `version` is that of the agreed score that was seen (0: none)."""

    initiative = forms.IntegerField()
    part = forms.ChoiceField(choices=list(PARTS.items()))
    score = forms.TypedChoiceField(choices=[(score, str(score)) for score in SCORES], coerce=int)
    version = forms.IntegerField(required=False, min_value=0)
