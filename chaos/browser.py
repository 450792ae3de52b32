"""A person at the dashboard over real HTTP: pages, forms as they stand in the page, and the buttons pressed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

PASSWORD = "northwind-demo"  # of everybody whom `manage.py seed_demo` makes

TRIES = 20
BROKEN = 599  # as a browser shows it when no answer came


@dataclass(frozen=True)
class Page:
    status: int
    text: str
    location: str = ""

    @property
    def shown(self) -> str:
        """The main part. What a page holds for another time, as when a session has ended, stands beside it."""
        return self.text.partition("<main")[2].partition("</main>")[0] or self.text

    @property
    def broken(self) -> bool:
        """What makes a person press the button again."""
        return self.status >= 500


@dataclass
class Form:
    """A form as it stands in a page: what would be sent if the first button were pressed now."""

    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    button: tuple[str, str] | None = None

    def filled(self, **values: str | list[str] | None) -> list[tuple[str, str]]:
        """What is sent when these are typed; None leaves a field out."""
        kept = [pair for pair in self.fields if pair[0] not in values]
        typed = [
            (name, text)
            for name, value in values.items()
            for text in (value if isinstance(value, list) else [value])
            if text is not None
        ]
        pressed = [self.button] if self.button and self.button[0] and self.button[0] not in values else []
        return [*kept, *typed, *pressed]


class Browser:
    """Signed in; may be used by several threads, as several tabs are."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(
            base_url=address, timeout=30, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def sign_in(self, email: str) -> "Browser":
        form = forms(self.get("/account/login/").text)[0]
        page = self.post("/account/login/", form.filled(login=email, password=PASSWORD))
        assert page.status == 302, page
        return self

    @property
    def cookies(self) -> str:
        """As a browser sends them."""
        return "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())

    def get(self, path: str) -> Page:
        return self._ask("GET", path, None)

    @property
    def patient(self) -> "Patient":
        return Patient(self)

    def post(self, path: str, sent: list[tuple[str, str]]) -> Page:
        body = httpx.QueryParams(sent).__str__().encode()
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> Page:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        try:
            answer = self._client.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            return Page(BROKEN, repr(error))
        return Page(answer.status_code, answer.text, answer.headers.get("Location", ""))


class Patient:
    """As a person does who reloads until there is a page. Not for what must not be sent twice."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def get(self, path: str) -> Page:
        return self._try(lambda: self._browser.get(path))

    def post(self, path: str, sent: list[tuple[str, str]]) -> Page:
        return self._try(lambda: self._browser.post(path, sent))

    def _try(self, ask: Callable[[], Page]) -> Page:
        page = ask()
        for _ in range(TRIES):
            if not page.broken:
                break
            time.sleep(0.05)
            page = ask()
        return page


def forms(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_with(page: str, field_name: str) -> Form | None:
    """The form in the page that has a field of this name."""
    return next((form for form in forms(page) if any(name == field_name for name, _ in form.fields)), None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._area: str | None = None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in given}
        if tag == "form":
            self._form = Form(has.get("action", ""))
            self.forms.append(self._form)
        if self._form is None or "disabled" in has:
            return
        if tag == "input":
            self._input(has)
        elif tag == "button" and self._form.button is None and has.get("type", "submit") == "submit":
            self._form.button = (has.get("name", ""), has.get("value", ""))
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and self._select:
            self._option(has)
        elif tag == "textarea":
            self._area = ""
            self._form.fields.append((has.get("name", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._form is not None and self._area is not None:
            name = self._form.fields.pop()[0]
            self._form.fields.append((name, self._area.removeprefix("\n")))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area += data

    def _input(self, has: dict[str, str]) -> None:
        assert self._form is not None
        kind = has.get("type", "text")
        if not has.get("name") or kind in ("submit", "button", "reset", "file"):
            return
        if kind in ("checkbox", "radio"):
            if "checked" in has:
                self._form.fields.append((has["name"], has.get("value", "on")))
            return
        self._form.fields.append((has["name"], has.get("value", "")))

    def _option(self, has: dict[str, str]) -> None:
        """A select sends its first option unless another is chosen."""
        assert self._form is not None
        names = [name for name, _ in self._form.fields]
        if "selected" in has or self._select not in names:
            self._form.fields = [pair for pair in self._form.fields if pair[0] != self._select]
            self._form.fields.append((self._select, has.get("value", "")))
