"""What a template asks of a form."""

from typing import NamedTuple

from django import template
from django.forms import BaseForm

register = template.Library()


class ToCorrect(NamedTuple):
    anchor: str  # the id that a link to the field leads to
    label: str


@register.filter
def fields_with_errors(form: BaseForm) -> list[ToCorrect]:
    """The visible fields that have to be corrected, in their order on the page."""
    wrong = [field for field in form.visible_fields() if field.errors]
    return [ToCorrect(field.id_for_label or field.auto_id, str(field.label).replace("?", "")) for field in wrong]
