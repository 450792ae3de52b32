"""What a page says, the form token of its form, and where an order's pages are."""

import html
import re
from typing import Any

from django.test import Client

FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


def source(client: Client, path: str) -> str:
    """The page as it was sent."""
    found: str = client.get(path).content.decode()
    return found


def markup(answer: Any) -> str:
    """An answer with its tags, on one line."""
    return " ".join(answer.content.decode().split())


def main(page: str) -> str:
    """What stands beside the navigation, which names views of its own."""
    return page.partition("<main")[2]


def text(page: str) -> str:
    """What one reads of a page, without its tags, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def prose(page: str) -> str:
    """The same without the spaces that tags leave before a sign of punctuation."""
    return re.sub(r" (?=[.,:;])", "", text(page))


def form_token_in(page: str) -> str:
    """The form token of the page's form."""
    found = FORM_TOKEN.search(page)
    assert found, page
    return found[1]


def order_path(page: str, order: dict[str, Any], mode: str = "live") -> str:
    """A page of an order, e.g. "pay/"; the order itself by ""."""
    return f"/northwind/{mode}/orders/{order['id']}/{page}"
