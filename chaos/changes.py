"""What the people of the trials do: each kind of change, and the plan that replaces an order."""

from dataclasses import dataclass

from chaos.browser import form_with
from chaos.shop import Place, Shop
from tests.support.actions import ACTIONS, Action, Browser, Values


@dataclass(frozen=True)
class Replacement(Action):
    """Create, mark, cancel, one after the other: a plan of three operations under one lock."""

    def path(self, place: Place, subject: str) -> str:
        return place.path(f"drafts/{subject}/create/")


def _revised(shop: Shop, browser: Browser) -> str:
    """The draft that is to replace an order; `shop.replaced` knows which."""
    order = str(shop.order()["id"])
    path = shop.place.path(f"orders/{order}/")
    page = form_with(browser.get(path).text, "csrfmiddlewaretoken")
    sent = [pair for pair in page.fields if pair[0] == "csrfmiddlewaretoken"] if page else []
    answer = browser.post(f"{path}revise/", sent)
    assert answer.location, answer
    draft = answer.location.partition("#")[0].rstrip("/").rpartition("/")[2]
    shop.replaced[draft] = order
    return draft


def _confirmed(shop: Shop, form: object) -> Values:
    return {"confirmed": "on"}


REPLACE = Replacement(
    "", "replace", "order_created", "create", ("POST", "/orders$"), _revised, _confirmed, (), _confirmed
)
CHANGES = [*ACTIONS, REPLACE]
ON_ORDERS = [change for change in ACTIONS if change.name != "create"]
