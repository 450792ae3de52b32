from typing import Any

from django import forms

from orders.forms.fields.lines import LineField

WHOSE = [("mine", "Only me"), ("team", "The team")]


class SaveView(forms.Form):
    """`list`: the address of the list, which is kept with the name."""

    name = LineField(label="Name", max_length=60)
    whose = forms.ChoiceField(label="Who sees it", choices=WHOSE, widget=forms.RadioSelect, initial="mine")
    list = forms.CharField(required=False, max_length=4_000, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, may_share: bool, **options: Any) -> None:
        super().__init__(data, **options)
        if not may_share:
            del self.fields["whose"]

    @property
    def shared(self) -> bool:
        return self.cleaned_data.get("whose") == "team"
