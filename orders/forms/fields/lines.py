from typing import Any

from django import forms


class LineField(forms.CharField):
    """One line of text: line breaks and runs of spaces become one space, so that it fits a subject or a heading."""

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())
