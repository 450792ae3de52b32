from typing import Any

from django import forms


def plain_newlines(text: str) -> str:
    """Browsers send line breaks as CR LF, and count them as one character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class TextField(forms.CharField):
    """Several lines of text, with line breaks as everybody but a browser writes and counts them."""

    widget = forms.Textarea
    default_error_messages = {"max_length": "This has %(show_value)d characters; RevKeen keeps %(limit_value)d."}

    def to_python(self, value: Any) -> str:
        text = super().to_python(plain_newlines(value) if isinstance(value, str) else value)
        return text or ""
