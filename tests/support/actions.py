"""Each kind of change as a person makes it: an order that allows it, its form, opened, filled and sent.

Needs no pytest and no Django: a `browser` is whatever has `get(path)` and `post(path, sent)` that give a `Page`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chaos.browser import Form, Page, form_with
from chaos.shop import Open, Place, Shop

Sent = list[tuple[str, str]]
Values = dict[str, str]

WORDS = "Ring twice at the green door."
NUMBER = "1Z999"  # how the tracking number of each begins


class Browser(Protocol):
    def get(self, path: str) -> Page: ...

    def post(self, path: str, sent: Sent) -> Page: ...


@dataclass(frozen=True)
class Action:
    """One kind of change. A subject is the id of an order, or of a draft where an order is created.

    `call` is the method of the change at RevKeen and the end of its path, `kept` what of the form must still be there
    after a refusal, `other` what is typed instead when the form is sent once more with something else in it.
    """

    letter: str  # in the matrix of docs/reliability.md
    name: str
    effect: str  # in the emulator's ledger
    page: str  # below the subject
    call: tuple[str, str]
    prepare: Callable[[Shop, Browser], str]
    fill: Callable[[Shop, Form], Values]
    kept: tuple[str, ...]
    other: Callable[[Shop, Form], Values]

    def path(self, place: Place, subject: str) -> str:
        return place.path(f"{'drafts' if self.name == 'create' else 'orders'}/{subject}/{self.page}/")

    def open(self, shop: Shop, browser: Browser, subject: str) -> Open | None:
        """The form as it is sent when everything is filled in; None where the page has no form that can be sent."""
        return self.filled(shop, browser.get(self.path(shop.place, subject)), subject)

    def filled(self, shop: Shop, page: Page, subject: str, *, otherwise: bool = False) -> Open | None:
        """The form of a page that was got; None where it has none that can be sent."""
        form = form_with(page.text, "form_token")
        if form is None:
            return None
        values = self.fill(shop, form) | (self.other(shop, form) if otherwise else {})
        return Open(self.path(shop.place, subject), form.filled(**values))

    def effects(self, ledger: list[dict[str, Any]], keys: set[str]) -> list[dict[str, Any]]:
        """What the ledger has of it under these idempotency keys."""
        return [row for row in ledger if row["effect"] == self.effect and row["idempotency_key"] in keys]

    def __str__(self) -> str:
        return self.name


def press(browser: Browser, form: Open) -> Page:
    return browser.post(form.path, form.sent)


def form_token_of(page: Page) -> str:
    """The form's token; "" where nothing can be sent."""
    form = form_with(page.text, "form_token")
    return dict(form.fields)["form_token"] if form else ""


def _order(shop: Shop, browser: Browser) -> str:
    return str(shop.order()["id"])


def _paid_order(shop: Shop, browser: Browser) -> str:
    return str(shop.paid_order()["id"])


def _draft(shop: Shop, browser: Browser) -> str:
    """A draft that was copied from an order: it has everything that creating it takes."""
    path = shop.place.path(f"orders/{_order(shop, browser)}/")
    page = form_with(browser.get(path).text, "csrfmiddlewaretoken")
    sent = [pair for pair in page.fields if pair[0] == "csrfmiddlewaretoken"] if page else []
    answer = browser.post(f"{path}copy/", sent)
    assert answer.location, answer
    return answer.location.partition("#")[0].rstrip("/").rpartition("/")[2]


def _pay(shop: Shop, form: Form) -> Values:
    """A part of what is due, so that RevKeen would take it twice."""
    card = shop.wallet["1111"]
    return {"amount": "20.00", "method": card, "charging": f"2000 {card}", "confirmed": "on"}


def _pay_more(shop: Shop, form: Form) -> Values:
    return {"amount": "21.00", "charging": f"2100 {shop.wallet['1111']}"}


def ups_number(line_id: str) -> str:
    """UPS’s by its check digit, and no other line’s: a number that another order has is asked about."""
    digits = f"{NUMBER[2:]}{uuid.UUID(line_id).int % 10**12:012}"
    summed = sum(map(int, digits[0::2])) + 2 * sum(map(int, digits[1::2]))
    return f"1Z{digits}{-summed % 10}"


def _fulfill(shop: Shop, form: Form) -> Values:
    """One of the lines that are left, with all its units. An empty `do` presses none of the other buttons."""
    line = next(value for name, value in form.fields if name == "p1-lines")
    units = dict(form.fields)[f"p1-units-{line}"]
    parcel = {"p1-lines": line, "p1-notify": "no", "p1-number-0": ups_number(line), "p1-address-0": ""}
    return {**parcel, "do": "", "fulfilling": f"1:{units}:1:1"}


def _refund(shop: Shop, form: Form) -> Values:
    """A part of what is left, so that RevKeen would give it back twice."""
    return {**_give_back(form, "7.35", 735), "reason": "other", "details": WORDS, "confirmed": "on"}


def _refund_more(shop: Shop, form: Form) -> Values:
    return _give_back(form, "7.40", 740)


def _give_back(form: Form, amount: str, minor: int) -> Values:
    name = next(name for name, _ in form.fields if name.startswith("amount_"))
    return {name: amount, "refunding": f"{name.removeprefix('amount_')}:{minor}"}


def _changed(**values: str) -> Callable[[Shop, Form], Values]:
    return lambda shop, form: values


ACTIONS = [
    Action(
        "C", "create", "order_created", "create", ("POST", "/orders$"),
        _draft, _changed(confirmed="on"), ("Ridgeline 2 tent",), _changed(),
    ),
    Action(
        "U", "update", "order_updated", "edit", ("PATCH", "/orders/[^/]+$"),
        _order, _changed(notes=WORDS, save="yes"), (WORDS,), _changed(notes="Do not ring."),
    ),
    Action(
        "P", "pay", "payment", "pay", ("POST", "/pay$"),
        _order, _pay, ("20.00",), _pay_more,
    ),
    Action(
        "N", "cancel", "cancel", "cancel", ("POST", "/cancel$"),
        _order, _changed(reason="customer", text=WORDS), (WORDS,), _changed(text="No reason."),
    ),
    Action(
        "F", "fulfill", "fulfillment", "fulfill", ("POST", "/fulfill$"),
        _paid_order, _fulfill, (NUMBER,), _changed(**{"p1-number-0": "OTHER"}),
    ),
    Action(
        "R", "refund", "refund", "refund", ("POST", "/refunds$"),
        _paid_order, _refund, ("7.35", WORDS), _refund_more,
    ),
]  # fmt: skip
BY_LETTER = {action.letter: action for action in ACTIONS}
