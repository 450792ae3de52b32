"""What the menu *Export* of a list asks for, and the page that has it made again and again."""

from django import forms
from django.http import QueryDict

from orders.forms.exports.lists import LISTS, LONGEST, without_page
from orders.models import ExportFormat, ExportSchedule


class ExportForm(forms.Form):
    """`query` is that of the list's address; how a file shall be is kept for the person, for the next one."""

    list = forms.ChoiceField(choices=[(name, name) for name in LISTS], widget=forms.HiddenInput)
    query = forms.CharField(required=False, max_length=LONGEST, widget=forms.HiddenInput)
    file_format = forms.ChoiceField(label="Format", choices=ExportFormat.choices)
    mark = forms.BooleanField(
        label="With a byte order mark",
        required=False,
        help_text="Excel needs it to read “Zoë” in CSV. Some other programs do not take it.",
    )
    lines = forms.BooleanField(label="A row for each line item", required=False)

    @property
    def asked(self) -> QueryDict:
        """The list from its beginning."""
        return without_page(QueryDict(self.cleaned_data["query"]))


class ScheduleForm(ExportForm):
    every = forms.ChoiceField(label="How often", choices=ExportSchedule.Every.choices)
    field_order = ("list", "query", "every", "file_format", "mark", "lines")


class AccountingScheduleForm(forms.Form):
    every = forms.ChoiceField(
        label="The next file is made",
        required=False,
        choices=[("", "Only when somebody presses the button"), *ExportSchedule.Every.choices],
    )
