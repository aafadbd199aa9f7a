"""The form of a repair: which of its moves are wanted."""

from django import forms

from planning.actions.repair import Move
from portfolio.forms.base import Attempt


class MovesField(forms.MultipleChoiceField):
    """Moves as "card:version:iteration", whatever is proposed by now: the verb looks at each again."""

    def valid_value(self, value: str) -> bool:
        parts = value.split(":")
        return len(parts) == 3 and all(part.isdecimal() and len(part) < 10 for part in parts)


class RepairForm(Attempt, forms.Form):
    """Which moves to make."""

    move = MovesField(error_messages={"required": "Choose a move.", "invalid_choice": "This is no move."})

    @property
    def moves(self) -> list[Move]:
        """The chosen moves; of a valid form."""
        chosen = (tuple(map(int, value.split(":"))) for value in self.cleaned_data["move"])
        return [Move(card, iteration, version) for card, version, iteration in chosen]
