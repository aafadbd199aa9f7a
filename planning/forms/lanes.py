"""The form of a row that is no team's."""

from django import forms

from planning.forms.versions import Seen, VersionField
from planning.models import Lane, LaneKind

KINDS = [
    (LaneKind.EXTERNAL.value, "Somebody outside the train who provides something"),
    (LaneKind.MILESTONES.value, "Milestones"),
]


class LaneForm(Seen, forms.Form):
    """A new row, or another name for one."""

    name = forms.CharField(label="Name", max_length=120, help_text="For instance a supplier or another department.")
    kind = forms.ChoiceField(label="What stands in it", choices=KINDS, widget=forms.RadioSelect, initial="external")
    version = VersionField()

    def __init__(self, data: object = None, *, lane: Lane | None = None) -> None:
        start = {"name": lane.name, "version": lane.version} if lane else {}
        super().__init__(data, initial=start, auto_id="row-%s")  # type: ignore[arg-type]
        self.lane = lane
        del self.fields["kind" if lane else "version"]

    def renewed(self, lane: Lane) -> "LaneForm":
        """The same name again, on what is there now."""
        return LaneForm({"name": self.data.get("name", ""), "version": lane.version}, lane=lane)
