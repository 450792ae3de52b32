"""A page's form with what was typed into it before, written into the HTML that the page was drawn as.

The page is got like any other, so whatever the form is, nothing can be sent by showing it. Hidden fields stay as they
are now, but for those that say what the person had seen (`SEEN`): without them a form would be sent over what
somebody else changed meanwhile, or under a new operation after it had been sent once.
"""

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.http import QueryDict

SEEN = {"form_token", "version", "page", "metadata_base"}
WITHOUT_VALUE = {"submit", "button", "image", "reset", "file", "password"}
Attributes = dict[str, str | None]
Left = list[tuple[str, str]]  # names and values


def refill(page: str, address: str, posted_to: str, typed: QueryDict, notice: Callable[[Left], str]) -> str:
    """`page`, got from the path `address`, with `typed` in its form that is sent to `posted_to`, and the notice on top.

    `notice` is called with the names and values that have no place in that form any more.
    """
    forms = _Forms(address)
    forms.feed(page)
    chosen = max(forms.found, key=lambda form: form.score(posted_to, typed), default=None)
    number = forms.found.index(chosen) if chosen and chosen.score(posted_to, typed) >= 0 else None
    names = forms.found[number].names if number is not None else set()
    left = [(name, value) for name, values in typed.lists() for value in values if value and name not in names]
    writer = _Writer(number, typed, notice(left))
    writer.feed(page)
    writer.close()
    return "".join(writer.written)


class _Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.names: set[str] = set()
        self.hidden: list[tuple[str, str]] = []

    def score(self, posted_to: str, typed: QueryDict) -> int:
        """How well it fits what was posted, below 0 for another one: two forms of a page may have one address."""
        if self.action != posted_to:
            return -1
        told = [(name, value) for name, value in self.hidden if name in typed and name not in SEEN]
        if any(value not in typed.getlist(name) for name, value in told):
            return -1
        return len(told) + len(self.names & set(typed))


class _Forms(HTMLParser):
    """The forms of a page that are posted."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[_Form] = []
        self.open: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.open = _Form(urlsplit(attributes.get("action") or self.address).path)
            self.found.append(self.open)
        name = attributes.get("name")
        if self.open is not None and name and tag in ("input", "select", "textarea", "button"):
            self.open.names.add(name)
            if tag == "input" and attributes.get("type") == "hidden":
                self.open.hidden.append((name, attributes.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


class _Writer(HTMLParser):
    """Writes the page as it reads it, and differently where something was typed."""

    def __init__(self, number: int | None, typed: QueryDict, notice: str) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.number, self.seen_forms, self.inside = number, 0, False
        self.typed = {name: list(values) for name, values in typed.lists()}
        self.notice = notice
        self.chosen: list[str] | None = None  # of the select that is open
        self.skipping = False  # the text of a textarea that is replaced

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes, text = dict(attrs), self.get_starttag_text() or ""
        if tag == "form":
            self.inside = self.seen_forms == self.number
            self.seen_forms += 1
        if self.inside:
            text = self._filled(tag, attributes, text)
        self._write(text)
        if tag == "div" and attributes.get("id") == "messages":
            self._write(self.notice)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.skipping = False
        if tag == "select":
            self.chosen = None
        if tag == "form":
            self.inside = False
        self._write(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._write(self.get_starttag_text() or "")

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._write(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")

    def _write(self, text: str) -> None:
        if not self.skipping:
            self.written.append(text)

    def _filled(self, tag: str, attributes: Attributes, text: str) -> str:
        name = attributes.get("name") or ""
        if tag == "input":
            return self._input(name, attributes, text)
        if tag == "textarea" and name in self.typed:
            self._write(f"{text}\n{escape(self._next(name))}")  # a browser leaves the first line break out
            self.skipping = True
            return ""
        if tag == "select" and name in self.typed:
            self.chosen = self.typed[name]
        if tag == "option" and self.chosen is not None and "value" in attributes:
            return _switched(tag, attributes, "selected", (attributes["value"] or "") in self.chosen)
        return text

    def _input(self, name: str, attributes: Attributes, text: str) -> str:
        kind = attributes.get("type") or "text"
        if kind in ("checkbox", "radio"):
            return _switched(
                "input", attributes, "checked", (attributes.get("value") or "on") in self.typed.get(name, [])
            )
        if name not in self.typed or kind in WITHOUT_VALUE or (kind == "hidden" and name not in SEEN):
            return text
        return _tag("input", attributes | {"value": self._next(name)})

    def _next(self, name: str) -> str:
        values = self.typed[name]
        return values.pop(0) if len(values) > 1 else values[0] if values else ""


def _switched(tag: str, attributes: Attributes, switch: str, on: bool) -> str:
    return _tag(
        tag, {name: value for name, value in attributes.items() if name != switch} | ({switch: None} if on else {})
    )


def _tag(name: str, attributes: Attributes) -> str:
    written = [key if value is None else f'{key}="{escape(value)}"' for key, value in attributes.items()]
    return f"<{' '.join([name, *written])}>"
